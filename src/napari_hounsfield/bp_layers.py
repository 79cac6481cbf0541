"""The loop of back-propagation itself: forward pass, gradient and Adam's step on one flat vector of parameters."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any


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
        self._flat = torch.cat(parts).to(where)
        self._gradient, self._first, self._second = (torch.zeros_like(self._flat) for _ in range(3))
        self._steps = 0
        self.weights, self.biases = self._views(self._flat, widths)
        self._weight_gradients, self._bias_gradients = self._views(self._gradient, widths)

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
            torch.mm(activations[k].T, error, out=self._weight_gradients[k])
            torch.sum(error, 0, out=self._bias_gradients[k])
            if k:
                error = torch.mm(error, self.weights[k].T) * (activations[k] * (1 - activations[k]))
        self._adam(rate, decay)

    def _adam(self, rate: float, decay: float, beta1: float = 0.9, beta2: float = 0.999) -> None:
        self._steps += 1
        gradient = self._gradient.add_(self._flat, alpha=decay) if decay else self._gradient
        self._first.lerp_(gradient, 1 - beta1)
        self._second.mul_(beta2).addcmul_(gradient, gradient, value=1 - beta2)
        spread = (self._second / (1 - beta2**self._steps)).sqrt_().add_(1e-8)
        self._flat.addcdiv_(self._first, spread, value=-rate / (1 - beta1**self._steps))

    def loss(self, truth: Any, weight: Any) -> float:
        """Binary cross-entropy of the last forward pass, summed over outputs, weighted mean over samples."""
        import torch

        everywhere = torch.nn.functional.binary_cross_entropy(self._outputs, truth, weight.expand_as(truth), reduction="sum")
        return float(everywhere) / len(truth)
