"""A support vector machine on histograms of oriented gradients."""

from __future__ import annotations

from collections.abc import Generator
from time import monotonic

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.operation import Progress
from napari_hounsfield.pixels.svm import SVM, SVMParams

from .described import DescribedKind

CELLS = 8
"""Cells of histograms along rows and columns."""
DIRECTIONS = 8
PENALTIES = (1.0, 3.0, 10.0, 30.0)
REPORT_AFTER = 0.1


class HogSVM(DescribedKind):
    """Histograms of oriented gradients, then a support vector machine.

    References
    ----------
    Dalal, Triggs: Histograms of Oriented Gradients for Human Detection, 2005.
    """

    name = "svm-hog"
    title = "SVM on gradients (HOG)"
    classifier = SVM
    choices = tuple(SVMParams(penalty=penalty) for penalty in PENALTIES)

    def describe(self, array: NDArray[np.float32]) -> Generator[Progress, None, NDArray[np.float32]]:
        """Histograms of every cell, in blocks of two by two; of volumes the mean over the slices."""
        from skimage.feature import hog

        rows, columns = array.shape[-2:]
        cell = (max(2, rows // CELLS), max(2, columns // CELLS))
        described, reported = [], monotonic()
        for number, image in enumerate(array):
            slices = image if image.ndim == 3 else image[None]
            of_slices = [hog(one, DIRECTIONS, cell, (2, 2), feature_vector=True) for one in slices]
            described.append(np.mean(of_slices, axis=0, dtype=np.float64).astype(np.float32))
            if monotonic() - reported > REPORT_AFTER:
                reported = monotonic()
                yield Progress((number + 1) / len(array), self.title)
        return np.stack(described)
