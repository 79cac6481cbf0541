"""Where to paint next: the slice, and the region in it, of which the classifier is least sure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

REGION_MM = 30.0
"""Edge of the region that is suggested."""
APART_MM = 5.0
"""Distance to what is painted already, below which nothing is suggested."""


@dataclass(frozen=True)
class PlaneDoubt:
    """How unsure a classifier is in one plane.

    Attributes
    ----------
    doubt
        Mean over the region of 1 - sureness; 0 where nothing is left to suggest.
    centre
        (y, x) of the most doubtful region, in voxels.
    region
        Its rows and columns, as slices (start and stop) of the plane.
    total
        Mean of 1 - sureness over the whole plane, padding left out.
    """

    doubt: float
    centre: tuple[int, int]
    region: tuple[tuple[int, int], tuple[int, int]]
    total: float


@dataclass(frozen=True)
class NextPlace:
    """Where to paint next."""

    z: int
    y: int
    x: int
    region: tuple[tuple[int, int], tuple[int, int]]
    """Rows and columns, start and stop."""
    doubt: float


def plane_doubt(
    sureness: NDArray[np.float32],
    painted: NDArray[np.bool_] | None = None,
    valid: NDArray[np.bool_] | None = None,
    spacing: tuple[float, float] = (1.0, 1.0),
    region: float = REGION_MM,
) -> PlaneDoubt:
    """Find the most doubtful region of a plane, away from what is painted.

    Parameters
    ----------
    sureness
        (y, x) from 0 (a tie) to 1: the margin (`Recognised.sureness`), or 1 - entropy.
    painted
        (y, x) voxels that are painted already; nothing within `APART_MM` of them is suggested.
    valid
        (y, x) the scanned field; padding is no doubt.
    spacing
        mm between rows and columns.
    region
        Edge of the region in mm.
    """
    from scipy.ndimage import distance_transform_edt, uniform_filter

    doubt = 1 - sureness
    if valid is not None:
        doubt = np.where(valid, doubt, 0)
    inside = sureness.size if valid is None else int(np.count_nonzero(valid)) or 1
    total = float(doubt.sum(dtype=np.float64)) / inside
    size = [round(region / step) or 1 for step in spacing]
    mean = uniform_filter(doubt, size, mode="constant")
    if painted is not None and painted.any():
        mean = np.where(distance_transform_edt(~painted, sampling=spacing) > APART_MM, mean, 0)
    if valid is not None:
        mean = np.where(valid, mean, 0)
    y, x = (int(k) for k in np.unravel_index(int(mean.argmax()), mean.shape))
    rows, columns = (
        (max(0, at - edge // 2), min(n, at - edge // 2 + edge)) for at, edge, n in zip((y, x), size, mean.shape, strict=True)
    )
    return PlaneDoubt(max(0.0, float(mean[y, x])), (y, x), (rows, columns), total)


def next_place(planes: Mapping[int, PlaneDoubt], painted_on: Mapping[int, int] | None = None) -> NextPlace | None:
    """Choose the most doubtful plane, and the region in it.

    Parameters
    ----------
    planes
        Of the slices that were recognised, by their number z.
    painted_on
        Painted voxels on each slice: the doubt of a slice counts less the more of it was painted, so that suggestions spread.

    Returns
    -------
    NextPlace or None
        None where no plane holds any doubt.
    """
    painted_on = painted_on or {}
    most = max([1, *painted_on.values()])
    best, worth = None, 0.0
    for z, plane in sorted(planes.items()):
        value = plane.doubt * (plane.total + 1e-6) / (1 + painted_on.get(z, 0) / most)
        if plane.doubt > 0 and value > worth:
            best, worth = NextPlace(z, *plane.centre, plane.region, plane.doubt), value
    return best
