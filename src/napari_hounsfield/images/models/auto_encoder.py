"""A stacked auto-encoder: each layer learns to restore what it sees, then all learn to tell classes apart."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from .layerwise import Layerwise

if TYPE_CHECKING:
    from torch import Generator as Source
    from torch import Tensor, nn

HIDDEN_PIXELS = 0.2
"""Part of the inputs that are set to 0 at random, to be restored all the same (Vincent 2010)."""
RATE = 2e-3
"""Learning rate of that."""


class StackedAutoEncoder(Layerwise):
    """Sigmoids, each layer first trained to restore its inputs from noise."""

    name = "auto-encoder"
    title = "Stacked auto-encoder"

    def preparing(self, layer: nn.Linear, seen: Tensor, source: Source) -> Callable[[Tensor], None]:
        """Train the layer with a decoder of its own."""
        import torch
        from torch import nn

        back = nn.Parameter(layer.weight.detach().T.clone())
        shift = nn.Parameter(torch.zeros(layer.in_features))
        optimiser = torch.optim.Adam([*layer.parameters(), back, shift], lr=RATE)

        def step(wanted: Tensor) -> None:
            noisy = wanted * (torch.rand(wanted.shape, generator=source) >= HIDDEN_PIXELS)
            restored = torch.sigmoid(nn.functional.linear(torch.sigmoid(layer(noisy)), back, shift))
            optimiser.zero_grad()
            torch.autograd.backward(nn.functional.mse_loss(restored, wanted, reduction="none").sum(1).mean())
            optimiser.step()

        return step
