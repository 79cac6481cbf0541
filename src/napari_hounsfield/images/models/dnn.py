"""A fully connected network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .network_kind import NetworkKind, Shape
from .network_params import NetworkParams

if TYPE_CHECKING:
    from .network_layers import Network


class DenseNetwork(NetworkKind):
    """Two hidden layers of rectifiers over the pixels, of large images averaged to 64 along each axis."""

    name = "dnn"
    title = "DNN"
    volumes = True

    def build(self, shape: Shape, outputs: int, params: NetworkParams) -> Network:
        """Make a network."""
        from torch import nn

        from .network_layers import Dropout, Network, Reduced

        pixels = Reduced(shape, 64)
        share = params.dropout or 0
        hidden = [nn.Linear(pixels.width, 128), nn.ReLU(), Dropout(share), nn.Linear(128, 64), nn.ReLU(), Dropout(share)]
        return Network(nn.Sequential(pixels, *hidden), 64, outputs)

    def choose(self, shape: Shape, count: int) -> dict[str, Any]:
        """Some dropout: most weights of all are here."""
        return {"dropout": 0.3, "learning_rate": 5e-4}
