"""A support vector machine on the pixels themselves: what anything cleverer is compared with."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.operation import Progress
from napari_hounsfield.pixels.svm import SVM, SVMParams

from .described import DescribedKind

SIDE = 32
"""Rows and columns that are described at most."""
PENALTIES = (1.0, 3.0, 10.0)


class PixelSVM(DescribedKind):
    """Standardised pixels, then a support vector machine."""

    name = "svm-pixels"
    title = "SVM on pixels"
    classifier = SVM
    choices = tuple(SVMParams(penalty=penalty) for penalty in PENALTIES)

    def describe(self, array: NDArray[np.float32]) -> Generator[Progress, None, NDArray[np.float32]]:
        """Pixels, averaged in blocks where there are more than 32 rows or columns."""
        yield Progress(0.0, self.title)
        step = max(1, -(-max(array.shape[-2:]) // SIDE))
        return np.ascontiguousarray(averaged(array, step).reshape(len(array), -1))


def averaged(array: NDArray[Any], step: int) -> NDArray[np.float32]:
    """Means of blocks of `step` by `step` pixels of images (..., y, x); what is left over at the ends is left out."""
    rows, columns = (size // step * step for size in array.shape[-2:])
    blocks = array[..., :rows, :columns].reshape(*array.shape[:-2], rows // step, step, columns // step, step)
    means: NDArray[np.float32] = blocks.mean(axis=(-3, -1), dtype=np.float32)
    return means
