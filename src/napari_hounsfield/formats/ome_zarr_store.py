"""Zarr arrays as they may be opened: nothing outside their folder, no code, no bombs.

zarr itself would follow any path, run numcodecs' pickle filter, and allocate whatever a header asks for.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_hounsfield.errors import FormatError
from napari_hounsfield.lazy import LazyArray

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

MAX_METADATA = 1 << 24
MAX_CHUNK = 1 << 30
"""Bytes of the voxels of one chunk, which is decoded at once."""
_TYPES = {"bool", *(f"{kind}int{bits}" for kind in ("", "u") for bits in (8, 16, 32, 64)), "float16", "float32", "float64"}
_CODECS = {"bytes", "transpose", "gzip", "zstd", "blosc", "crc32c", "sharding_indexed", "numcodecs.zlib", "numcodecs.shuffle"}
_COMPRESSORS = {"blosc", "zlib", "gzip", "zstd", "lz4", "bz2", "lzma"}
_FILTERS = {"shuffle", "delta"}


def is_zarr(folder: Path) -> bool:
    """Whether a folder is a Zarr group or array."""
    return any((folder / name).is_file() for name in ("zarr.json", ".zgroup", ".zattrs", ".zarray"))


def read_json(file: Path, name: str) -> dict[str, Any]:
    """Metadata of a group or array.

    Raises
    ------
    FormatError
        If they are missing, too large, or no JSON object.
    """
    try:
        if file.stat().st_size > MAX_METADATA:
            raise FormatError(f"{name}: its metadata are larger than {MAX_METADATA >> 20} MB")
        found = json.loads(file.read_text(encoding="utf-8"))
    except OSError:
        raise FormatError(f"{name}: its metadata are missing or cannot be read") from None
    except FormatError:
        raise
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise FormatError(f"{name}: its metadata are damaged")
    return found


def group_attributes(folder: Path, name: str) -> dict[str, Any]:
    """The OME attributes of a group, those of 0.4 and 0.5 alike, with our own beside them.

    Raises
    ------
    FormatError
        As `read_json`.
    """
    if not (folder / "zarr.json").is_file():
        return read_json(folder / ".zattrs", name) if (folder / ".zattrs").is_file() else {}
    whole = read_json(folder / "zarr.json", name).get("attributes")
    whole = whole if isinstance(whole, dict) else {}
    ome = whole.get("ome")
    return {**whole, **ome} if isinstance(ome, dict) else whole


def inside(root: Path, folder: Path, entry: str, name: str) -> Path:
    """The folder that metadata in `folder` call `entry`.

    Raises
    ------
    FormatError
        If it is outside `root`, or not there.
    """
    try:
        target = (folder / entry).resolve()
        if not entry or not target.is_relative_to(root.resolve()):
            raise FormatError(f"{name}: an array is said to lie outside its folder")
        if not target.is_dir():
            raise FormatError(f"{name}: an array that its metadata name is missing")
    except FormatError:
        raise
    except (ValueError, OSError, RuntimeError):
        raise FormatError(f"{name}: an array has an impossible path") from None
    return target


def open_array(folder: Path, name: str, dimensions: int) -> LazyArray:
    """Array of so many dimensions, of which nothing is read yet.

    Raises
    ------
    FormatError
        If it is missing, of another number of dimensions, of no numbers, in chunks that are too large, or packed in a way that
        is not known.
    """
    try:
        if (folder / "zarr.json").is_file():
            _check_v3(read_json(folder / "zarr.json", name), name)
        else:
            _check_v2(read_json(folder / ".zarray", name), name)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise error if isinstance(error, FormatError) else FormatError(f"{name}: the metadata of an array are damaged") from None
    import zarr

    opened = _guarded(name, lambda: zarr.open_array(folder, mode="r"))
    shape, dtype = tuple(opened.shape), np.dtype(opened.dtype)
    if len(shape) != dimensions or not shape or min(shape) < 1:
        raise FormatError(f"{name}: an array of shape {list(shape)[:8]} does not fit its axes")
    read = opened.get_basic_selection
    depth = opened.chunks[-3] if dimensions > 2 else 1
    return LazyArray(lambda index: _guarded(name, lambda: _native(read(index))), shape, dtype.newbyteorder("="), depth)


def _native(part: Any) -> NDArray[Any]:
    array = np.asarray(part)
    return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))


def _guarded(name: str, work: Callable[[], Any]) -> Any:
    try:
        return work()
    except MemoryError:
        raise FormatError(f"{name}: too large for the memory of this computer") from None
    except Exception:  # zarr, its codecs and JSON raise many kinds, some with whole paths in their text
        raise FormatError(f"{name}: damaged or truncated") from None


def _check_v3(meta: dict[str, Any], name: str) -> None:
    if meta.get("node_type") != "array" or meta.get("zarr_format") != 3:
        raise FormatError(f"{name}: an array that its metadata name is none")
    kind = meta["data_type"]
    if kind not in _TYPES:
        raise FormatError(f"{name}: voxels of type {str(kind)[:20]!r}")
    grid = meta["chunk_grid"]
    if grid["name"] != "regular":
        raise FormatError(f"{name}: chunks of different sizes are not supported")
    _check_chunk(grid["configuration"]["chunk_shape"], 1 if kind == "bool" else np.dtype(kind).itemsize, name)
    _check_codecs(meta["codecs"], name)
    if meta.get("storage_transformers"):
        raise FormatError(f"{name}: storage transformers are not supported")


def _check_codecs(codecs: list[dict[str, Any]], name: str, depth: int = 0) -> None:
    for codec in codecs:
        if codec["name"] not in _CODECS or depth > 1:
            raise FormatError(f"{name}: packed by {str(codec['name'])[:20]!r}, which is not supported")
        if codec["name"] == "sharding_indexed":
            for part in ("codecs", "index_codecs"):
                _check_codecs(codec["configuration"].get(part) or [], name, depth + 1)


def _check_v2(meta: dict[str, Any], name: str) -> None:
    if meta.get("zarr_format") != 2:
        raise FormatError(f"{name}: an array that its metadata name is none")
    dtype = np.dtype(meta["dtype"]) if isinstance(meta["dtype"], str) else None
    if dtype is None or dtype.kind not in "iufb":  # objects would be unpickled
        raise FormatError(f"{name}: voxels of type {str(meta['dtype'])[:20]!r}")
    _check_chunk(meta["chunks"], dtype.itemsize, name)
    packed = [(meta.get("compressor"), _COMPRESSORS), *((each, _FILTERS) for each in meta.get("filters") or [])]
    for codec, known in packed:
        if codec is not None and codec["id"] not in known:
            raise FormatError(f"{name}: packed by {str(codec['id'])[:20]!r}, which is not supported")


def _check_chunk(chunk: list[int], itemsize: int, name: str) -> None:
    if not chunk or min(int(n) for n in chunk) < 1 or math.prod(int(n) for n in chunk) * itemsize > MAX_CHUNK:
        raise FormatError(f"{name}: its chunks are empty, or larger than {MAX_CHUNK >> 30} GB")
