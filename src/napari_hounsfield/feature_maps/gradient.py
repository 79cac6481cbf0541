"""Gradient magnitude."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.operation import Progress, part

from .derivatives import axes_of, scale_reach, unit
from .kind import MapKind
from .slab import Slab

if TYPE_CHECKING:
    from napari_hounsfield.feature_params import FeatureParams


class Gradient(MapKind):
    """Length of the gradient after Gaussian smoothing, times sigma: about the step of intensity at an edge of width sigma."""

    @staticmethod
    def names(params: FeatureParams) -> list[str]:
        """One map a scale."""
        return [f"gradient {sigma:.4g} mm" for sigma in params.scales] if params.gradient else []

    @property
    def reach(self) -> int:
        """Of the largest scale."""
        return scale_reach(self.image, self.params)

    def compute(self, slab: Slab, out: NDArray[np.float32]) -> Generator[Progress, None, None]:
        """Write the maps of a slab."""
        for row, sigma in enumerate(self.params.scales):
            squares = np.zeros(out.shape[1:], np.float32)
            for axis in axes_of(self.params):
                steps = slab.derivative(sigma, unit(axis), self.params.main_range, self.params.across)
                squares += (yield from part(steps, row / len(out), 1.0)) ** 2
            np.sqrt(squares, out=out[row])
            yield Progress((row + 1) / len(out), "features")
