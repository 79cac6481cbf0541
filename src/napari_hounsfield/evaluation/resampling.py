"""Labels on another grid, by nearest neighbour."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace

import numpy as np

from napari_hounsfield.components import slabs
from napari_hounsfield.grid import Grid
from napari_hounsfield.operation import Progress
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
    step = np.linalg.inv(labels.affine) @ grid.affine
    result = np.zeros(grid.shape, labels.array.dtype)
    y, x = np.meshgrid(np.arange(grid.shape[1]), np.arange(grid.shape[2]), indexing="ij")
    for planes in slabs(grid.shape, POINTS):
        for z in range(planes.start, planes.stop):
            inside = np.ones(y.shape, bool)
            index = []
            for axis, size in enumerate(labels.array.shape):
                place = step[axis, 0] * z + step[axis, 1] * y + step[axis, 2] * x + step[axis, 3]
                nearest = np.floor(place + 0.5 + 1e-9).astype(np.int64)  # in the middle the next one, whatever the rounding
                inside &= (nearest >= 0) & (nearest < size)
                index.append(nearest)
            result[z][inside] = labels.array[tuple(i[inside] for i in index)]
        yield Progress(planes.stop / grid.shape[0])
    return replace(labels, array=result, affine=grid.affine, frame_of_reference=grid.frame_of_reference)
