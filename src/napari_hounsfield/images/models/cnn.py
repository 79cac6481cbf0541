"""A plain convolutional network, to compare with: convolutions, rectifiers and pooling, trained without further means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .network_kind import NetworkKind, Shape
from .network_params import NetworkParams

if TYPE_CHECKING:
    from .network_layers import Network


class PlainCNN(NetworkKind):
    """Convolution and pooling, three times, and a hidden layer."""

    name = "cnn"
    title = "CNN"
    volumes = True

    def build(self, shape: Shape, outputs: int, params: NetworkParams) -> Network:
        """Make a network."""
        from .network_layers import Network
        from .plain_body import PlainBody

        body = PlainBody(shape, params.dropout or 0)
        return Network(body, body.width, outputs)
