"""A few slices of an image and their Gaussian derivatives, which several kinds of maps share."""

from __future__ import annotations

from collections.abc import Generator

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.operation import Progress

from .gaussian_kernels import correlated, gaussian_kernel
from .image import FeatureImage

KEPT_BYTES = 32 * 2**20
"""Most memory for derivatives that are kept for the next kind of maps."""

Orders = tuple[int, int, int]


class Slab:
    """Slices `first` to `last` of an image, and what depends on the slices around them.

    Beyond the ends of the volume the image is mirrored, so `first` may be negative and `last` larger than the depth.
    """

    def __init__(self, image: FeatureImage, first: int, last: int) -> None:
        self.image, self.first, self.last = image, first, last
        self._kept: dict[object, NDArray[np.float32]] = {}

    def widened(self, slices: int) -> Slab:
        """The same slices with as many more on both sides."""
        return Slab(self.image, self.first - slices, self.last + slices)

    def windowed(self, limits: tuple[float, float]) -> NDArray[np.float32]:
        """Intensities (z, y, x) between the limits as 0 to 1."""
        return self.image.windowed(self.first, self.last, limits)

    def derivative(
        self, sigma: float, orders: Orders, limits: tuple[float, float], across: bool
    ) -> Generator[Progress, None, NDArray[np.float32]]:
        """Scale-normalised derivative of the windowed slices after Gaussian smoothing.

        Parameters
        ----------
        sigma
            Standard deviation in mm along each axis.
        orders
            Of the derivative along (z, y, x), each 0, 1 or 2; the result is multiplied by sigma to the power of their sum, so
            that it has the unit of the intensities.
        across
            Smooth across the slices too.

        Returns
        -------
        float32 (z, y, x); not to be written to.
        """
        key = sigma, orders, limits
        if key in self._kept:
            return self._kept[key]
        kernels = [gaussian_kernel(sigma / step, order) for step, order in zip(self.image.spacing, orders, strict=True)]
        result = (yield from self._across(sigma, orders[0], limits)) if across else self.windowed(limits)
        for axis in (1, 2):
            result = yield from correlated(result, kernels[axis], axis)
        self._keep(key, result)
        return result

    def _keep(self, key: object, result: NDArray[np.float32]) -> None:
        if (len(self._kept) + 1) * result.nbytes <= KEPT_BYTES:
            self._kept[key] = result

    def _across(self, sigma: float, order: int, limits: tuple[float, float]) -> Generator[Progress, None, NDArray[np.float32]]:
        """Derivative along z alone: each slice is read once, and added in the same order whatever the slab."""
        key = sigma, order, limits
        if key in self._kept:
            return self._kept[key]
        kernel = gaussian_kernel(sigma / self.image.spacing[0], order)
        total = np.zeros((self.last - self.first, *self.image.shape[1:]), np.float32)
        reach = len(kernel) // 2
        for place in range(self.first - reach, self.last + reach):
            (plane,) = self.image.windowed(place, place + 1, limits)
            for row in range(max(self.first, place - reach), min(self.last, place + reach + 1)):
                total[row - self.first] += np.float32(kernel[place - row + reach]) * plane
            yield Progress(0.0, "features")
        self._keep(key, total)
        return total
