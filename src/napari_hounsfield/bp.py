"""The BP network: a small feed-forward network trained by back-propagation, after the seed paper."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from .bp_course import Course
from .bp_forward import forward_steps
from .bp_params import BPParams
from .errors import ModelError
from .operation import Progress, finish

__all__ = ["BPNetwork", "BPParams"]

NEW_CLASS = -2.0
"""Bias of the output of a class that has not been learned yet."""


@dataclass(frozen=True, eq=False)
class BPNetwork:
    """A trained network: standardisation of its inputs, then layers of sigmoids.

    Attributes
    ----------
    mean, scale
        (features,) of the training samples; inputs are standardised by them.
    weights, biases
        One (outputs, inputs) and (outputs,) a layer. The last layer has one output a class; for two classes a single one.
    course
        How the loss fell in the training.
    """

    mean: NDArray[np.float32]
    scale: NDArray[np.float32]
    weights: tuple[NDArray[np.float32], ...]
    biases: tuple[NDArray[np.float32], ...]
    course: Course = field(default_factory=Course, repr=False)

    @property
    def inputs(self) -> int:
        """Number of features."""
        return len(self.mean)

    @property
    def outputs(self) -> int:
        """Number of classes."""
        return max(2, len(self.biases[-1]))

    def probabilities(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Class probabilities (n, classes), summing to 1, of features (n, features)."""
        return finish(self.steps(rows))

    def steps(self, rows: NDArray[np.float32]) -> Generator[Progress, None, NDArray[np.float32]]:
        """Find the same as `probabilities`, in steps; the transpose of maps (features, n) costs least."""
        return forward_steps(self, rows)

    def with_outputs(self, places: Sequence[int | None]) -> Self:
        """The same network for other classes.

        Parameters
        ----------
        places
            For each class wanted its place among this network's classes, or None for one that it does not know yet: its output
            begins as rare.
        """
        weight, bias = self.weights[-1], self.biases[-1]
        if len(bias) == 1:  # of two classes
            weight, bias = np.concatenate([-weight, weight]), np.concatenate([-bias, bias])
        unknown, rare = np.zeros_like(weight[0]), np.float32(NEW_CLASS)
        weight = np.stack([unknown if at is None else weight[at] for at in places])
        bias = np.array([rare if at is None else bias[at] for at in places], np.float32)
        if len(places) == 2:
            half = np.float32(0.5)
            weight, bias = half * (weight[1:] - weight[:1]), half * (bias[1:] - bias[:1])
        return replace(self, weights=(*self.weights[:-1], weight), biases=(*self.biases[:-1], bias))

    def tensors(self) -> dict[str, NDArray[np.float32]]:
        """Everything to save, by name."""
        layers = {f"weight.{k}": w for k, w in enumerate(self.weights)} | {f"bias.{k}": b for k, b in enumerate(self.biases)}
        return {"mean": self.mean, "scale": self.scale, **layers}

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, NDArray[Any]]) -> Self:
        """Rebuild a network from `tensors`.

        Raises
        ------
        ModelError
            If one is missing, or shapes do not fit together.
        """
        depth = sum(name.startswith("weight.") for name in tensors)
        names = {"mean", "scale", *(f"{part}.{k}" for part in ("weight", "bias") for k in range(depth))}
        if not depth or set(tensors) != names:
            raise ModelError("the tensors are not those of a BP network")
        mean, scale = tensors["mean"], tensors["scale"]
        width = len(mean) if mean.ndim == 1 else -1
        fits = scale.shape == mean.shape and bool((scale > 0).all())
        for k in range(depth):
            weight, bias = tensors[f"weight.{k}"], tensors[f"bias.{k}"]
            fits = fits and weight.ndim == 2 and bias.shape == weight.shape[:1] and weight.shape[1] == width
            width = weight.shape[0] if weight.ndim == 2 else -1
        if not fits:
            raise ModelError("the layers of the BP network do not fit together")
        weights, biases = (tuple(tensors[f"{part}.{k}"] for k in range(depth)) for part in ("weight", "bias"))
        return cls(mean, scale, weights, biases)
