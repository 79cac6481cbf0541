"""Bounds on what a file may make us allocate, and number types that files can hold."""

from __future__ import annotations

import math
from io import BufferedReader
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from napari_hounsfield.errors import FormatError
from napari_hounsfield.results import Features
from napari_hounsfield.volume import LabelMap, Volume

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import DTypeLike, NDArray

MAX_DEFLATE = 1032
"""No deflate stream grows by more than this when it is inflated (zlib's technical details)."""
SLACK = 1 << 16


def checked_size(name: str, shape: Sequence[int], dtype: DTypeLike, available: int, compressed: bool = False) -> int:
    """Bytes that `shape` of `dtype` takes, if a file of `available` bytes can hold them at all.

    Raises
    ------
    FormatError
        If the shape is empty or negative, or needs more than the file has (compressed: than it can inflate to).
    """
    if not shape or min(shape) < 1:
        raise FormatError(f"{name}: its header gives an empty image")
    needed = math.prod(int(n) for n in shape) * np.dtype(dtype).itemsize
    if needed > (available * MAX_DEFLATE + SLACK if compressed else available):
        raise FormatError(f"{name}: truncated, or its header is wrong: it declares {needed} bytes of voxels, more than there are")
    return needed


def read_exactly(name: str, stream: BinaryIO, shape: Sequence[int], dtype: DTypeLike) -> NDArray[Any]:
    """Array of `shape` in C order from the next bytes of `stream`; memory is used only as bytes arrive.

    Raises
    ------
    FormatError
        If the stream ends early or is damaged.
    """
    try:
        flat = np.empty(math.prod(shape), np.dtype(dtype))
        view = memoryview(flat.view(np.uint8))  # type: ignore[arg-type]
        done = 0
        while done < len(view):
            count = stream.readinto(view[done : done + (1 << 22)])  # type: ignore[attr-defined]
            if not count:
                raise FormatError(f"{name}: truncated: {done} of {len(view)} bytes of voxels")
            done += count
        read_to_end(stream)
    except FormatError:
        raise
    except MemoryError:
        raise FormatError(f"{name}: too large for the memory of this computer") from None
    except Exception:  # zlib, bz2 and gzip each have errors of their own
        raise FormatError(f"{name}: damaged: its compressed voxels cannot be read") from None
    return native(flat.reshape(shape))


def read_to_end(stream: Any) -> None:
    """Read what follows the voxels of a compressed stream: at its end it compares length and checksum, and raises.

    A damaged stream often inflates to more than there was, so that reading one byte more would not reach the end. Plain files
    have no checksum and are left alone.
    """
    while not isinstance(stream, BufferedReader) and stream.read(1 << 22):
        pass


def native(array: NDArray[Any]) -> NDArray[Any]:
    """The same numbers in this computer's byte order."""
    return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))


def storable(data: Volume | LabelMap | Features) -> NDArray[Any]:
    """Voxels of `data` in a type that every format knows: labels in the smallest, half floats as float32."""
    array = native(np.asarray(data.array))
    if isinstance(data, LabelMap) and array.dtype.itemsize > 2 and array.size:
        low, high = int(array.min()), int(array.max())
        for kind in (np.uint8, np.int16, np.uint16, np.int32, np.uint32):
            if np.iinfo(kind).min <= low and high <= np.iinfo(kind).max:
                return array.astype(kind)
    if array.dtype.kind == "f" and array.dtype.itemsize not in (4, 8):
        return array.astype(np.float32 if array.dtype.itemsize < 4 else np.float64)
    return array
