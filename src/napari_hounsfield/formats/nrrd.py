"""NRRD (`.nrrd`, `.nhdr`): any number type, raw, gzip, bzip2, ascii or hex, attached or detached.

Format: http://teem.sourceforge.net/nrrd/format.html. Sizes are listed fastest axis first.
"""

from __future__ import annotations

import bz2
from io import BytesIO
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import numpy as np

from napari_hounsfield.errors import FormatError, HounsfieldError, WriteError
from napari_hounsfield.results import Features
from napari_hounsfield.volume import LabelMap, Volume

from .detached import detached
from .gzip_stream import gzip_reader, gzip_writer
from .notes import KEY, Notes, with_padding
from .nrrd_header import NAME_OF_TYPE, TYPE_OF_NAME, NrrdHeader, read_header, vector_text, vectors
from .orientation import MILLIMETRES, from_file, to_file
from .sizes import MAX_DEFLATE, checked_size, read_exactly, storable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_hounsfield.grid import Affine

_TEXT = ("ascii", "text", "txt", "hex")
_PACKED = ("gzip", "gz", "bzip2", "bz2")


def read_nrrd(path: Path) -> tuple[Volume, Notes, NrrdHeader]:
    """Read one image with its geometry, and the keys of its header.

    An axis that is no direction of space (time, list of maps) becomes `t`; one of three or four 8-bit colours `c`.

    Raises
    ------
    FormatError
        If the file is damaged, truncated, of another frame than LPS, RAS, LAS and the like, or of no image.
    """
    name = path.name
    with open(path, "rb") as stream:
        header = read_header(name, stream)
        array = _voxels(path, header, stream)
    try:
        volume, notes = _placed(name, header, array)
    except FormatError:
        raise
    except HounsfieldError as error:
        raise FormatError(f"{name}: {error}") from None
    return volume, notes, header


def _voxels(path: Path, header: NrrdHeader, stream: BinaryIO) -> NDArray[Any]:
    """Array in C order, slowest axis first."""
    name, fields = path.name, header.fields
    code = TYPE_OF_NAME.get(fields.get("type", "").lower())
    if code is None:
        raise FormatError(f"{name}: voxels of type {fields.get('type', 'missing')[:20]!r}")
    order = ">" if fields.get("endian", "little").lower() == "big" else "<"
    shape = [_whole(name, size) for size in reversed(fields.get("sizes", "").split())]
    if len(shape) != _whole(name, fields.get("dimension", "")):
        raise FormatError(f"{name}: its dimension and sizes do not fit")
    encoding = fields.get("encoding", "").lower()
    if "data file" in fields or "datafile" in fields:
        with open(detached(path, fields.get("data file", fields.get("datafile", ""))), "rb") as data:
            return _decoded(name, fields, data, shape, np.dtype(order + code), encoding)
    return _decoded(name, fields, stream, shape, np.dtype(order + code), encoding)


def _decoded(
    name: str, fields: Mapping[str, str], stream: BinaryIO, shape: list[int], dtype: np.dtype[Any], encoding: str
) -> NDArray[Any]:
    for _ in range(_whole(name, fields.get("line skip", fields.get("lineskip", "0")), least=0)):
        if not stream.readline():
            raise FormatError(f"{name}: truncated, or its header is wrong: it has fewer lines than are to be skipped")
    start = stream.tell()
    available = stream.seek(0, 2) - start
    stream.seek(start)
    skip = _whole(name, fields.get("byte skip", fields.get("byteskip", "0")), least=-1)
    if encoding in _TEXT:
        checked_size(name, shape, "u1", available)
        stream, dtype = BytesIO(_from_text(name, stream.read(), dtype, encoding)), dtype.newbyteorder("=")
    elif encoding in _PACKED[:2]:
        checked_size(name, shape, dtype, available, compressed=True)
        stream = cast("BinaryIO", gzip_reader(stream))
    elif encoding in _PACKED[2:]:  # has no bound on its ratio: memory is used only as bytes arrive
        checked_size(name, shape, dtype, 1 << 40)
        stream = cast("BinaryIO", bz2.BZ2File(stream))
    elif encoding == "raw":
        needed = checked_size(name, shape, dtype, available)
        skip = available - needed if skip == -1 else skip  # the voxels are the end of the file
    else:
        raise FormatError(f"{name}: encoding {encoding[:20]!r} is none of raw, gzip, bzip2, ascii, hex")
    if not 0 <= skip <= available * (MAX_DEFLATE if encoding in _PACKED else 1):
        raise FormatError(f"{name}: truncated, or its header is wrong: it skips {skip} bytes")
    try:
        stream.seek(skip, 1)
    except Exception:  # gzip, zlib, bz2 and isal each have errors of their own
        raise FormatError(f"{name}: damaged: its voxels cannot be read") from None
    return read_exactly(name, stream, shape, dtype)


def _from_text(name: str, text: bytes, dtype: np.dtype[Any], encoding: str) -> bytes:
    try:
        if encoding == "hex":
            return np.frombuffer(bytes.fromhex(text.decode("ascii")), dtype).astype(dtype.newbyteorder("=")).tobytes()
        return np.array(text.split(), dtype=dtype.newbyteorder("=")).tobytes()
    except (ValueError, OverflowError):
        raise FormatError(f"{name}: damaged: its voxels are not numbers") from None


def _whole(name: str, text: str, least: int | None = None) -> int:
    try:
        number = int(text)
    except ValueError:
        raise FormatError(f"{name}: its header has {text[:20]!r} where a whole number belongs") from None
    if least is not None and number < least:
        raise FormatError(f"{name}: its header has {text[:20]!r} where {least} is the least")
    return number


