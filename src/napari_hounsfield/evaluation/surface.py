"""Distances between the surfaces of two masks, in millimetres.

Positions are taken in the patient, through the affine, so that anisotropic and sheared grids are exact.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.operation import Progress, part
from napari_hounsfield.runtime import threads

Points = NDArray[Any]
"""Voxel indices (n, 3), not always whole."""

CHUNK = 20_000
"""Points looked up between two reports of progress."""


@dataclass(frozen=True, eq=False)
class SurfaceDistances:
    """What separates two masks."""

    hausdorff: float
    """Greatest distance in mm from a voxel of either mask to the other mask."""
    from_first: NDArray[np.float64]
    """Distance in mm to the second surface, for each surface voxel of the first mask, in the order of the array."""
    from_second: NDArray[np.float64]
    """Distance in mm to the first surface, for each surface voxel of the second mask, in the order of the array."""

    @property
    def hausdorff95(self) -> float | None:
        """The greater of the 95th percentiles of both directions in mm (linear between ranks); None without surface voxels."""
        both = [float(np.percentile(d, 95)) for d in (self.from_first, self.from_second) if d.size]
        return max(both, default=None)

    @property
    def average(self) -> float | None:
        """Mean distance in mm over the surface voxels of both (symmetric); None without surface voxels."""
        total = self.from_first.size + self.from_second.size
        return float(self.from_first.sum() + self.from_second.sum()) / total if total else None

    def surface_dice(self, tolerance: float) -> float | None:
        """Share of all surface voxels no further than `tolerance` mm from the other surface; None without surface voxels."""
        total = self.from_first.size + self.from_second.size
        limit = tolerance * (1 + 1e-9) + 1e-9  # a distance that equals the tolerance may be rounded up
        near = sum(int((d <= limit).sum()) for d in (self.from_first, self.from_second))
        return near / total if total else None


def surface(mask: NDArray[np.bool_], along: Sequence[int] = (0, 1, 2)) -> NDArray[np.bool_]:
    """Voxels of a mask (z, y, x) with a neighbour outside it, or outside the array, along one of the axes.

    Of a 2D image leave out the axis that it does not have: its surface is its outline.
    """
    if not along:
        return mask
    inner = mask.copy()
    for axis in along:
        source, target = np.moveaxis(mask, axis, 0), np.moveaxis(inner, axis, 0)
        target[1:] &= source[:-1]
        target[:-1] &= source[1:]
        target[0] = target[-1] = False
    return mask & ~inner


def surface_distances(
    first: NDArray[np.bool_],
    second: NDArray[np.bool_],
    axes: NDArray[np.float64],
    counted: NDArray[np.bool_] | None = None,
    along: Sequence[int] = (0, 1, 2),
) -> Generator[Progress, None, SurfaceDistances]:
    """Measure the distances between two masks, neither of them empty.

    `hausdorff` is the Hausdorff distance of the two sets of voxel centres (Huttenlocher 1993; as SimpleITK's
    `HausdorffDistanceImageFilter`); the other figures are of surface voxels (Maier-Hein 2024, Metrics reloaded; as MONAI without
    sub-voxel surfaces). They part where one mask has a hole that the other has not: the hole's surface is far from the other
    surface, but its voxels are near the mask.

    Parameters
    ----------
    first, second
        Bool (z, y, x), cropped to both objects. The edge of the array counts as outside.
    axes
        (3, 3): columns are the steps in mm along z, y and x.
    counted
        Bool (z, y, x): only these voxels are judged, but any voxel may be the nearest. None: all.
    along
        The axes that the image has: (1, 2) for a 2D image.
    """
    masks, edges, trees = (first, second), [], []
    for i, mask in enumerate(masks):
        edges.append(surface(mask, along))
        yield Progress(0.1 * i)
        points = yield from part(_points(edges[i]), 0.1 * i, 0.1 * i + 0.05)
        trees.append(_tree(points, axes))
        yield Progress(0.1 * (i + 1))
    directed = []
    for i, j in ((0, 1), (1, 0)):
        start = 0.2 + 0.25 * i
        points = yield from part(_points(edges[i], counted=counted), start, start + 0.05)
        apart = ~edges[j][tuple(points.T)]  # the shared surface is at distance 0
        distances = np.zeros(len(points))
        distances[apart] = yield from part(_distances(points[apart], axes, trees[j]), start + 0.05, start + 0.25)
        directed.append(distances)
    greatest = 0.0
    for i, j in ((0, 1), (1, 0)):
        start = 0.7 + 0.15 * i
        apart = yield from part(_points(masks[i], masks[j], counted), start, start + 0.05)
        greatest = yield from part(_greatest(apart, axes, trees[j], greatest), start + 0.05, start + 0.15)
    return SurfaceDistances(greatest, directed[0], directed[1])


def _points(
    mask: NDArray[np.bool_], without: NDArray[np.bool_] | None = None, counted: NDArray[np.bool_] | None = None
) -> Generator[Progress, None, Points]:
    """Indices of the voxels of a mask that are not in another, and are counted."""
    found = []
    for z, plane in enumerate(mask):
        chosen = plane.copy()
        if without is not None:
            chosen &= ~without[z]
        if counted is not None:
            chosen &= counted[z]
        y, x = np.divmod(np.flatnonzero(chosen), mask.shape[2])
        found.append(np.stack((np.full_like(y, z), y, x), axis=1))
        yield Progress(z / len(mask))
    return np.concatenate(found)


def _tree(points: Points, axes: NDArray[np.float64]) -> Any:
    from scipy.spatial import cKDTree

    return cKDTree(points @ axes.T, balanced_tree=False, compact_nodes=False)


def _distances(points: Points, axes: NDArray[np.float64], tree: Any) -> Generator[Progress, None, NDArray[np.float64]]:
    found = np.zeros(len(points))
    for start in range(0, len(points), CHUNK):
        found[start : start + CHUNK] = tree.query(points[start : start + CHUNK] @ axes.T, workers=threads())[0]
        yield Progress(start / len(points))
    return found


def _greatest(points: Points, axes: NDArray[np.float64], tree: Any, least: float) -> Generator[Progress, None, float]:
    """Greatest distance of the points to the tree, or `least` if that is greater.

    Points are grouped into cells. A point is no further away than the centre of its cell and the radius of the cell, so that the
    cells that may hold the greatest are looked at first, and most of them never.
    """
    if not len(points):
        return least
    size = 8
    cells, cell_of = np.unique(points // size, axis=0, return_inverse=True)
    corners = np.array(np.meshgrid(*[(-1, 1)] * 3)).reshape(3, -1).T * (size - 1) / 2
    radius = np.linalg.norm(corners @ axes.T, axis=1).max()
    centres = yield from part(_distances(cells * size + (size - 1) / 2, axes, tree), 0, 0.5)
    bounds = (centres + radius)[cell_of.ravel()]
    order = np.argsort(-bounds)
    for start in range(0, len(points), CHUNK):
        if bounds[order[start]] <= least:
            break
        chunk = order[start : start + CHUNK]
        least = max(least, float(tree.query(points[chunk] @ axes.T, workers=threads())[0].max()))
        yield Progress(0.5 + 0.5 * start / len(points))
    return least
