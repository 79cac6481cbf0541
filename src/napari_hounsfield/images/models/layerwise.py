"""Networks whose layers are prepared one by one, on what the ones before find, before all are trained together."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any

from napari_hounsfield.images.prepared import PreparedImages
from napari_hounsfield.operation import Progress

from .network_kind import NetworkKind, Shape
from .network_params import NetworkParams

if TYPE_CHECKING:
    from torch import Generator as Source
    from torch import Tensor, nn

    from .network_layers import Network


class Layerwise(NetworkKind):
    """A stack of sigmoids: a subclass says how a layer is prepared."""

    volumes = True
    standardised = False

    @abstractmethod
    def preparing(self, layer: nn.Linear, seen: Tensor, source: Source) -> Callable[[Tensor], None]:
        """What prepares a layer by one batch (n, inputs) of what it sees, of which `seen` is all."""

    def build(self, shape: Shape, outputs: int, params: NetworkParams) -> Network:
        """Make a network."""
        from .sigmoid_stack import sigmoid_stack

        return sigmoid_stack(shape, outputs)

    def choose(self, shape: Shape, count: int) -> dict[str, Any]:
        """Layers are prepared for as many epochs as they are trained together."""
        return {"pretraining": 40, "learning_rate": 3e-3}

    def pretrain(
        self, network: Network, images: PreparedImages, params: NetworkParams, seed: int, message: str
    ) -> Generator[Progress, None, None]:
        """Prepare each layer on what the ones before it find."""
        import torch

        from .sigmoid_stack import linear_layers, pixels

        source = torch.Generator().manual_seed(seed)
        layers = linear_layers(network)
        seen = pixels(network, images.array)
        epochs, steps = int(params.pretraining or 0), max(1, len(seen) // int(params.batch or 32))
        for depth, layer in enumerate(layers):
            step = self.preparing(layer, seen, source)
            for epoch in range(epochs):
                for some in torch.randperm(len(seen), generator=source).tensor_split(steps):
                    step(seen[some])
                    yield Progress((depth + (epoch + 1) / epochs) / len(layers), f"{message}layer {depth + 1}")
            with torch.no_grad():
                seen = torch.sigmoid(layer(seen))