def _placed(name: str, header: NrrdHeader, array: NDArray[Any]) -> tuple[Volume, Notes]:
    fields = header.fields
    notes = Notes.from_text(header.keys.get(KEY, ""))
    kinds = fields.get("kinds", "").lower().split()
    steps = vectors(name, fields.get("space directions", ""))
    if not steps:
        spatial, affine, warnings = _without_space(name, fields, array.ndim)
    else:
        steps = [np.append(v, 0.0) if v is not None and len(v) == 2 else v for v in steps]  # a picture in a plane
        if len(steps) != array.ndim or any(v is not None and len(v) != 3 for v in steps):
            raise FormatError(f"{name}: its space directions do not fit its sizes")
        spatial = [i for i, v in enumerate(steps) if v is not None and np.isfinite(v).all()]
        affine, warnings = _affine(name, fields, [steps[i] for i in spatial])
    if len(spatial) not in (2, 3) or array.ndim - len(spatial) > 1:
        raise FormatError(f"{name}: image of {array.ndim} axes, {len(spatial)} of them in space")
    axes = "zyx"
    others = [i for i in range(array.ndim) if i not in spatial]
    if others:
        kind = kinds[others[0]] if len(kinds) == array.ndim else ""
        colour = array.dtype == np.uint8 and kind in ("rgb-color", "rgba-color") and array.shape[::-1][others[0]] in (3, 4)
        axes = "zyxc" if colour else "tzyx"
        array = np.moveaxis(array, array.ndim - 1 - others[0], -1 if colour else 0)
    if len(spatial) == 2:
        array = np.expand_dims(array, axes.index("z"))
    volume = Volume(array, affine, unit=notes.unit, modality=notes.modality, axes=axes, name=name, warnings=warnings)
    return with_padding(volume, notes), notes


def _affine(name: str, fields: Mapping[str, str], steps: list[Any]) -> tuple[Affine, tuple[str, ...]]:
    warnings = []
    space = fields.get("space", "").lower()
    if "left" in space or ("right" in space and "handed" not in space) or space in ("lps", "ras", "las"):
        frame = space
    else:
        frame = "lps"
        warnings.append("the frame of its positions is not anatomical: taken as left, posterior, superior")
    matrix = np.eye(4)
    columns = [*steps, np.cross(steps[0], steps[1])] if len(steps) == 2 else steps
    if len(columns) != 3:
        raise FormatError(f"{name}: {len(columns)} directions in space, expected 3")
    matrix[:3, :3] = np.column_stack(columns)
    origin = vectors(name, fields.get("space origin", ""))
    if origin and origin[0] is not None and len(origin[0]) in (2, 3):
        matrix[: len(origin[0]), 3] = origin[0]
    else:
        warnings.append("no position in the header: the first voxel is taken as the origin")
    unit = fields.get("space units", '"mm"').replace('"', " ").split()
    return from_file(matrix, frame, MILLIMETRES.get(unit[0] if unit else "mm", 1.0)), tuple(warnings)


def _without_space(name: str, fields: Mapping[str, str], dimensions: int) -> tuple[list[int], Affine, tuple[str, ...]]:
    try:
        spacings = [float(s) for s in fields.get("spacings", "").split()]
    except ValueError:
        raise FormatError(f"{name}: its spacings are not numbers") from None
    spacings = [s if np.isfinite(s) and s else 1.0 for s in spacings] + [1.0] * (3 - len(spacings))
    affine = from_file(np.diag([*np.abs(spacings[:3]), 1.0]), "lps")
    return list(range(min(dimensions, 3))), affine, ("no position and orientation in the header: axes are taken as they come",)


def image_header(data: Volume | LabelMap | Features, array: NDArray[Any]) -> NrrdHeader:
    """Fields for `array`, which has the axes of `data` and is written in C order."""
    affine = to_file(data.affine, "LPS")
    steps = [vector_text(affine[:3, i]) for i in range(3)]
    kinds = ["domain"] * 3
    if isinstance(data, Volume) and data.axes == "zyxc":
        kinds, steps = ["RGB-color" if array.shape[-1] == 3 else "RGBA-color", *kinds], ["none", *steps]
    elif array.ndim == 4:
        kinds, steps = [*kinds, "list"], [*steps, "none"]
    code = array.dtype.str[1:]
    header = NrrdHeader()
    header.fields = {
        "type": NAME_OF_TYPE[code],
        "dimension": str(array.ndim),
        "space": "left-posterior-superior",
        "sizes": " ".join(str(n) for n in array.shape[::-1]),
        "space directions": " ".join(steps),
        "kinds": " ".join(kinds),
        **({"endian": "little"} if array.dtype.itemsize > 1 else {}),
        "encoding": "gzip",
        "space origin": vector_text(affine[:3, 3]),
    }
    return header


def write_voxels(path: Path, header: NrrdHeader, array: NDArray[Any]) -> None:
    """Write header and gzip-compressed voxels into one file."""
    array = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
    with open(path, "wb") as stream:
        stream.write(header.to_bytes())
        with gzip_writer(stream) as packed:
            for plane in array:
                packed.write(plane.data if plane.ndim else plane.tobytes())


def write_nrrd(path: Path, data: Volume | LabelMap | Features) -> None:
    """Write NRRD in LPS; time points and feature maps are the slowest axis.

    Nothing about the patient or the study is written; names of classes and maps, unit and modality are in one key.

    Raises
    ------
    WriteError
        If the data are colour over time.
    """
    array = storable(data)
    if array.ndim > 4 or (isinstance(data, Volume) and data.axes == "zyxc" and array.shape[-1] not in (3, 4)):
        raise WriteError("NRRD is written with one axis beside space: time, maps, or three or four colours")
    header = image_header(data, array)
    text = Notes.of(data).to_text()
    if text:
        header.keys[KEY] = text
    write_voxels(path, header, array)
