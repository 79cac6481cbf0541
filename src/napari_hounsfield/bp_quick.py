"""The quick solver of the BP network: L-BFGS, in coordinates in which it needs few steps.

The network stays one of sigmoids over standardised inputs. Two changes of coordinates are undone when it is trained:
inputs are decorrelated (features of one place are much alike, and what tells textures apart are their small differences),
and hidden units are centred (tanh(a) = 2 sigmoid(2 a) - 1), with first output weights from a least-squares solution.
"""

from __future__ import annotations

import math
from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from .bp import BPNetwork
from .bp_course import Course, Inputs, LossProgress
from .bp_lbfgs import minimise
from .bp_objective import NetworkLoss
from .bp_params import BPParams
from .bp_training import Batch, Labelled, Standard, restandardised
from .operation import Progress, part

if TYPE_CHECKING:
    from torch import Tensor

FEW = 2000
"""Samples for which the settings below, and the iterations of the recipe, are made; more allow for finer differences."""
MOST_TIMES = 4.0
"""More iterations for more samples: at most so many times."""
FAINTEST = 0.03
"""Smallest variance that a direction of the inputs is enlarged from, as a part of the largest."""

GOOD = 0.35
"""Loss of held-back samples with which the finer way is taken without trying the smoother one."""
CLEARLY = 0.95
"""Part of the loss of the smoother way that the loss of the finer one has to stay below, to be preferred."""


def quick_fit(
    samples: Labelled,
    count: int,
    params: BPParams,
    seed: int,
    held: Labelled | None,
    start: BPNetwork | None,
    where: str,
) -> Generator[Progress, None, BPNetwork]:
    """Train on the inputs that are asked for; `better`: on both, and keep what has the smaller loss on the samples held back.

    Without samples held back, `better` goes on as `start` was trained, or decorrelates.
    """
    standard = Standard.of(samples[0])
    batch = standard.batch(samples, count, params.balance, where)
    kept = standard.batch(held, count, params.balance, where) if held and len(held[1]) else None
    ways: tuple[Inputs, ...] = ("decorrelated", "standardised")
    if params.inputs != "better":
        ways = (params.inputs,)
    elif start is not None:
        ways = (start.course.inputs,)
    elif not kept:
        ways = ("decorrelated",)
    best, least = None, math.inf
    for number, way in enumerate(ways):
        steps = _trained(batch, kept, way, params, seed, start and restandardised(start, standard))
        loss, weights, course = yield from part(steps, number / len(ways), (number + 1) / len(ways))
        if best is None or loss < least / CLEARLY:
            least, best = loss, BPNetwork(standard.mean, standard.scale, weights[0], weights[1], course)
        if loss < GOOD:
            break
    assert best is not None
    return best


def _trained(
    batch: Batch, kept: Batch | None, way: Inputs, params: BPParams, seed: int, start: BPNetwork | None
) -> Generator[Progress, None, tuple[float, Any, Course]]:
    """Loss that decides (of the samples held back, where there are any), weights and biases, and the course."""
    coordinates = Coordinates.of(batch.inputs, way == "decorrelated", deep=len(params.hidden) > 1)
    mine, theirs = coordinates.seen(batch), coordinates.seen(kept) if kept else None
    network = NetworkLoss(mine, [int(h) for h in params.hidden], params.gain, params.weight_decay, seed, coordinates.centred)
    if start is not None:
        network.layers.take(coordinates.entered(start))
    elif coordinates.centred:
        network.solve_outputs()
    loss, held_loss, points = math.inf, None, []
    most = round(params.iterations * min(MOST_TIMES, max(1.0, math.sqrt(len(batch.inputs) / FEW))))
    best, least, at = None, math.inf, 0
    for iteration, value in enumerate(minimise(network), start=1):
        before, loss = loss, value
        held_loss = network.loss_of(theirs) if theirs else None
        points.append((iteration, value, held_loss))
        decisive = value if held_loss is None else held_loss
        if decisive < least or not (params.patience and theirs):
            best, least, at = network.place(), decisive, iteration
        done = iteration / most
        yield LossProgress(min(1.0, done), f"BP network, loss {value:.4f}", None, iteration, value, held_loss)
        if iteration >= most or (params.patience and iteration - at >= params.patience):
            break
        if before - value < params.tolerance * value:
            break
    if best is not None:
        network.go_to(best)
    return least, coordinates.left(*network.layers.copied()), Course(tuple(points), way, at)


@dataclass(frozen=True, eq=False)
class Coordinates:
    """The inputs and units that are trained on, and the way back to standardised inputs and sigmoids."""

    matrix: Tensor
    """(features, features): inputs times this are trained on."""
    inverse: Tensor
    centred: bool

    @classmethod
    def of(cls, inputs: Tensor, decorrelate: bool, deep: bool) -> Coordinates:
        """Coordinates for standardised inputs (n, features).

        Units are centred over decorrelated inputs, and in deep networks, where plain sigmoids pass on too little to begin with.
        """
        import torch

        if not decorrelate:
            same = torch.eye(inputs.shape[1])
            return cls(same, same, deep)
        variances, directions = torch.linalg.eigh((inputs.T @ inputs / len(inputs)).double().cpu())
        faintest = FAINTEST * min(1.0, FEW / len(inputs))
        scale = variances.clamp_min(faintest * float(variances[-1])).sqrt()
        return cls((directions / scale).float(), (scale[:, None] * directions.T).float(), True)

    def seen(self, batch: Batch) -> Batch:
        """Samples in these coordinates."""
        return replace(batch, inputs=batch.inputs @ self.matrix.to(batch.inputs.device))

    def left(self, weights: Any, biases: Any) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        """Weights and biases of sigmoids over standardised inputs."""
        if not self.centred:
            return weights, biases
        last = len(weights) - 1
        found = [weights[0] @ self.matrix.numpy().T * 2], [biases[0] * 2]
        for number in range(1, len(weights)):
            inner = 1 if number == last else 2
            found[0].append(weights[number] * 2 * inner)
            found[1].append((biases[number] - weights[number].sum(axis=1)) * inner)
        return tuple(np.ascontiguousarray(w) for w in found[0]), tuple(found[1])

    def entered(self, network: BPNetwork) -> BPNetwork:
        """The way into these coordinates: the inverse of `left`."""
        if not self.centred:
            return network
        last = len(network.weights) - 1
        weights, biases = [network.weights[0] @ self.inverse.numpy().T / 2], [network.biases[0] / 2]
        for number in range(1, last + 1):
            inner = 1 if number == last else 2
            weights.append(network.weights[number] / 2 / inner)
            biases.append(network.biases[number] / inner + weights[-1].sum(axis=1))
        layers = [tuple(array.astype(np.float32) for array in arrays) for arrays in (weights, biases)]
        return replace(network, weights=layers[0], biases=layers[1])
