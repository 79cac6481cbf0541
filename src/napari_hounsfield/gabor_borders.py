"""How an image goes on beyond its border."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def beyond(start: int, stop: int, size: int, radius: int, boundary: str) -> NDArray[np.int64]:
    """Index of the voxel that stands at each place from start - radius to stop + radius; -1 for zero.

    Parameters
    ----------
    start, stop
        Places that are filtered.
    size
        Voxels of the image along this axis.
    radius
        How far a filter reaches.
    boundary
        `reflect`, `constant`, `nearest` or `wrap`, as in scipy.ndimage.
    """
    places = np.arange(start - radius, stop + radius, dtype=np.int64)
    if boundary == "constant":
        return np.where((places >= 0) & (places < size), places, -1)
    if boundary == "nearest":
        return places.clip(0, size - 1)
    if boundary == "wrap":
        return places % size
    folded = places % (2 * size)
    return np.minimum(folded, 2 * size - 1 - folded)
