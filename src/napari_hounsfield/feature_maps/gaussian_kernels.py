"""Sampled Gaussian functions and their derivatives, right for polynomials also where the voxels are coarse."""

from __future__ import annotations

from collections.abc import Generator
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.operation import Progress

TRUNCATE = 4.0
"""Half-width of a kernel in sigmas, as by default in scipy.ndimage."""
NARROWEST = 0.1
"""Sigma in voxels, below which a sampled derivative does not change any more: it is the difference of neighbours."""
BLOCK_WORK = 100_000_000
"""Multiplications in one go: less than a tenth of a second."""


def radius(sigma: float, order: int) -> int:
    """Half-width in voxels of a kernel."""
    return max(min(order, 1), int(TRUNCATE * sigma + 0.5))


@lru_cache(maxsize=256)
def gaussian_kernel(sigma: float, order: int) -> NDArray[np.float64]:
    """Gaussian function of order 0, 1 or 2 for correlation, times sigma^order.

    Its sum (order 0), first moment (1) and half second moment (2) are 1 before that factor, and the sum of a derivative is 0. So
    derivatives of a polynomial of second degree are exact at any sigma, and a sigma far below a voxel gives the differences of
    neighbours, where the plain samples would vanish. From sigma = 0.8 voxels on this changes the plain samples by at most 0.6 %.

    Parameters
    ----------
    sigma
        In voxels.

    References
    ----------
    T. Lindeberg, Scale-Space Theory in Computer Vision (1994), chapter 13: scale-normalised derivatives.
    """
    reach = radius(sigma, order)
    x = np.arange(-reach, reach + 1.0)
    width = max(sigma, NARROWEST)
    bell = np.exp(-0.5 / (width * width) * x**2)
    kernel: NDArray[np.float64]
    if order == 0:
        kernel = bell / bell.sum()
    elif order == 1:
        kernel = x * bell
        kernel /= (x * kernel).sum()
    else:
        kernel = (x**2 - (x**2 * bell).sum() / bell.sum()) * bell
        kernel *= 2 / (x**2 * kernel).sum()
    kernel *= sigma**order
    kernel.setflags(write=False)
    return kernel


def correlated(
    array: NDArray[np.float32], kernel: NDArray[np.float64], axis: int
) -> Generator[Progress, None, NDArray[np.float32]]:
    """Correlate slices (z, y, x) with a kernel along y (axis 1) or x (axis 2), mirrored at the border, in short steps.

    The result is that of `scipy.ndimage.correlate1d` with `mode="reflect"` to the rounding of float32.
    """
    from .compiled_correlation import correlate_x, correlate_y

    if len(kernel) == 1 and kernel[0] == 1:
        return array
    out = np.empty(array.shape, np.float32)
    correlate, taps = correlate_y if axis == 1 else correlate_x, kernel.copy()  # compiled code takes none that is read-only
    step = max(1, BLOCK_WORK // (array.shape[2] * len(kernel)))
    for plane, result in zip(array, out, strict=True):
        given = np.ascontiguousarray(plane, np.float32)
        for start in range(0, array.shape[1], step):
            correlate(given, taps, start, min(start + step, array.shape[1]), result)
            yield Progress(0.0, "features")
    return out
