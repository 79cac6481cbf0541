"""The body of a multi-stream network."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .network_layers import Dropout, convolution, halved, halving, normalisation, pooled

CHANNELS = (16, 32, 64)
"""Of the convolutions of a stream, one after the other."""
STREAMS = 3
"""Resolutions, each half of the one before."""


class StreamBody(nn.Module):
    """Features of images (n, 1, y, x) or volumes (n, 1, z, y, x): mean and maximum of each stream's last convolution."""

    def __init__(self, shape: tuple[int, ...], dropout: float) -> None:
        super().__init__()
        self.streams = nn.ModuleList()
        self.shrink = nn.ModuleList()
        for _ in range(STREAMS):
            layers: list[nn.Module] = []
            inputs, left = 1, shape
            for outputs in CHANNELS:
                block = [convolution(len(shape), inputs, outputs), normalisation(len(shape), outputs), nn.ReLU(), halving(left)]
                layers += block
                inputs, left = outputs, halved(left)
            self.streams.append(nn.Sequential(*layers))
            shape = halved(shape)
            self.shrink.append(nn.AdaptiveAvgPool3d(shape) if len(shape) == 3 else nn.AdaptiveAvgPool2d(shape))
        self.dropout = Dropout(dropout)
        self.width = 2 * CHANNELS[-1] * STREAMS

    def forward(self, images: Tensor) -> Tensor:
        """Find features."""
        found = []
        for stream, shrink in zip(self.streams, self.shrink, strict=True):
            found.append(pooled(stream(images)))
            images = shrink(images)
        features: Tensor = self.dropout(torch.cat(found, dim=1))
        return features
