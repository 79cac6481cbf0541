"""Statistics of batch normalisation, taken anew from the training images as they are."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

from napari_hounsfield.operation import Progress

from .channels_last import laid_out

if TYPE_CHECKING:
    from torch import Tensor

    from .network_layers import Network


def settle_statistics(
    network: Network, images: Tensor, batch: int, where: str, message: str
) -> Generator[Progress, None, None]:
    """Find them over images (n, 1, ...) in batches; leaves the network in use, not in training.

    While it trains it sees varied or mixed images, whose statistics differ from those of the images that it is used on.
    """
    import torch

    network.eval()
    layers = [layer for layer in network.modules() if isinstance(layer, torch.nn.modules.batchnorm._BatchNorm)]
    if not layers:
        return
    kept = [layer.momentum for layer in layers]
    for layer in layers:
        layer.reset_running_stats()
        layer.momentum = None  # the mean of all batches
        layer.train()
    for some in images.tensor_split(max(1, len(images) // batch)):
        with torch.no_grad():
            network(laid_out(some).to(where))
        yield Progress(1.0, f"{message}statistics")
    for layer, momentum in zip(layers, kept, strict=True):
        layer.momentum = momentum
    network.eval()
