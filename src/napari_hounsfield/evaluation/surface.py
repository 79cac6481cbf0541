"""Distances between the surfaces of two masks, in millimetres.

Positions are taken in the patient, through the affine, so that anisotropic and sheared grids are exact. Surfaces are mostly near
each other: the nearest voxel is looked for in the lines around a voxel, and only what is far in a tree.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.components import slabs
from napari_hounsfield.operation import Progress, part
from napari_hounsfield.parallel import in_threads
from napari_hounsfield.runtime import threads

T = TypeVar("T")
Points = NDArray[Any]
"""Voxel indices (n, 3), not always whole."""

CHUNK = 50_000
"""Points whose surroundings are looked through between two reports of progress."""
FAR_CHUNK = 2_000
"""Points looked up in a tree between two reports of progress: far from it each takes up to a tenth of a millisecond."""
SLAB = 4_000_000
"""Voxels looked through between two reports of progress."""
FEW = 1_000
"""Points that are looked up sooner than threads are started."""
LINES = 256
"""Lines looked through before a point counts as far, and is looked up in a tree."""
WINDOW = 40
"""Lines to either side among which the nearest are chosen."""


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
    masks = [np.ascontiguousarray(m).view(np.uint8) for m in (first, second)]
    lines = []
    for i, mask in enumerate(masks):
        lines.append((yield from part(_lines(mask, along), 0.1 * i, 0.1 * (i + 1))))
    near = Neighbourhood.of(axes)
    directed = []
    for i, j in ((0, 1), (1, 0)):
        start = 0.2 + 0.25 * i
        distances = yield from part(_to_surface(lines[i], lines[j], near), start, start + 0.25)
        directed.append(distances if counted is None else distances[counted[lines[i].index()]])
    greatest = 0.0
    for i, j in ((0, 1), (1, 0)):
        start = 0.7 + 0.15 * i
        inside = masks[i] if counted is None else masks[i] & counted.view(np.uint8)
        greatest = yield from part(_greatest_outside(inside, masks[j], lines[j], near, greatest), start, start + 0.15)
    return SurfaceDistances(greatest, directed[0], directed[1])


@dataclass(frozen=True, eq=False)
class Lines:
    """Surface voxels of a mask, line by line along x."""

    height: int
    starts: NDArray[np.int64]
    """Where the positions of line (z * height + y) begin."""
    xs: NDArray[np.int32]

    def index(self) -> tuple[NDArray[np.int64], ...]:
        """Indices (z, y, x), in the order of the array."""
        line = np.repeat(np.arange(len(self.starts) - 1), np.diff(self.starts))
        return (*np.divmod(line, self.height), self.xs.astype(np.int64))


@dataclass(frozen=True, eq=False)
class Neighbourhood:
    """The lines around a line, from the nearest on, and the metric."""

    axes: NDArray[np.float64]
    offsets: NDArray[np.int64]
    """Steps (z, y) to other lines."""
    bounds: NDArray[np.float64]
    """Square of the distance in mm between the lines, rising."""
    metric: NDArray[np.float64]

    @classmethod
    def of(cls, axes: NDArray[np.float64]) -> Neighbourhood:
        """Lines that are near in a grid whose steps in mm along z, y and x are the columns of `axes`."""
        return _neighbourhood(tuple(map(tuple, np.asarray(axes, np.float64).tolist())))

    @classmethod
    def _of(cls, axes: NDArray[np.float64]) -> Neighbourhood:
        form = np.asarray(axes, np.float64).T @ axes
        between = form[:2, :2] - np.outer(form[:2, 2], form[:2, 2]) / form[2, 2]  # squared distance of lines
        reach = np.arange(-WINDOW, WINDOW + 1)
        offsets = np.stack(np.meshgrid(reach, reach, indexing="ij"), axis=-1).reshape(-1, 2)
        bounds = np.maximum(np.einsum("ni,ij,nj->n", offsets, between, offsets), 0)
        beyond = (WINDOW + 1) ** 2 * np.linalg.det(between) / max(between[0, 0], between[1, 1])
        order = np.argsort(bounds, kind="stable")
        order = order[bounds[order] < beyond][:LINES]
        z, y, x = np.diag(form)
        metric = np.array([z, y, x, 2 * form[0, 1], 2 * form[0, 2], 2 * form[1, 2]])
        return cls(axes, np.ascontiguousarray(offsets[order]), bounds[order], metric)


@lru_cache(8)
def _neighbourhood(rows: tuple[tuple[float, ...], ...]) -> Neighbourhood:
    return Neighbourhood._of(np.array(rows))


def _lines(mask: NDArray[np.uint8], along: Sequence[int]) -> Generator[Progress, None, Lines]:
    """Surface of a mask of zeros and ones."""
    from .compiled_surface import count_surface, list_surface

    axes = np.isin(np.arange(3), along).astype(np.int64)
    if not axes.any():  # a single voxel in an image of one: it is its own surface
        axes[:] = 1
    starts = np.zeros(mask.shape[0] * mask.shape[1] + 1, np.int64)
    every = slabs(mask.shape, SLAB)
    counting = (partial(count_surface, mask, planes.start, planes.stop, axes, starts) for planes in every)
    for planes, _ in zip(every, _each(counting, mask.size), strict=True):
        yield Progress(0.5 * planes.stop / len(mask))
    starts = np.cumsum(starts)
    xs = np.empty(starts[-1], np.int32)
    listing = (partial(list_surface, mask, planes.start, planes.stop, axes, starts, xs) for planes in every)
    for planes, _ in zip(every, _each(listing, mask.size), strict=True):
        yield Progress(0.5 + 0.5 * planes.stop / len(mask))
    return Lines(mask.shape[1], starts, xs)


def _to_surface(own: Lines, other: Lines, near: Neighbourhood) -> Generator[Progress, None, NDArray[np.float64]]:
    """Distance in mm of each surface voxel to the other surface."""
    from .compiled_surface import nearest_of_surface

    squares = np.empty(len(own.xs))
    shared = own.height, own.starts, own.xs, other.starts, other.xs, near.offsets, near.bounds, near.metric, squares
    every = _planes(own.starts[:: own.height])
    tasks = (partial(nearest_of_surface, first, stop, *shared) for first, stop in every)
    for (_, stop), _ in zip(every, _each(tasks, len(own.xs)), strict=True):
        yield Progress(0.5 * stop / max(1, every[-1][1]))
    distances = np.sqrt(np.maximum(squares, 0))
    far = np.flatnonzero(squares < 0)
    if far.size:
        points = np.stack([i[far] for i in own.index()], axis=1)
        distances[far] = yield from part(_distances(points, near.axes, _tree(other, near.axes)), 0.5, 1)
    return distances


def _planes(ends: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Ranges of planes of at most CHUNK points, or of one plane; `ends` counts the points before each plane and in all."""
    ranges, z = [], 0
    while z < len(ends) - 1:
        stop = max(z + 1, int(np.searchsorted(ends, ends[z] + CHUNK, "right")) - 1)
        ranges.append((z, stop))
        z = stop
    return ranges


