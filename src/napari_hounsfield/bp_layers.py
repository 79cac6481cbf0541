"""The loop of back-propagation itself: forward pass, gradient and Adam's step on one flat vector of parameters."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from .bp import BPNetwork


class Layers:
    """Weights in training: forward pass, back-propagation and Adam's step, all on one flat vector of parameters.

    Parameters
    ----------
    widths
        Units of the input, of each hidden layer, and of the output.
    gain
        First weights are drawn uniformly within this times 0.5 / sqrt(inputs of the unit); biases begin at 0.
    seed
        Of that draw.
    where
        torch device.
    """

    def __init__(self, widths: Sequence[int], gain: float, seed: int, where: str) -> None:
        import torch

        source = torch.Generator().manual_seed(seed)
        parts = []
        for fan_in, fan_out in pairwise(widths):
            reach = gain * 0.5 / math.sqrt(fan_in)
            parts += [(torch.rand(fan_in * fan_out, generator=source) * 2 - 1) * reach, torch.zeros(fan_out)]
        self.flat = torch.cat(parts).to(where)
        self.gradient, self._first, self._second = (torch.zeros_like(self.flat) for _ in range(3))
        self._steps = 0
        self.weights, self.biases = self._views(self.flat, widths)
        self._weight_gradients, self._bias_gradients = self._views(self.gradient, widths)

    @staticmethod
    def _views(flat: Any, widths: Sequence[int]) -> tuple[list[Any], list[Any]]:
        """Weights (inputs, outputs) and biases (outputs,) of each layer, as views of the flat vector."""
        weights, biases, start = [], [], 0
        for fan_in, fan_out in pairwise(widths):
            middle = start + fan_in * fan_out
            weights.append(flat[start:middle].view(fan_in, fan_out))
            biases.append(flat[middle : middle + fan_out])
            start = middle + fan_out
        return weights, biases

    def step(self, inputs: Any, truth: Any, weight: Any, rate: float, decay: float) -> None:
        """One pass over all samples: forward, back, and Adam's change of the weights."""
        import torch

        activations = [inputs]
        for matrix, bias in zip(self.weights, self.biases, strict=True):
            activations.append(torch.addmm(bias, activations[-1], matrix).sigmoid_())
        self._outputs = activations[-1]
        # Of binary cross-entropy after a sigmoid, summed over outputs, the gradient by the logits is (output - truth).
        error = (self._outputs - truth) * (weight / len(truth))
        for k in reversed(range(len(self.weights))):
            self.write_gradient(k, activations[k], error)
            if k:
                error = torch.mm(error, self.weights[k].T) * (activations[k] * (1 - activations[k]))
        self._adam(rate, decay)

    def write_gradient(self, k: int, values: Any, error: Any) -> None:
        """Set the gradient of layer `k` from what goes into it (n, inputs) and the error of what comes out (n, outputs)."""
        import torch

        torch.mm(values.T, error, out=self._weight_gradients[k])
        torch.sum(error, 0, out=self._bias_gradients[k])

    def _adam(self, rate: float, decay: float, beta1: float = 0.9, beta2: float = 0.999) -> None:
        self._steps += 1
        gradient = self.gradient.add_(self.flat, alpha=decay) if decay else self.gradient
        self._first.lerp_(gradient, 1 - beta1)
        self._second.mul_(beta2).addcmul_(gradient, gradient, value=1 - beta2)
        spread = (self._second / (1 - beta2**self._steps)).sqrt_().add_(1e-8)
        self.flat.addcdiv_(self._first, spread, value=-rate / (1 - beta1**self._steps))

    def take(self, network: BPNetwork) -> None:
        """Go on from the weights of a network of the same widths."""
        import torch

        for ours, theirs in zip((*self.weights, *self.biases), (*(w.T for w in network.weights), *network.biases), strict=True):
            ours.copy_(torch.from_numpy(theirs.copy()))

    def copied(self) -> tuple[tuple[NDArray[np.float32], ...], tuple[NDArray[np.float32], ...]]:
        """Weights (outputs, inputs) and biases (outputs,) of each layer, as they are now."""
        weights = tuple(np.ascontiguousarray(w.cpu().numpy().T).copy() for w in self.weights)
        return weights, tuple(b.cpu().numpy().copy() for b in self.biases)

    def loss_of(self, inputs: Any, truth: Any, weight: Any) -> float:
        """The same as `loss`, of samples that are not trained on."""
        import torch

        values = inputs
        for matrix, bias in zip(self.weights, self.biases, strict=True):
            values = torch.addmm(bias, values, matrix).sigmoid_()
        return _cross_entropy(values, truth, weight)

    def loss(self, truth: Any, weight: Any) -> float:
        """Binary cross-entropy of the last forward pass, summed over outputs, weighted mean over samples."""
        return _cross_entropy(self._outputs, truth, weight)


def _cross_entropy(outputs: Any, truth: Any, weight: Any) -> float:
    import torch

    everywhere = torch.nn.functional.binary_cross_entropy(outputs, truth, weight.expand_as(truth), reduction="sum")
    return float(everywhere) / len(truth)
