"""A stacked auto-encoder: each layer learns to restore what it sees, then all learn to tell classes apart."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from napari_hounsfield.images.prepared import PreparedImages
from napari_hounsfield.operation import Progress

from .network_kind import NetworkKind, Shape
from .network_params import NetworkParams

if TYPE_CHECKING:
    from .network_layers import Network

HIDDEN_PIXELS = 0.2
"""Part of the inputs that are set to 0 at random, to be restored all the same (Vincent 2010)."""
RATE = 2e-3
"""Learning rate of that."""


class StackedAutoEncoder(NetworkKind):
    """Sigmoids, each layer first trained to restore its inputs from noise."""

    name = "auto-encoder"
    title = "Stacked auto-encoder"
    volumes = True
    standardised = False

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
        """Train each layer, with a decoder of its own, on what the ones before it find."""
        import torch
        from torch import nn

        from .sigmoid_stack import linear_layers, pixels

        source = torch.Generator().manual_seed(seed)
        layers = linear_layers(network)
        seen = pixels(network, images.array)
        epochs, steps = int(params.pretraining or 0), max(1, len(seen) // int(params.batch or 32))
        for depth, layer in enumerate(layers):
            back = nn.Parameter(layer.weight.detach().T.clone())
            shift = nn.Parameter(torch.zeros(layer.in_features))
            optimiser = torch.optim.Adam([*layer.parameters(), back, shift], lr=RATE)
            for epoch in range(epochs):
                for some in torch.randperm(len(seen), generator=source).tensor_split(steps):
                    wanted = seen[some]
                    noisy = wanted * (torch.rand(wanted.shape, generator=source) >= HIDDEN_PIXELS)
                    restored = torch.sigmoid(nn.functional.linear(torch.sigmoid(layer(noisy)), back, shift))
                    optimiser.zero_grad()
                    torch.autograd.backward(nn.functional.mse_loss(restored, wanted, reduction="none").sum(1).mean())
                    optimiser.step()
                    yield Progress((depth + (epoch + 1) / epochs) / len(layers), f"{message}layer {depth + 1}")
            with torch.no_grad():
                seen = torch.sigmoid(layer(seen))
