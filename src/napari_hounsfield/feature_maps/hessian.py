"""Eigenvalues of the Hessian matrix."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

from numpy.typing import NDArray

from napari_hounsfield.operation import Progress, part

from .derivatives import axes_of, eigenvalues, pairs_of, scale_reach, unit
from .kind import MapKind
from .slab import Slab

if TYPE_CHECKING:
    import numpy as np

    from napari_hounsfield.feature_params import FeatureParams


class Hessian(MapKind):
    """Second derivatives along their main directions after Gaussian smoothing, times sigma squared, the largest value first.

    A bright vessel across the slice has one of about zero and one strongly negative, a bright spot two negative ones.
    """

    @staticmethod
    def names(params: FeatureParams) -> list[str]:
        """By scale, then by eigenvalue."""
        count = len(axes_of(params))
        return [f"Hessian {s:.4g} mm eigenvalue {k + 1}" for s in params.scales for k in range(count)] if params.hessian else []

    @property
    def reach(self) -> int:
        """Of the largest scale."""
        return scale_reach(self.image, self.params)

    def compute(self, slab: Slab, out: NDArray[np.float32]) -> Generator[Progress, None, None]:
        """Write the maps of a slab."""
        count = len(axes_of(self.params))
        for row, sigma in enumerate(self.params.scales):
            start = row / len(self.params.scales)
            elements = []
            for pair in pairs_of(self.params):
                steps = slab.derivative(sigma, unit(*pair), self.params.main_range, self.params.across)
                elements.append((yield from part(steps, start, 1.0)))
            yield from part(eigenvalues(elements, out[row * count : (row + 1) * count]), start, 1.0)
            yield Progress((row + 1) / len(self.params.scales), "features")
