"""The loss of a BP network and its gradient, as a minimiser wants them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .bp_layers import Layers

if TYPE_CHECKING:
    from torch import Tensor

    from .bp_training import Batch

CENTRED_REACH = 6.0
"""First weights of centred units, in terms of those of Table 1: units that bend within the range of their inputs."""
CENTRED_BIAS = 1.0
"""Half-width of the draw of their biases."""
SURE = 2.0
"""Output before the sigmoid that the least-squares solution aims at: a probability of 0.88."""
RIDGE = 1e-3
"""Of that solution, beside a mean square of activations below 1."""


class NetworkLoss:
    """Binary cross-entropy with weight decay, over all samples.

    Parameters
    ----------
    batch
        Samples.
    hidden
        Units of each hidden layer.
    gain, decay, seed
        Of the first weights; the weight decay of one sample's share.
    centred
        Hidden units are tanh(a) instead of sigmoid(a).
    """

    def __init__(self, batch: Batch, hidden: Sequence[int], gain: float, decay: float, seed: int, centred: bool) -> None:
        import torch

        where = batch.inputs.device
        widths = [batch.inputs.shape[1], *hidden, batch.truth.shape[1]]
        self.layers = Layers(widths, gain * CENTRED_REACH if centred else gain, seed, str(where))
        self.batch, self.decay, self.centred = batch, decay / len(batch.truth), centred
        self._share = batch.weight / len(batch.truth)
        self._sign = 1 - 2 * batch.truth
        self._room = [torch.empty((len(batch.truth), width), device=where) for width in widths[1:]]
        if centred:
            source = torch.Generator().manual_seed(seed)
            for bias in self.layers.biases[:-1]:
                bias.copy_((torch.rand(len(bias), generator=source) * 2 - 1) * CENTRED_BIAS)

    def solve_outputs(self) -> None:
        """Set the output layer to the ridge solution for the hidden units as they are."""
        import torch

        hidden = self._forward()[-2]
        ones = torch.cat([hidden, torch.ones_like(hidden[:, :1])], 1)
        weighted = (ones * self._share).T
        square = weighted @ ones + RIDGE * torch.eye(ones.shape[1], device=ones.device)
        found = torch.linalg.solve(square.cpu(), (weighted @ (-SURE * self._sign)).cpu())
        self.layers.weights[-1].copy_(found[:-1])
        self.layers.biases[-1].copy_(found[-1])

    def _forward(self) -> list[Tensor]:
        """Inputs, hidden activations, and the outputs before their sigmoid."""
        import torch

        values = [self.batch.inputs]
        for number, (matrix, bias) in enumerate(zip(self.layers.weights, self.layers.biases, strict=True)):
            out = torch.addmm(bias, values[-1], matrix, out=self._room[number])
            if number < len(self.layers.weights) - 1:
                out = out.tanh_() if self.centred else out.sigmoid_()
            values.append(out)
        return values

    def place(self) -> NDArray[np.float32]:
        """A copy of all weights and biases."""
        flat: NDArray[np.float32] = self.layers.flat.cpu().numpy().copy()
        return flat

    def go_to(self, place: NDArray[np.float32]) -> None:
        """Set all weights and biases."""
        import torch

        self.layers.flat.copy_(torch.from_numpy(place))

    def evaluate(self, place: NDArray[np.float32]) -> tuple[float, NDArray[np.float32]]:
        """Loss with the decay's part, and gradient."""
        import torch

        self.go_to(place)
        *values, outputs = self._forward()
        loss = (torch.nn.functional.softplus(outputs * self._sign).mul_(self._share)).sum()
        error = (outputs.sigmoid_() - self.batch.truth).mul_(self._share)
        weights = self.layers.weights
        for k in reversed(range(len(weights))):
            self.layers.write_gradient(k, values[k], error)
            if k:
                a = values[k]
                # The slope of tanh is 1 - a a, that of the sigmoid a (1 - a).
                error = torch.mm(error, weights[k].T).mul_((a * a).neg_().add_(1) if self.centred else a * (1 - a))
        gradient = self.layers.gradient.cpu().numpy() + np.float32(self.decay) * place
        return float(loss) + 0.5 * self.decay * float(place @ place), gradient

    def loss_of(self, batch: Batch) -> float:
        """Loss of other samples, without the decay's part."""
        import torch

        values = batch.inputs
        *hidden, (matrix, bias) = zip(self.layers.weights, self.layers.biases, strict=True)
        for weight, shift in hidden:
            values = torch.addmm(shift, values, weight)
            values = values.tanh_() if self.centred else values.sigmoid_()
        softplus = torch.nn.functional.softplus(torch.addmm(bias, values, matrix) * (1 - 2 * batch.truth))
        return float((softplus * batch.weight).sum()) / len(batch.truth)
