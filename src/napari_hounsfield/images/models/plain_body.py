"""The body of a plain convolutional network."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .network_layers import Dropout, convolution, halved, halving

CHANNELS = (16, 32, 64)
"""Of the convolutions, one after the other."""
PARTS = 4
"""Places along each axis at which the hidden layer sees the last convolution."""
HIDDEN = 64
"""Units of the hidden layer."""


class PlainBody(nn.Module):
    """Features (n, HIDDEN) of images (n, 1, y, x) or volumes (n, 1, z, y, x)."""

    def __init__(self, shape: tuple[int, ...], dropout: float) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        inputs, left = 1, shape
        for outputs in CHANNELS:
            layers += [convolution(len(shape), inputs, outputs, bias=True), nn.ReLU(), halving(left)]
            inputs, left = outputs, halved(left)
        self.convolutions = nn.Sequential(*layers)
        parts = tuple(min(PARTS, length) for length in left)
        self.pool = nn.AdaptiveAvgPool3d(parts) if len(shape) == 3 else nn.AdaptiveAvgPool2d(parts)
        places = int(torch.tensor(parts).prod())
        self.hidden = nn.Sequential(nn.Flatten(), nn.Linear(inputs * places, HIDDEN), nn.ReLU(), Dropout(dropout))
        self.width = HIDDEN

    def forward(self, images: Tensor) -> Tensor:
        """Find features."""
        features: Tensor = self.hidden(self.pool(self.convolutions(images)))
        return features
