"""What is found of all training images as they are: what a fixed front sees, and the statistics of batch normalisation."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.operation import Progress
from napari_hounsfield.runtime import threads

from .channels_last import laid_out

if TYPE_CHECKING:
    from torch import Tensor

    from .network_layers import Network

FRONT_BATCH = 16
"""Images whose maps are found between two reports."""


def seen_steps(network: Network, array: NDArray[np.float32], message: str) -> Generator[Progress, None, Tensor]:
    """What the network's body sees of images, in steps."""
    import torch

    found: list[Tensor] = []
    for some in torch.split(torch.from_numpy(np.ascontiguousarray(array, np.float32))[:, None], FRONT_BATCH):
        torch.set_num_threads(threads())
        with torch.no_grad():
            found.append(network.seen(laid_out(some).to(network.mean.device)).cpu())
        yield Progress(min(1.0, len(found) * FRONT_BATCH / len(array)), f"{message}what the network sees")
    return torch.cat(found)


def settle_statistics(
    network: Network, run: Callable[[Tensor], Tensor], images: Tensor, batch: int, message: str
) -> Generator[Progress, None, None]:
    """Find them over what `run`, the network or its later part, takes in; leaves the network in use, not in training.

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
            run(laid_out(some).to(network.mean.device))
        yield Progress(1.0, f"{message}statistics")
    for layer, momentum in zip(layers, kept, strict=True):
        layer.momentum = momentum
    network.eval()