def _greatest_outside(
    mask: NDArray[np.uint8], other: NDArray[np.uint8], surface_of_other: Lines, near: Neighbourhood, least: float
) -> Generator[Progress, None, float]:
    """Greatest distance in mm of a voxel of a mask to another mask, or `least` if that is greater."""
    from .compiled_surface import greatest_outside

    square, beyond = least**2, []
    for planes in slabs(mask.shape, SLAB // 8):  # where the masks are apart every voxel is looked up
        outside = int(np.count_nonzero(mask[planes] > other[planes]))
        far = np.empty((outside, 3), np.int64)
        lines = surface_of_other.starts, surface_of_other.xs, near.offsets, near.bounds, near.metric
        if outside:
            square, count = greatest_outside(planes.start, planes.stop, mask, other, *lines, square, far)
            beyond.append(far[:count].copy())
        yield Progress(0.5 * planes.stop / len(mask))
    greatest = max(least, float(np.sqrt(square)))
    points = np.concatenate(beyond) if beyond else np.empty((0, 3), np.int64)
    if len(points):
        tree = _tree(surface_of_other, near.axes)
        greatest = yield from part(_greatest(points, near.axes, tree, greatest), 0.5, 1)
    return greatest


def _tree(lines: Lines, axes: NDArray[np.float64]) -> Any:
    from scipy.spatial import cKDTree

    return cKDTree(np.stack(lines.index(), axis=1) @ axes.T, balanced_tree=False, compact_nodes=False)


def _workers(points: int) -> int:
    return 1 if points < FEW else threads()


def _each(tasks: Iterable[Callable[[], T]], size: int) -> Generator[T, None, None]:
    """Results of tasks over `size` points or voxels, in order; in threads where that is worth it."""
    if _workers(size) == 1:
        yield from (task() for task in tasks)
    else:
        yield from in_threads(tasks)


def _distances(points: Points, axes: NDArray[np.float64], tree: Any) -> Generator[Progress, None, NDArray[np.float64]]:
    found = np.zeros(len(points))
    for start in range(0, len(points), FAR_CHUNK):
        found[start : start + FAR_CHUNK] = tree.query(points[start : start + FAR_CHUNK] @ axes.T, workers=_workers(len(points)))[
            0
        ]
        yield Progress(start / len(points))
    return found


def _greatest(points: Points, axes: NDArray[np.float64], tree: Any, least: float) -> Generator[Progress, None, float]:
    """Greatest distance of the points to the tree, or `least` if that is greater.

    Points are grouped into cells. A point is no further away than the centre of its cell and the radius of the cell, so that the
    cells that may hold the greatest are looked at first, and most of them never.
    """
    size = 8
    sides = points.max(axis=0) // size + 1
    keys, cell_of = np.unique(np.ravel_multi_index(tuple((points // size).T), sides), return_inverse=True)
    cells = np.stack(np.unravel_index(keys, sides), axis=1)
    corners = np.array(np.meshgrid(*[(-1, 1)] * 3)).reshape(3, -1).T * (size - 1) / 2
    radius = np.linalg.norm(corners @ axes.T, axis=1).max()
    centres = yield from part(_distances(cells * size + (size - 1) / 2, axes, tree), 0, 0.5)
    bounds = (centres + radius)[cell_of.ravel()]
    order = np.argsort(-bounds)
    for start in range(0, len(points), FAR_CHUNK):
        if bounds[order[start]] <= least:
            break
        chunk = order[start : start + FAR_CHUNK]
        least = max(least, float(tree.query(points[chunk] @ axes.T, workers=_workers(len(points)))[0].max()))
        yield Progress(0.5 + 0.5 * start / len(points))
    return least
