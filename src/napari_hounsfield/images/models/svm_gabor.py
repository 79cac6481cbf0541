"""A support vector machine on statistics of the Gabor bank."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

from numpy.typing import NDArray

from napari_hounsfield.operation import Progress
from napari_hounsfield.pixels.svm import SVM, SVMParams

from .described import DescribedKind
from .gabor_statistics import gabor_statistics

PENALTIES = (1.0, 3.0, 10.0, 30.0)

if TYPE_CHECKING:
    import numpy as np


class GaborSVM(DescribedKind):
    """Statistics of Gabor responses, then a support vector machine."""

    name = "svm-gabor"
    title = "SVM on Gabor statistics"
    classifier = SVM
    choices = tuple(SVMParams(penalty=penalty) for penalty in PENALTIES)

    def describe(self, array: NDArray[np.float32]) -> Generator[Progress, None, NDArray[np.float32]]:
        """See `gabor_statistics`."""
        return (yield from gabor_statistics(array))
