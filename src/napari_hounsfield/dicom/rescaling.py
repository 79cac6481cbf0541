"""Stored values to the values of the volume, plane by plane into one array, and which voxels the scanner measured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_hounsfield.errors import DicomError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .header import Header

OUTSIDE_HU = -1500
"""CT scanners write -2000, -2048 or -3024 HU outside the scanned field; nothing measured fills a corner below this."""
INT16 = np.iinfo(np.int16)
INT32 = np.iinfo(np.int32)
EXACT = 2**53


def integral(planes: tuple[Header, ...]) -> bool:
    """Whether every rescaled value is a whole number."""
    return all(float(value).is_integer() and abs(value) < 2**31 for p in planes for value in (p.slope or 1.0, p.intercept or 0.0))


def rescaled(stored: NDArray[Any], plane: Header, whole: bool) -> NDArray[Any]:
    """Values of one plane: int16, int32 or int64 as needed if `whole`, otherwise float32.

    Raises
    ------
    DicomError
        If they overflow.
    """
    slope, intercept = plane.slope, plane.intercept
    if slope is None or intercept is None:
        slope, intercept = 1.0, 0.0
    if not whole:
        with np.errstate(over="ignore"):
            values = (stored * float(slope) + float(intercept)).astype(np.float32)
        if not np.isfinite(values).all():
            raise DicomError(f"{plane.name}: rescaled values overflow")
        return values
    low, high = sorted((int(stored.min()) * int(slope) + int(intercept), int(stored.max()) * int(slope) + int(intercept)))
    if low < -EXACT or high > EXACT:
        raise DicomError(f"{plane.name}: rescaled values overflow")
    fits = INT16.min <= low and high <= INT16.max
    if fits and slope == 1 and INT16.min <= intercept <= INT16.max:  # where the sum fits, wrapping on the way is exact
        sums: NDArray[Any] = np.add(stored, int(intercept), dtype=np.int16, casting="unsafe")
        return sums
    wide = stored.astype(np.int64) * int(slope) + int(intercept)
    return wide.astype(np.int16 if fits else np.int32 if INT32.min <= low and high <= INT32.max else np.int64)


def outside(stored: NDArray[Any], values: NDArray[Any], plane: Header, hounsfield: bool) -> NDArray[np.bool_] | None:
    """Bool (rows, columns), True where the plane is padded; None where it is not.

    By Pixel Padding Value (0028,0120) and Range Limit, and in CT also by the constant below -1500 HU that fills the corners.
    """
    mask: NDArray[np.bool_] | None = None
    if plane.padding is not None:
        first, last = plane.padding
        mask = (stored >= first) & (stored <= last)
    if hounsfield:
        corners = {float(v) for v in values[:: max(values.shape[0] - 1, 1), :: max(values.shape[1] - 1, 1)].ravel()}
        for corner in corners:
            if corner <= OUTSIDE_HU:
                mask = values == corner if mask is None else mask | (values == corner)
    return mask if mask is not None and mask.any() else None
