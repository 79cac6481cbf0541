"""Area and volume of the mesh of a mask, without making the mesh.

The mesh is that of marching cubes (Lorensen and Cline 1987) at the level 0.5: its vertices lie midway between a voxel inside and
a neighbour outside. What a cell of 2 x 2 x 2 voxel centres adds depends only on which of its 8 corners are inside, so that
counting the 256 kinds of cells is enough.

Corners that meet across the diagonal of a face are kept apart, as parts that are connected by faces are, so that the areas of
parts add up. A polygon that is not flat can be cut into triangles in several ways, which the Image Biomarker Standardisation
Initiative leaves open. Taken is the way of the greatest area in voxels (the mean of those that are equal): it prefers no
direction, and comes nearest to the initiative's and pyradiomics' published values.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from functools import cache
from itertools import product

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.components import slabs
from napari_hounsfield.operation import Progress

Edge = tuple[int, int]
Loop = NDArray[np.float64]
"""Vertices (n, 3) in (z, y, x) of a closed polygon within a cell, counter-clockwise seen from outside of the mask."""


def corner(number: int) -> NDArray[np.int64]:
    """Place (z, y, x), each 0 or 1, of a corner of the cell: bits 2, 1 and 0 of its number."""
    return np.array([number >> 2 & 1, number >> 1 & 1, number & 1])


def _faces() -> list[list[int]]:
    """Corners around each of the six faces, in one sense seen from outside the cell."""
    faces = []
    for axis, side in product(range(3), range(2)):
        first, second = (2 - (axis + 1) % 3, 2 - (axis + 2) % 3)  # bits of the other two axes
        around = [side << 2 - axis | a << first | b << second for a, b in ((0, 0), (1, 0), (1, 1), (0, 1))]
        faces.append(around if side else around[::-1])
    return faces


def loops(kind: int) -> list[Loop]:
    """Polygons of the mesh in a cell; bit n of `kind` tells whether corner n is inside."""
    follows: dict[Edge, Edge] = {}
    for around in _faces():
        inside = [kind >> n & 1 for n in around]
        for i in range(4):
            if inside[i] and not inside[i - 1]:  # a run of corners inside begins; its end is where the boundary goes on
                j = next(j for j in range(i, i + 4) if not inside[(j + 1) % 4])
                follows[_edge(around[i - 1], around[i])] = _edge(around[j % 4], around[(j + 1) % 4])
    found = []
    while follows:
        start, at = follows.popitem()
        loop = [start]
        while at != start:
            loop.append(at)
            at = follows.pop(at)
        found.append(np.array([(corner(a) + corner(b)) / 2 for a, b in loop]))
    return found


def _edge(a: int, b: int) -> Edge:
    return min(a, b), max(a, b)


@dataclass(frozen=True, eq=False)
class CellSizes:
    """What a cell of each of the 256 kinds adds."""

    area: NDArray[np.float64]
    """In mm2."""
    flux: NDArray[np.float64]
    """Of the field (z, 0, 0), in voxels, where the cell lies at z = 0: through a closed surface it is the volume."""
    step: NDArray[np.float64]
    """What the flux grows by for each z."""


@cache
def _triangles() -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]]:
    """Vertices in voxels (n, 3, 3), kind of cell (n,) and weight (n,) of the triangles of all kinds."""
    triangles, kinds, weights = [], [], []
    for kind in range(256):
        for loop in loops(kind):
            ways = [loop[np.array(way)] for way in _triangulations(0, len(loop) - 1)]
            areas = np.array([_areas(way).sum() for way in ways])
            largest = np.flatnonzero(areas > areas.max() - 1e-9)
            for i in largest:
                triangles.append(ways[i])
                kinds += [kind] * len(ways[i])
                weights += [1 / len(largest)] * len(ways[i])
    return np.concatenate(triangles), np.array(kinds), np.array(weights)


def _areas(triangles: NDArray[np.float64]) -> NDArray[np.float64]:
    sides = triangles[:, 1:] - triangles[:, :1]
    areas: NDArray[np.float64] = np.linalg.norm(np.cross(sides[:, 0], sides[:, 1]), axis=1) / 2
    return areas


def _triangulations(first: int, last: int) -> list[list[tuple[int, int, int]]]:
    """All ways to cut the polygon of the vertices from `first` to `last` into triangles."""
    if last - first < 2:
        return [[]]
    return [
        [*before, (first, tip, last), *after]
        for tip in range(first + 1, last)
        for before in _triangulations(first, tip)
        for after in _triangulations(tip, last)
    ]


def cell_sizes(axes: NDArray[np.float64]) -> CellSizes:
    """Sizes for voxels whose steps in mm along z, y and x are the columns of `axes` (3, 3)."""
    triangles, kinds, weights = _triangles()
    sides = triangles[:, 1:] - triangles[:, :1]
    facing = np.cross(sides[:, 0], sides[:, 1])[:, 0] / 2
    each = (_areas(triangles @ axes.T), facing * triangles[:, :, 0].mean(axis=1), facing)
    area, flux, step = (np.bincount(kinds, weights * values, 256).astype(np.float64) for values in each)
    return CellSizes(area, flux, step)


def mesh_size(mask: NDArray[np.bool_], sizes: CellSizes) -> Generator[Progress, None, tuple[float, float]]:
    """Area in mm2, and enclosed volume in voxels, of the mesh of a mask (z, y, x); the edge of the array counts as outside."""
    from .compiled_shape import count_cells

    whole = np.ascontiguousarray(mask).view(np.uint8)
    counts, heights = np.zeros(256, np.int64), np.zeros(256, np.int64)
    cells = (mask.shape[0] + 1, *mask.shape[1:])
    for planes in slabs(cells):
        count_cells(whole, planes.start, planes.stop, counts, heights)
        yield Progress(planes.stop / cells[0])
    return float(counts @ sizes.area), float(counts @ sizes.flux + heights @ sizes.step)
