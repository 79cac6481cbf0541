"""Layers of sigmoids over pixels, that are prepared one after the other before all are trained together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .network_layers import Network, Reduced

if TYPE_CHECKING:
    from torch import Tensor, nn

MOST = 32
"""Pixels along each axis to which larger images are averaged."""
WIDTHS = (256, 64)
"""Units of the layers."""


def sigmoid_stack(shape: tuple[int, ...], outputs: int) -> Network:
    """A network of sigmoids over pixels from 0 to 1."""
    from torch import nn

    reduced = Reduced(shape, MOST)
    layers: list[nn.Module] = [reduced]
    inputs = reduced.width
    for width in WIDTHS:
        layers += [nn.Linear(inputs, width), nn.Sigmoid()]
        inputs = width
    return Network(nn.Sequential(*layers), inputs, outputs)


def linear_layers(network: Network) -> list[nn.Linear]:
    """The linear layers of the stack, without the last one, which tells classes apart."""
    from torch import nn

    return [layer for layer in network.body.modules() if isinstance(layer, nn.Linear)]


def pixels(network: Network, array: NDArray[np.float32]) -> Tensor:
    """What the first layer sees of images."""
    import torch

    reduced = next(module for module in network.body.modules() if isinstance(module, Reduced))
    where = network.mean.device
    found: Tensor = reduced(torch.from_numpy(np.ascontiguousarray(array, np.float32))[:, None]).to(where)
    return found
