"""Gradient boosting on statistics of the Gabor bank: the readable baseline."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

from numpy.typing import NDArray

from napari_hounsfield.operation import Progress
from napari_hounsfield.pixels.boosting import Boosting, BoostingParams

from .described import DescribedKind
from .gabor_statistics import gabor_statistics

if TYPE_CHECKING:
    import numpy as np


class GaborBoosting(DescribedKind):
    """Statistics of Gabor responses, then gradient boosting."""

    name = "boosting-gabor"
    title = "Boosting on Gabor statistics"
    classifier = Boosting
    choices = (BoostingParams(leaves=8),)

    def describe(self, array: NDArray[np.float32]) -> Generator[Progress, None, NDArray[np.float32]]:
        """See `gabor_statistics`."""
        return (yield from gabor_statistics(array))
