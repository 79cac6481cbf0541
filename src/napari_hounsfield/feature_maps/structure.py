"""Eigenvalues of the structure tensor."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.operation import Progress, part

from .derivatives import axes_of, eigenvalues, pairs_of, scale_reach, unit
from .gaussian_kernels import correlated, gaussian_kernel
from .image import FeatureImage
from .kind import MapKind
from .slab import Slab

if TYPE_CHECKING:
    from napari_hounsfield.feature_params import FeatureParams

KEPT_BYTES = 24 * 2**20
"""Most memory for products of gradients that are kept for the next slab."""
INNER = 0.5
"""Scale of the gradients whose products are averaged over the scale itself."""


class Structure(MapKind):
    """Mean squares of the gradient along their main directions in a Gaussian neighbourhood, the largest value first.

    Gradients are taken at half the scale and multiplied by it. One large eigenvalue: an edge or stripes; all large: texture
    without direction; none: nothing there.
    """

    def __init__(self, image: FeatureImage, params: FeatureParams) -> None:
        super().__init__(image, params)
        self._kept: dict[tuple[float, int], list[NDArray[np.float32]]] = {}

    @staticmethod
    def names(params: FeatureParams) -> list[str]:
        """By scale, then by eigenvalue."""
        count = len(axes_of(params))
        return (
            [f"structure {s:.4g} mm eigenvalue {k + 1}" for s in params.scales for k in range(count)] if params.structure else []
        )

    @property
    def reach(self) -> int:
        """Of the gradients and of the neighbourhood, at the largest scale."""
        return scale_reach(self.image, self.params, INNER) + scale_reach(self.image, self.params)

    def compute(self, slab: Slab, out: NDArray[np.float32]) -> Generator[Progress, None, None]:
        """Write the maps of a slab."""
        count = len(axes_of(self.params))
        for row, sigma in enumerate(self.params.scales):
            start = row / len(self.params.scales)
            elements = yield from part(self._tensor(slab, sigma), start, 1.0)
            yield from part(eigenvalues(elements, out[row * count : (row + 1) * count]), start, 1.0)
            yield Progress((row + 1) / len(self.params.scales), "features")

    def _tensor(self, slab: Slab, sigma: float) -> Generator[Progress, None, list[NDArray[np.float32]]]:
        """Smoothed products of the gradients (z, y, x), one a pair of axes."""
        kernel = gaussian_kernel(sigma / self.image.spacing[0] if self.params.across else 0.0, 0)
        reach = len(kernel) // 2
        first, last = slab.first - reach, slab.last + reach
        for place in [place for scale, place in self._kept if scale == sigma and not first <= place < last]:
            del self._kept[sigma, place]
        totals = [np.zeros((slab.last - slab.first, *self.image.shape[1:]), np.float32) for _ in pairs_of(self.params)]
        for place in range(first, last):
            products = yield from self._products(place, sigma)
            for total, product in zip(totals, products, strict=True):
                for z in range(max(slab.first, place - reach), min(slab.last, place + reach + 1)):
                    total[z - slab.first] += np.float32(kernel[place - z + reach]) * product
        return totals

    def _products(self, place: int, sigma: float) -> Generator[Progress, None, list[NDArray[np.float32]]]:
        """Products (y, x) of the gradients in one slice, smoothed within it; the next slabs need many of them again."""
        if (sigma, place) in self._kept:
            return self._kept[sigma, place]
        around = Slab(self.image, place, place + 1)
        gradients = {}
        for axis in axes_of(self.params):
            steps = around.derivative(INNER * sigma, unit(axis), self.params.main_range, self.params.across)
            gradients[axis] = yield from steps
        products = []
        for one, other in pairs_of(self.params):
            product = gradients[one] * gradients[other]
            for axis in (1, 2):
                product = yield from correlated(product, gaussian_kernel(sigma / self.image.spacing[axis], 0), axis)
            products.append(product[0])
        if self.params.across and sum(p.nbytes for kept in self._kept.values() for p in [*kept, products[0]]) <= KEPT_BYTES:
            self._kept[sigma, place] = products
        return products
