"""Labels and maps on another grid, by nearest neighbour."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.components import slabs
from napari_hounsfield.grid import Grid
from napari_hounsfield.operation import Progress, part
from napari_hounsfield.results import Features
from napari_hounsfield.volume import LabelMap

POINTS = 1_000_000
"""Voxels looked up between two reports of progress."""


def nearest_labels(labels: LabelMap, grid: Grid) -> Generator[Progress, None, LabelMap]:
    """Labels of the voxel that is nearest to each voxel of `grid`, 0 beyond the edge of the outermost voxels.

    Parameters
    ----------
    labels
        On a grid of their own.
    grid
        Where the result lies.
    """
    result = yield from _nearest(labels.array, labels.grid, grid)
    return replace(labels, array=result, affine=grid.affine, frame_of_reference=grid.frame_of_reference)


def nearest_maps(maps: Features, grid: Grid) -> Generator[Progress, None, Features]:
    """Maps on another grid, as `nearest_labels`; beyond the edge is padding.

    Parameters
    ----------
    maps
        On a grid of their own.
    grid
        Where the result lies.
    """
    many = len(maps.names) + 1
    result = np.empty((len(maps.names), *grid.shape), np.float32)
    for i, array in enumerate(maps.array):
        result[i] = yield from part(_nearest(array, maps.grid, grid), i / many, (i + 1) / many)
    valid = np.ones(maps.grid.shape, bool) if maps.valid is None else maps.valid
    valid = yield from part(_nearest(valid, maps.grid, grid), 1 - 1 / many, 1)
    return replace(maps, array=result, affine=grid.affine, valid=valid, frame_of_reference=grid.frame_of_reference)


def share_inside(grid: Grid, own: Grid) -> Generator[Progress, None, float]:
    """Share of the voxels of `grid` whose centres lie in voxels of `own`."""
    there = yield from _nearest(np.broadcast_to(np.uint8(1), own.shape), own, grid)
    return int(np.count_nonzero(there)) / there.size


def _nearest(array: NDArray[Any], own: Grid, grid: Grid) -> Generator[Progress, None, NDArray[Any]]:
    step = np.linalg.inv(own.affine) @ grid.affine
    result = np.zeros(grid.shape, array.dtype)
    y, x = np.meshgrid(np.arange(grid.shape[1]), np.arange(grid.shape[2]), indexing="ij")
    for planes in slabs(grid.shape, POINTS):
        for z in range(planes.start, planes.stop):
            inside = np.ones(y.shape, bool)
            index = []
            for axis, size in enumerate(array.shape):
                place = step[axis, 0] * z + step[axis, 1] * y + step[axis, 2] * x + step[axis, 3]
                nearest = np.floor(place + 0.5 + 1e-9).astype(np.int64)  # in the middle the next one, whatever the rounding
                inside &= (nearest >= 0) & (nearest < size)
                index.append(nearest)
            result[z][inside] = array[tuple(i[inside] for i in index)]
        yield Progress(planes.stop / grid.shape[0])
    return result
