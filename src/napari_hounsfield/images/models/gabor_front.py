"""What the seed paper's network sees of an image: two layers of Gabor functions, each with its modulus and pooling."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .gabor_layer import GaborLayer
from .network_params import NetworkParams

SECOND_WAVELENGTHS = (4.0, 8.0)
"""Of the second layer, in cells."""
SECOND_ORIENTATIONS = 4
"""Of the second layer."""
CELLS = 16
"""Cells along each axis of the plane into which the maps of the first layer are averaged."""
LARGE = 48
"""Pixels along an axis from which every second response of the first layer is enough."""
FLOOR = 0.01
"""Added to standard deviations before their logarithm."""


class GaborFront(nn.Module):
    """Features (n, width) of images (n, 1, y, x), or of volumes (n, 1, z, y, x) the mean over their slices.

    A scattering network (Bruna and Mallat 2013): Gabor functions, modulus, pooling into cells, Gabor functions over each of
    the maps so found, modulus, pooling into parts. What comes out of each part are logarithms of the mean and the standard
    deviation of the first layer's moduli and of the mean of the second's, and the mean intensity. Beside these are the first
    layer's again, and the image in cells, as of the image standardised by its own mean and standard deviation.

    Parameters
    ----------
    shape
        Of an image or volume.
    params
        Wavelengths and orientations of the first layer, the parts along each axis, and whether the functions of both are learned.
    """

    def __init__(self, shape: tuple[int, ...], params: NetworkParams) -> None:
        super().__init__()
        side = min(shape[-2:])
        lengths = [length for length in params.wavelengths if length <= side / 2] or [min(params.wavelengths)]
        learnable = params.gabor == "learnable"
        self.cells = min(CELLS, side)
        self.parts = min(params.parts or 1, self.cells)
        self.first = GaborLayer(lengths, params.orientations, 2 if side >= LARGE else 1, learnable)
        self.second = GaborLayer(SECOND_WAVELENGTHS, SECOND_ORIENTATIONS, 1, learnable)
        self.width = (self.first.channels * (4 + self.second.channels) + 1) * self.parts**2 + self.cells**2

    def forward(self, images: Tensor) -> Tensor:
        """Find features."""
        if images.ndim == 5:
            slices = images.transpose(1, 2)
            return self.forward(slices.flatten(0, 1)).reshape(*slices.shape[:2], self.width).mean(1)
        maps = self.first(images)
        mean = self._pooled(maps, self.parts)
        deviation = (self._pooled(maps**2, self.parts) - mean**2).clamp_min(FLOOR**4).sqrt()
        cells = self._pooled(maps, self.cells).log()
        again = self.second(cells.flatten(0, 1)[:, None]).reshape(len(cells), -1, *cells.shape[2:])
        energies = torch.cat([mean, deviation + FLOOR], dim=1).log()
        centre = images.mean((1, 2, 3), keepdim=True)
        spread = images.std((1, 2, 3), keepdim=True, correction=0) + FLOOR
        own = self._pooled((images - centre) / spread, self.cells)
        second = self._pooled(again, self.parts).log()  # over logarithms, without their mean: a scale makes no difference to it
        found = (energies, energies - spread.log(), second, self._pooled(images, self.parts), own)
        return torch.cat([each.flatten(1) for each in found], dim=1)

    @staticmethod
    def _pooled(maps: Tensor, parts: int) -> Tensor:
        return nn.functional.adaptive_avg_pool2d(maps, parts)
