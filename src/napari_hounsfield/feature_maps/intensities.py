"""Intensity in each window, as it is and smoothed."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

from numpy.typing import NDArray

from napari_hounsfield.operation import Progress, part

from .gaussian_kernels import radius
from .kind import MapKind
from .slab import Slab

if TYPE_CHECKING:
    import numpy as np

    from napari_hounsfield.feature_params import FeatureParams


class Intensities(MapKind):
    """For each window: the intensity from 0 to 1, then the same after Gaussian smoothing."""

    @staticmethod
    def names(params: FeatureParams) -> list[str]:
        """By window, the plain intensity first."""
        names = []
        for suffix in params.ranges:
            names += [f"intensity{suffix}"] if params.intensity else []
            names += [f"Gaussian {sigma:.4g} mm{suffix}" for sigma in params.gaussian] if params.smooth else []
        return names

    @property
    def reach(self) -> int:
        """Of the widest smoothing."""
        across = self.params.across and self.params.smooth
        return max((radius(sigma / self.image.spacing[0], 0) for sigma in self.params.gaussian), default=0) if across else 0

    def compute(self, slab: Slab, out: NDArray[np.float32]) -> Generator[Progress, None, None]:
        """Write the maps of a slab."""
        row = 0
        for limits in self.params.ranges.values():
            if self.params.intensity:
                out[row] = slab.windowed(limits)
                row += 1
            for sigma in self.params.gaussian if self.params.smooth else ():
                steps = slab.derivative(sigma, (0, 0, 0), limits, self.params.across)
                out[row] = yield from part(steps, row / len(out), 1.0)
                row += 1
            yield Progress(row / len(out), "features")
