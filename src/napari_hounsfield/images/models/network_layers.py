"""Layers that networks on whole images share, in two and three dimensions."""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

GAIN = 0.5
"""First weights of the BP head are drawn uniformly within this / sqrt(inputs), as those of the BP network are."""


FLAT = 1e-3
"""Least standard deviation that is divided by."""


class Dropout(nn.Module):
    """Leave out features at random, by a generator of its own and not by torch's global one."""

    source: torch.Generator | None = None

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share

    def forward(self, features: Tensor) -> Tensor:
        """Leave out, and make the rest as much larger; in use: nothing."""
        if not self.training or not self.share:
            return features
        kept = torch.rand(features.shape, generator=self.source).to(features.device) >= self.share
        return features * kept / (1 - self.share)


class Network(nn.Module):
    """A network on images: standardised input, a front, a body that finds features, and a last linear layer to logits.

    Parameters
    ----------
    body
        From what the front finds to features (n, width).
    width
        Number of features.
    outputs
        One a class; for two classes a single one.
    front
        From images (n, 1, y, x) or (n, 1, z, y, x), standardised; what it finds of an image that does not vary is kept while the
        rest is trained, where the front itself is not trained.
    """

    mean: Tensor
    scale: Tensor

    def __init__(self, body: nn.Module, width: int, outputs: int, front: nn.Module | None = None) -> None:
        super().__init__()
        self.front, self.body, self.last = front or nn.Identity(), body, nn.Linear(width, outputs)
        self.register_buffer("mean", torch.zeros(()))
        self.register_buffer("scale", torch.ones(()))

    def standardise(self, array: NDArray[np.float32]) -> None:
        """See images from now on as standardised over these."""
        self.mean.fill_(float(array.mean(dtype=np.float64)))
        self.scale.fill_(max(FLAT, float(array.std(dtype=np.float64))))

    def seen(self, images: Tensor) -> Tensor:
        """What the body sees of images."""
        found: Tensor = self.front((images - self.mean) / self.scale)
        return found

    def of_seen(self, seen: Tensor) -> Tensor:
        """Logits (n, outputs) by what the body sees."""
        logits: Tensor = self.last(self.body(seen))
        return logits

    def embed(self, images: Tensor) -> Tensor:
        """Features before the last layer."""
        features: Tensor = self.body(self.seen(images))
        return features

    def forward(self, images: Tensor) -> Tensor:
        """Logits (n, outputs)."""
        return self.of_seen(self.seen(images))


class BPHidden(nn.Sequential):
    """The hidden layer of the BP network over features: standardised, dropout, linear, sigmoid."""

    def __init__(self, inputs: int, hidden: int, dropout: float) -> None:
        linear = nn.Linear(inputs, hidden)
        super().__init__(nn.BatchNorm1d(inputs, affine=False), Dropout(dropout), linear, nn.Sigmoid())

    @property
    def linear(self) -> nn.Linear:
        """The weights."""
        found = self[2]
        assert isinstance(found, nn.Linear)
        return found


class Reduced(nn.Module):
    """Pixels (n, width) of images, averaged to at most `most` along each axis."""

    def __init__(self, shape: tuple[int, ...], most: int) -> None:
        super().__init__()
        left = tuple(min(length, most) for length in shape)
        self.pool = nn.AdaptiveAvgPool3d(left) if len(shape) == 3 else nn.AdaptiveAvgPool2d(left)
        self.width = math.prod(left)

    def forward(self, images: Tensor) -> Tensor:
        """Average."""
        pixels: Tensor = self.pool(images)
        return pixels.flatten(1)


def convolution(dimensions: int, inputs: int, outputs: int, bias: bool = False) -> nn.Module:
    """Convolution by three pixels along each axis, that keeps the shape."""
    kind = nn.Conv3d if dimensions == 3 else nn.Conv2d
    return kind(inputs, outputs, 3, padding=1, bias=bias)


def normalisation(dimensions: int, channels: int) -> nn.Module:
    """Batch normalisation."""
    return nn.BatchNorm3d(channels) if dimensions == 3 else nn.BatchNorm2d(channels)


def halving(shape: tuple[int, ...]) -> nn.Module:
    """Max-pooling by two along the axes that have two or more left."""
    size = tuple(2 if length >= 2 else 1 for length in shape)
    return nn.MaxPool3d(size) if len(shape) == 3 else nn.MaxPool2d(size)


def halved(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape after `halving`."""
    return tuple(max(1, length // 2) for length in shape)


def pooled(maps: Tensor) -> Tensor:
    """Mean and maximum (n, 2 * channels) of maps over the whole image."""
    flat = maps.flatten(2)
    return torch.cat([flat.mean(2), flat.amax(2)], dim=1)


def initialise(network: nn.Module, source: torch.Generator) -> None:
    """Draw first weights from a generator: He's for what rectifiers follow, those of the BP network before sigmoids."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Conv3d | nn.Linear) and not isinstance(module, nn.LazyLinear):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu", generator=source)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.LSTM):
            for weight in module.parameters():
                nn.init.uniform_(weight, -(module.hidden_size**-0.5), module.hidden_size**-0.5, generator=source)
    before_sigmoids = [module.linear for module in network.modules() if isinstance(module, BPHidden)]
    for layer in [*before_sigmoids, *(module.last for module in network.modules() if isinstance(module, Network))]:
        reach = GAIN / layer.in_features**0.5
        nn.init.uniform_(layer.weight, -reach, reach, generator=source)
