"""The seed paper's network on images: Gabor functions, convolution, pooling, and the BP network as its head."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .network_kind import NetworkKind, Shape
from .network_params import NetworkParams

if TYPE_CHECKING:
    from .network_layers import Network


class GaborCNN(NetworkKind):
    """Gabor functions, fixed or learnable, then convolution, pooling, and the BP network."""

    name = "dl-cnn"
    title = "DL-CNN"
    volumes = True

    def build(self, shape: Shape, outputs: int, params: NetworkParams) -> Network:
        """Make a network."""
        from .gabor_body import GaborBody
        from .network_layers import Network

        body = GaborBody(shape, params)
        return Network(body, body.width, outputs)

    def choose(self, shape: Shape, count: int) -> dict[str, Any]:
        """A training with variations."""
        return {
            "epochs": 40,
            "batch": 32,
            "learning_rate": 3e-3,
            "weight_decay": 0.05,
            "dropout": 0.3,
            "smoothing": 0.05,
            "augment": True,
        }
