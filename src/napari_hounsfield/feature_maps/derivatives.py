"""What the maps made of derivatives share: axes, reach and eigenvalues."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from itertools import combinations_with_replacement
from typing import TYPE_CHECKING

from numpy.typing import NDArray

from napari_hounsfield.operation import Progress

from .gaussian_kernels import radius

if TYPE_CHECKING:
    import numpy as np

    from napari_hounsfield.feature_params import FeatureParams

    from .image import FeatureImage
    from .slab import Orders

EIGENVALUE_VOXELS = 1 << 15
"""Matrices whose eigenvalues are found in one go: some hundredths of a second in three dimensions."""


def axes_of(params: FeatureParams) -> tuple[int, ...]:
    """Array axes along which derivatives are taken."""
    return (0, 1, 2) if params.across else (1, 2)


def pairs_of(params: FeatureParams) -> list[tuple[int, int]]:
    """Axes of the elements of a symmetric matrix on and above its diagonal, row by row."""
    return list(combinations_with_replacement(axes_of(params), 2))


def unit(*axes: int) -> Orders:
    """Orders (z, y, x) of a derivative that is taken once along each of the axes."""
    return axes.count(0), axes.count(1), axes.count(2)


def scale_reach(image: FeatureImage, params: FeatureParams, factor: float = 1.0) -> int:
    """Slices that derivatives at the largest scale, times a factor, reach across."""
    return max((radius(factor * sigma / image.spacing[0], 1) for sigma in params.scales), default=0) if params.across else 0


def eigenvalues(elements: Sequence[NDArray[np.float32]], out: NDArray[np.float32]) -> Generator[Progress, None, None]:
    """Write the eigenvalues (n, z, y, x) of symmetric matrices, the largest first, by scikit-image in short steps.

    Parameters
    ----------
    elements
        (z, y, x) each: those on and above the diagonal, row by row; three for n = 2 or six for n = 3.
    """
    from skimage.feature import hessian_matrix_eigvals

    step = max(1, EIGENVALUE_VOXELS // out.shape[3])
    for z in range(out.shape[1]):
        for start in range(0, out.shape[2], step):
            rows = (z, slice(start, start + step))
            # Scikit-image takes the size of the matrices from the number of axes of their elements.
            block = [element[rows] if len(out) == 2 else element[rows][None] for element in elements]
            values = hessian_matrix_eigvals(block)  # type: ignore[no-untyped-call]
            out[(slice(None), *rows)] = values if len(out) == 2 else values[:, 0]
            yield Progress(0.0, "features")
