"""Laplacian of Gaussian."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

from numpy.typing import NDArray

from napari_hounsfield.operation import Progress, part

from .derivatives import axes_of, scale_reach, unit
from .kind import MapKind
from .slab import Slab

if TYPE_CHECKING:
    import numpy as np

    from napari_hounsfield.feature_params import FeatureParams


class Laplacian(MapKind):
    """Sum of the second derivatives after Gaussian smoothing, times sigma squared: negative in bright blobs, positive in dark."""

    @staticmethod
    def names(params: FeatureParams) -> list[str]:
        """One map a scale."""
        return [f"Laplacian of Gaussian {sigma:.4g} mm" for sigma in params.scales] if params.laplacian else []

    @property
    def reach(self) -> int:
        """Of the largest scale."""
        return scale_reach(self.image, self.params)

    def compute(self, slab: Slab, out: NDArray[np.float32]) -> Generator[Progress, None, None]:
        """Write the maps of a slab."""
        for row, sigma in enumerate(self.params.scales):
            out[row] = 0
            for axis in axes_of(self.params):
                steps = slab.derivative(sigma, unit(axis, axis), self.params.main_range, self.params.across)
                out[row] += yield from part(steps, row / len(out), 1.0)
            yield Progress((row + 1) / len(out), "features")
