"""Stored values to the values of the volume, and which voxels the scanner measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_hounsfield.errors import DicomError

from .syntaxes import RLE, UNCOMPRESSED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from .header import Header

OUTSIDE_HU = -1500
"""CT scanners write -2000, -2048 or -3024 HU outside the scanned field; nothing measured fills a corner below this."""
EXACT = 2**53
FLOAT32_MAX = float(np.finfo(np.float32).max)
WHOLE = (np.dtype(np.int16), np.dtype(np.int32), np.dtype(np.int64))
PIXELS_A_PIECE = 2**14
"""Converted at once by way of float64, so that the detour stays in the cache."""


@dataclass(frozen=True)
class Scaling:
    """How the stored values of all planes of a volume become its values."""

    whole: bool
    """Whether every value stays a whole number."""
    factor: float
    """What rescaled values are multiplied by."""
    dtype: np.dtype[Any]
    """Type to begin with; the smallest whole type is widened where a plane needs it."""
    certain: bool
    """Whether the headers alone say that `dtype` holds every value."""


def scaling(planes: Sequence[Header], factor: float = 1.0) -> Scaling:
    """Decide before reading how the planes of a volume are rescaled, and to which type."""
    numbers = {plane.pixels.numbers for plane in planes if plane.pixels is not None}
    if not numbers <= {"integer"}:
        return Scaling(False, factor, np.dtype(np.float64 if "double" in numbers else np.float32), True)
    if factor != 1 or not all(_integral(plane) for plane in planes):
        return Scaling(False, factor, np.dtype(np.float32), True)
    ranges = [_bounds(plane) for plane in planes]
    certain = all(_fits(low, high, WHOLE[0]) for low, high in ranges)
    masked = all(plane.transfer_syntax in (*UNCOMPRESSED, RLE) or plane.lut is not None for plane in planes)
    return Scaling(True, 1.0, WHOLE[0], certain and masked)


def _line(plane: Header) -> tuple[float, float]:
    """Slope and intercept; a Modality LUT leaves nothing to rescale (PS3.3 C.11.1)."""
    if plane.slope is None or plane.intercept is None or plane.lut is not None:
        return 1.0, 0.0
    return float(plane.slope), float(plane.intercept)


def _integral(plane: Header) -> bool:
    return all(value.is_integer() and abs(value) < 2**31 for value in _line(plane))


def _bounds(plane: Header) -> tuple[int, int]:
    """Lowest and highest value that whole numbers of a plane may have by its header."""
    if plane.lut is not None:
        return int(plane.lut.entries.min()), int(plane.lut.entries.max())
    half = 2 ** (max(plane.bits_stored, 1) - 1)
    low, high = (-half, half - 1) if plane.signed else (0, 2 * half - 1)
    return _rescaled_ends(low, high, plane)


def _rescaled_ends(low: int, high: int, plane: Header) -> tuple[int, int]:
    slope, intercept = (int(value) for value in _line(plane))
    first, last = sorted((low * slope + intercept, high * slope + intercept))
    return first, last


def _fits(low: int, high: int, dtype: np.dtype[Any]) -> bool:
    info = np.iinfo(dtype)
    return bool(info.min <= low and high <= info.max)


def rescaled(stored: NDArray[Any], plane: Header, how: Scaling, out: NDArray[Any] | None = None) -> NDArray[Any]:
    """Values of one plane: int16, int32 or int64 as needed where all are whole, otherwise float32 or float64.

    Parameters
    ----------
    stored
        (rows, columns); may share its memory with `out`, and is gone then.
    out
        Array for the values. Where its type does not hold them, a new array is returned.

    Raises
    ------
    DicomError
        If they overflow; the message is the bare reason.
    """
    if plane.lut is not None:
        last = len(plane.lut.entries) - 1
        stored = plane.lut.entries[np.clip(stored.astype(np.int64) - plane.lut.first, 0, last)]
    if not how.whole:
        return _real(stored, plane, how, out)
    if not (how.certain and out is not None):
        low, high = _rescaled_ends(int(stored.min()), int(stored.max()), plane)
        if low < -EXACT or high > EXACT:
            raise DicomError("rescaled values overflow")
        if out is None or not _fits(low, high, out.dtype):
            out = np.empty(stored.shape, next(dtype for dtype in WHOLE if _fits(low, high, dtype)))
    if stored.dtype.itemsize == out.dtype.itemsize:
        stored = stored.view(out.dtype)
    # where the results fit, wrapping on the way is exact
    slope, intercept = (np.array(int(value), np.int64).astype(out.dtype) for value in _line(plane))
    if slope != 1:
        stored = np.multiply(stored, slope, out=out, dtype=out.dtype, casting="unsafe")
    if intercept or stored is not out:
        np.add(stored, intercept, out=out, dtype=out.dtype, casting="unsafe")
    return out


def _real(stored: NDArray[Any], plane: Header, how: Scaling, out: NDArray[Any] | None) -> NDArray[Any]:
    """Values that are not whole, by way of float64, rounded once."""
    out = np.empty(stored.shape, how.dtype) if out is None else out
    slope, intercept = _line(plane)
    step = max(PIXELS_A_PIECE // max(stored.shape[1], 1), 1)
    for start in range(0, len(stored), step):
        rows = slice(start, start + step)
        with np.errstate(over="ignore", invalid="ignore"):
            values = np.multiply(stored[rows], slope, dtype=np.float64)
            values += intercept
            if how.factor != 1:
                values *= how.factor
            out[rows] = values
    largest = (2.0**plane.bits_allocated * abs(slope) + abs(intercept)) * max(abs(how.factor), 1.0)
    if stored.dtype.kind != "f" and largest > FLOAT32_MAX and not np.isfinite(out).all():
        raise DicomError("rescaled values overflow")
    return out


def padded(stored: NDArray[Any], plane: Header) -> NDArray[np.bool_] | None:
    """Bool (rows, columns), True where Pixel Padding Value (0028,0120) and Range Limit say so; None where none is."""
    if plane.padding is None:
        return None
    first, last = plane.padding
    mask: NDArray[np.bool_] = stored == first if first == last else (stored >= first) & (stored <= last)
    return mask if mask.any() else None


def outside(values: NDArray[Any], mask: NDArray[np.bool_] | None = None) -> NDArray[np.bool_] | None:
    """`mask`, and True also where CT values in HU are the constant below -1500 that fills a corner."""
    corners = values[:: max(values.shape[0] - 1, 1), :: max(values.shape[1] - 1, 1)].ravel().tolist()
    for corner in set(corners):
        if corner <= OUTSIDE_HU:
            mask = values == corner if mask is None else mask | (values == corner)
    return mask
