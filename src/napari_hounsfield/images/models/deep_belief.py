"""A deep belief network: restricted Boltzmann machines on top of each other, then trained together."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from .layerwise import Layerwise

if TYPE_CHECKING:
    from torch import Generator as Source
    from torch import Tensor, nn

RATE, MOMENTUM, DECAY = 0.05, 0.5, 2e-4
"""Of contrastive divergence (Hinton 2012, A practical guide to training restricted Boltzmann machines)."""
FIRST_WEIGHTS = 0.01
"""Standard deviation of the first weights."""


class DeepBelief(Layerwise):
    """Sigmoids, each layer first trained as a restricted Boltzmann machine (Hinton 2006)."""

    name = "deep-belief"
    title = "Deep belief network"

    def preparing(self, layer: nn.Linear, seen: Tensor, source: Source) -> Callable[[Tensor], None]:
        """Train the layer as a machine on the probabilities that the ones before it find."""
        return Machine(layer, seen, source).step


class Machine:
    """A restricted Boltzmann machine of binary units, over the weights of a linear layer.

    Parameters
    ----------
    layer
        Its weights (hidden, visible) and the biases of the hidden units; drawn anew.
    seen
        Probabilities (n, visible) that it is to learn; the first biases of the visible units follow from their mean.
    source
        Of all draws.
    """

    def __init__(self, layer: nn.Linear, seen: Tensor, source: Source) -> None:
        import torch

        self.weight, self.hidden = layer.weight.data, layer.bias.data
        self.weight.normal_(0, FIRST_WEIGHTS, generator=source)
        self.hidden.zero_()
        self.visible = torch.logit(seen.mean(0).clamp(0.01, 0.99))
        self._source = source
        self._speed = [torch.zeros_like(each) for each in (self.weight, self.hidden, self.visible)]

    def step(self, given: Tensor) -> None:
        """One step of contrastive divergence: from the images to the hidden units, back, and to the hidden units again."""
        import torch

        with torch.no_grad():
            found = torch.sigmoid(given @ self.weight.T + self.hidden)
            drawn = torch.bernoulli(found, generator=self._source)
            dreamt = torch.sigmoid(drawn @ self.weight + self.visible)
            again = torch.sigmoid(dreamt @ self.weight.T + self.hidden)
            changes = (
                (found.T @ given - again.T @ dreamt) / len(given) - DECAY * self.weight,
                (found - again).mean(0),
                (given - dreamt).mean(0),
            )
            for values, speed, change in zip((self.weight, self.hidden, self.visible), self._speed, changes, strict=True):
                values += speed.mul_(MOMENTUM).add_(change, alpha=RATE)
