"""The seed paper's network on images: layers of Gabor convolutions and pooling, and the BP network as their head."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .network_kind import NetworkKind, Shape
from .network_params import NetworkParams

if TYPE_CHECKING:
    from .network_layers import Network

HIDDEN = 32
"""Units of the hidden layer, as of the BP network for voxels."""
WAVELENGTHS = (3.0, 6.0, 12.0)
"""In pixels, of images up to `SIDE`; larger ones have them in proportion."""
SIDE = 64
"""Pixels of an image's shorter side."""
IMAGES_SEEN = 20_000
"""Images of all epochs together, about, where there are many."""
MANY = 200
"""Training images from which it may matter where in the image something is; of fewer, little more than what there is."""


class GaborCNN(NetworkKind):
    """Gabor functions, fixed or learnable, pooling, convolution of the maps by such functions, pooling, and the BP network."""

    name = "dl-cnn"
    title = "DL-CNN"
    volumes = True

    def build(self, shape: Shape, outputs: int, params: NetworkParams) -> Network:
        """Make a network."""
        from .gabor_front import GaborFront
        from .network_layers import BPHidden, Network

        front = GaborFront(shape, params)
        return Network(BPHidden(front.width, HIDDEN, params.dropout or 0), HIDDEN, outputs, front)

    def choose(self, shape: Shape, count: int) -> dict[str, Any]:
        """Wavelengths that go with the image; much dropout, for the head sees far more features than there are images."""
        return {
            "epochs": min(40, max(12, IMAGES_SEEN // max(1, count))),
            "parts": 4 if count >= MANY else 2,
            "learning_rate": 3e-3 if count >= MANY else 1e-3,
            "weight_decay": 0.05,
            "dropout": 0.6,
            "smoothing": 0.05,
            "members": 4,
            "wavelengths": tuple(round(each * max(1.0, min(shape[-2:]) / SIDE), 2) for each in WAVELENGTHS),
        }
