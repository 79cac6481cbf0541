"""A multi-stream network: an image at several resolutions, each seen by convolutions of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .network_kind import NetworkKind, Shape
from .network_params import NetworkParams

if TYPE_CHECKING:
    from .network_layers import Network


class MultiStreamCNN(NetworkKind):
    """Streams of convolutions at full, half and quarter resolution (as Kawahara and Hamarneh 2016)."""

    name = "multi-stream"
    title = "Multi-stream CNN"
    volumes = True

    def build(self, shape: Shape, outputs: int, params: NetworkParams) -> Network:
        """Make a network."""
        from .network_layers import Network
        from .stream_body import StreamBody

        body = StreamBody(shape, params.dropout or 0)
        return Network(body, body.width, outputs)

    def choose(self, shape: Shape, count: int) -> dict[str, Any]:
        """A training with variations."""
        return {"augment": "yes", "dropout": 0.3, "weight_decay": 0.05, "learning_rate": 2e-3}
