"""The length of an image's gradient, on the true lattice."""

from __future__ import annotations

from collections.abc import Generator
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.components import Box, slabs
from napari_hounsfield.feature_maps.gaussian_kernels import NARROWEST, gaussian_kernel
from napari_hounsfield.grid import Grid
from napari_hounsfield.operation import Progress
from napari_hounsfield.parallel import in_threads

from .scores import surrounded

SLAB_VOXELS = 1_000_000
"""Voxels between two reports of progress."""


def gradient_length(values: NDArray[Any], box: Box, grid: Grid, sigma: float) -> Generator[Progress, None, NDArray[np.float32]]:
    """Length of the gradient after Gaussian smoothing, per mm, in a box of an image (z, y, x).

    Parameters
    ----------
    values
        The whole image; beyond its edge, its last voxels go on.
    box
        Where.
    grid
        Of the whole image; it may be sheared.
    sigma
        Standard deviation of the Gaussian in mm along each axis.
    """
    from .compiled import weigh

    widths = [max(sigma / step, NARROWEST) for step in grid.spacing]
    axes = [axis for axis in range(3) if grid.shape[axis] > 1]
    kernels = {(axis, order): gaussian_kernel(widths[axis], order) / widths[axis] ** order for axis in axes for order in (0, 1)}
    reach = [max((len(k) // 2 for (a, _), k in kernels.items() if a == axis), default=0) for axis in range(3)]
    metric = np.linalg.inv(grid.affine[:3, :3].T @ grid.affine[:3, :3])
    result = np.empty([s.stop - s.start for s in box], np.float32)

    def work(planes: slice) -> None:
        part = (slice(box[0].start + planes.start, box[0].start + planes.stop), box[1], box[2])
        source = np.nan_to_num(surrounded(values, part, reach).astype(np.float32))
        derivatives = {}
        for along in axes:
            found = source
            for axis in axes:
                kernel = kernels[axis, int(axis == along)]
                slack = reach[axis] - len(kernel) // 2
                steps = np.zeros((len(kernel), 3), np.int64)
                steps[:, axis] = np.arange(len(kernel)) + slack
                shape = list(found.shape)
                shape[axis] -= 2 * reach[axis]
                target = np.empty(shape, np.float32)
                weigh(found, target, steps, kernel.astype(np.float32))
                found = target
            derivatives[along] = found
        squares = np.zeros(result[planes].shape, np.float32)
        for i in axes:
            for j in axes:
                if metric[i, j]:
                    squares += np.float32(metric[i, j]) * derivatives[i] * derivatives[j]
        np.sqrt(np.maximum(squares, 0), out=result[planes])

    deep = slabs(result.shape, max(SLAB_VOXELS, 4 * reach[0] * result.shape[1] * result.shape[2]))
    for planes, _ in zip(deep, in_threads(partial(work, planes) for planes in deep), strict=True):
        yield Progress(planes.stop / len(result), "gradient")
    return result
