"""Weights averaged over the steps of a training."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

    from .network_layers import Network

YOUNG = 10
"""Steps after which the average forgets the first weights, however long its memory is."""


class WeightAverage:
    """Exponential moving average of a network's weights and statistics; with a decay of 0 they themselves.

    Attributes
    ----------
    network
        A network of the averaged weights.
    """

    def __init__(self, learner: Network, decay: float) -> None:
        self.network = deepcopy(learner) if decay else learner
        self._learner, self._decay, self._steps = learner, decay, 0

    def update(self) -> None:
        """Take in the weights as they are after a step."""
        if not self._decay:
            return
        self._steps += 1
        decay = min(self._decay, self._steps / (self._steps + YOUNG))
        new = self._learner.state_dict()
        for name, values in self.network.state_dict().items():
            if values.is_floating_point():
                values.lerp_(new[name], 1 - decay)
            else:
                values.copy_(new[name])

    def state(self) -> dict[str, Tensor]:
        """A copy of the averaged weights."""
        return {name: values.detach().clone() for name, values in self.network.state_dict().items()}
