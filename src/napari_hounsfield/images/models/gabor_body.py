"""The body of the seed paper's network: Gabor maps and the image, convolutions, and the hidden layer of the BP network."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .gabor_layer import GaborLayer
from .network_layers import BPHidden, convolution, halved, halving, normalisation, pooled
from .network_params import NetworkParams

HIDDEN = 32
"""Units of the BP network, as for voxels."""
CHANNELS = (32, 64, 96, 128)
"""Of the convolutions, one after the other."""
COARSE = 4
"""Parts along each axis of the plane whose mean Gabor maps the head sees."""
LARGE = 48
"""Pixels from which every second one is enough for the Gabor maps."""


class GaborBody(nn.Module):
    """Features (n, HIDDEN) of images (n, 1, y, x) or (n, 1, z, y, x).

    The head sees mean and maximum of the last convolution, and, as a support vector machine on Gabor statistics does, the mean
    Gabor maps of the parts of the image.
    """

    def __init__(self, shape: tuple[int, ...], params: NetworkParams) -> None:
        super().__init__()
        side = min(shape[-2:])
        stride = 2 if side >= LARGE else 1
        fitting = [length for length in params.wavelengths if length <= side / 2] or [min(params.wavelengths)]
        self.gabor = GaborLayer(fitting, params.orientations, stride, params.gabor == "learnable")
        channels = self.gabor.channels + 1
        dimensions = len(shape)
        self.shrink = _mean_pool(dimensions, stride)
        self.norm = normalisation(dimensions, channels)
        left = (*shape[:-2], *(-(-length // stride) for length in shape[-2:]))
        blocks: list[nn.Module] = []
        inputs = channels
        for outputs in CHANNELS:
            blocks += [convolution(dimensions, inputs, outputs), normalisation(dimensions, outputs), nn.ReLU(), halving(left)]
            left, inputs = halved(left), outputs
        self.blocks = nn.Sequential(*blocks)
        coarse = channels * COARSE**2
        self.bp = BPHidden(2 * inputs + coarse, HIDDEN, params.dropout or 0)
        self.width = HIDDEN

    def forward(self, images: Tensor) -> Tensor:
        """Find features."""
        maps = self.norm(torch.cat([self.gabor(images), self.shrink(images)], dim=1))
        parts = maps.mean(2) if maps.ndim == 5 else maps
        coarse = nn.functional.adaptive_avg_pool2d(parts, COARSE).flatten(1)
        features: Tensor = self.bp(torch.cat([pooled(self.blocks(maps)), coarse], dim=1))
        return features


def _mean_pool(dimensions: int, stride: int) -> nn.Module:
    """Mean of as many pixels as lie between two Gabor responses, in the plane."""
    if dimensions == 3:
        return nn.AvgPool3d((1, stride, stride), ceil_mode=True)
    return nn.AvgPool2d(stride, ceil_mode=True)
