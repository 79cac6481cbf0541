"""Where to paint next: a region of which the classifier is unsure, drawn by chance, the more doubtful the sooner.

The most doubtful region of all is no good choice: it is often one that nobody could tell, such as an edge between two classes,
and the next one lies beside it. Strokes there taught lungs less than strokes anywhere (`tests.benchmarks.painting`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

REGION_MM = 30.0
"""Edge of the region that is suggested."""
APART_MM = 5.0
"""Distance to what is painted already, below which nothing is suggested."""
FOCUS = 4.0
"""A region is drawn in proportion to its doubt to this power: 1 spreads strokes, much more takes the most doubtful."""


@dataclass(frozen=True)
class PlaneDoubt:
    """How unsure a classifier is in one plane.

    Attributes
    ----------
    doubt
        Mean over the region of 1 - sureness; 0 where nothing is left to suggest.
    centre
        (y, x) of the region that was drawn, in voxels.
    region
        Its rows and columns, as slices (start and stop) of the plane.
    weight
        Of all regions of the plane together, where a plane is drawn.
    """

    doubt: float
    centre: tuple[int, int]
    region: tuple[tuple[int, int], tuple[int, int]]
    weight: float


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
    seed: int = 0,
) -> PlaneDoubt:
    """Draw a doubtful region of a plane, away from what is painted.

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
    seed
        Of the draw.
    """
    from scipy.ndimage import distance_transform_edt, uniform_filter

    doubt = 1 - sureness
    if valid is not None:
        doubt = np.where(valid, doubt, 0)
    size = [round(region / step) or 1 for step in spacing]
    mean = np.maximum(uniform_filter(doubt, size, mode="constant"), 0)
    if painted is not None and painted.any():
        mean = np.where(distance_transform_edt(~painted, sampling=spacing) > APART_MM, mean, 0)
    if valid is not None:
        mean = np.where(valid, mean, 0)
    heap = np.cumsum(mean.astype(np.float64) ** FOCUS)
    y, x = (int(k) for k in np.unravel_index(_drawn(heap, seed), mean.shape))
    rows, columns = (
        (max(0, at - edge // 2), min(n, at - edge // 2 + edge)) for at, edge, n in zip((y, x), size, mean.shape, strict=True)
    )
    return PlaneDoubt(float(mean[y, x]), (y, x), (rows, columns), float(heap[-1]))


def next_place(planes: Mapping[int, PlaneDoubt], seed: int = 0) -> NextPlace | None:
    """Draw a plane, in proportion to the weight of its regions, and take the region that was drawn in it.

    Parameters
    ----------
    planes
        Of the slices that were recognised, by their number z.
    seed
        Of the draw.

    Returns
    -------
    NextPlace or None
        None where no plane holds any doubt.
    """
    doubtful = {z: plane for z, plane in sorted(planes.items()) if plane.weight > 0}
    if not doubtful:
        return None
    z = list(doubtful)[_drawn(np.cumsum([plane.weight for plane in doubtful.values()]), seed)]
    plane = doubtful[z]
    return NextPlace(z, *plane.centre, plane.region, plane.doubt)


def _drawn(heap: NDArray[np.float64], seed: int) -> int:
    """Place in a list of cumulated weights."""
    return int(np.searchsorted(heap, np.random.default_rng(seed).random() * heap[-1], side="right").clip(0, len(heap) - 1))
