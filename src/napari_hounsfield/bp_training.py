"""Training a BP network: what every solver shares, and Adam over all samples."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .bp import BPNetwork
from .bp_course import Course, LossProgress
from .bp_layers import Layers
from .bp_params import BPParams
from .operation import Progress
from .runtime import device, threads

if TYPE_CHECKING:
    from torch import Tensor

SMALL_WORK = 1_000_000
"""Samples times units under which one thread of the CPU is fastest."""
REPORT_EVERY = 20
"""Iterations of Adam between looks at the loss."""
REPORT_AFTER = 0.1
"""Seconds after which progress is reported in any case."""

Labelled = tuple[NDArray[np.float32], NDArray[np.int64]]
"""Features (n, features) and class indices (n,)."""


@dataclass(frozen=True, eq=False)
class Batch:
    """Samples on a device: standardised inputs (n, features), truth (n, outputs), and weight of each (n, 1), 1 in the mean."""

    inputs: Tensor
    truth: Tensor
    weight: Tensor


@dataclass(frozen=True, eq=False)
class Standard:
    """Mean and scale of the training samples."""

    mean: NDArray[np.float32]
    scale: NDArray[np.float32]

    @classmethod
    def of(cls, rows: NDArray[np.float32]) -> Standard:
        """Standardisation of samples (n, features); a constant feature has scale 1."""
        scale = rows.std(axis=0, dtype=np.float64).astype(np.float32)
        scale[scale < 1e-6] = 1.0
        return cls(rows.mean(axis=0, dtype=np.float64).astype(np.float32), scale)

    def batch(self, samples: Labelled, count: int, balance: bool, where: str) -> Batch:
        """Samples as tensors."""
        import torch

        rows, targets = samples
        inputs = torch.from_numpy((rows - self.mean) / self.scale).to(where)
        wanted = torch.from_numpy(targets.copy()).to(where)
        truth = wanted[:, None].float() if count == 2 else torch.nn.functional.one_hot(wanted, count).float()
        weight = torch.ones(len(wanted), device=where)
        if balance:
            sizes = torch.bincount(wanted, minlength=count)
            weight = (len(wanted) / (int((sizes > 0).sum()) * sizes.clamp_min(1).float()))[wanted]
        return Batch(inputs, truth, weight[:, None])


def fit(
    rows: NDArray[np.float32],
    targets: NDArray[np.int64],
    count: int,
    params: BPParams,
    seed: int,
    held: Labelled | None = None,
    start: BPNetwork | None = None,
) -> Generator[Progress, None, BPNetwork]:
    """Train a network on samples.

    Parameters
    ----------
    rows
        Features (n, features).
    targets
        Class index (n,) from 0 to count - 1.
    count
        Number of classes, at least 2.
    params
        Recipe.
    seed
        Of the initial weights.
    held
        Samples that are not learned from: their loss is in the curve, and with `patience` it ends the training.
    start
        A network of as many features and classes to go on from (`BPNetwork.with_outputs`), on other samples too.

    Yields
    ------
    LossProgress
        A point of the loss curve, among plain reports of progress.

    Returns
    -------
    BPNetwork
        `course` holds the curve.

    References
    ----------
    Seed paper, section 3.1, Table 1: sigmoid, binary cross-entropy, Adam, learning rate 0.02, 2000 iterations. Its initial
    weight of 0.5 is read as the half-width of a uniform draw, divided by the square root of the inputs, so that sums
    over many inputs stay where a sigmoid answers.
    """
    yield Progress(0.0, "BP network")  # torch takes a while to import
    import torch

    if start is not None and (start.inputs, start.outputs) != (rows.shape[1], count):
        raise ValueError(f"start has {start.inputs} features and {start.outputs} classes, not {rows.shape[1]} and {count}")
    small = len(rows) * max(rows.shape[1], *(int(h) for h in params.hidden)) <= SMALL_WORK
    # On few samples the threads would spend their time waiting for each other.
    torch.set_num_threads(1 if small else threads())
    if params.solver == "l-bfgs":
        from .bp_quick import quick_fit

        where = "cpu" if small else device()
        return (yield from quick_fit((rows, targets), count, params, seed, held, start, where))
    return (yield from _adam((rows, targets), count, params, seed, held, start))


def _adam(
    samples: Labelled, count: int, params: BPParams, seed: int, held: Labelled | None, start: BPNetwork | None
) -> Generator[Progress, None, BPNetwork]:
    """Adam over all samples in every iteration."""
    where = device()
    standard = Standard.of(samples[0])
    batch = standard.batch(samples, count, params.balance, where)
    kept = standard.batch(held, count, params.balance, where) if held and len(held[1]) else None
    widths = [samples[0].shape[1], *(int(h) for h in params.hidden), batch.truth.shape[1]]
    layers = Layers(widths, params.gain, seed, where)
    if start is not None:
        layers.take(restandardised(start, standard))
    yield Progress(0.0, "BP network")
    reported, points = monotonic(), []
    best, best_held, best_at = None, np.inf, 0
    for iteration in range(params.iterations):
        layers.step(batch.inputs, batch.truth, batch.weight, params.learning_rate, params.weight_decay / len(samples[1]))
        looking = iteration % REPORT_EVERY == 0
        if looking:
            loss = layers.loss(batch.truth, batch.weight)
            held_loss = layers.loss_of(kept.inputs, kept.truth, kept.weight) if kept else None
            points.append((iteration, loss, held_loss))
            if params.patience and held_loss is not None and held_loss < best_held:
                best, best_held, best_at = layers.copied(), held_loss, iteration
        if looking or monotonic() - reported > REPORT_AFTER:
            done = (iteration + 1) / params.iterations
            yield LossProgress(done, f"BP network, loss {loss:.4f}", None, iteration, loss, held_loss)
            reported = monotonic()
        if looking and (loss < params.tolerance or (best and iteration - best_at >= params.patience)):
            break
    weights, biases = best or layers.copied()
    course = Course(tuple(points), "standardised", (best_at if best else iteration) + 1)
    return BPNetwork(standard.mean, standard.scale, weights, biases, course)


def restandardised(network: BPNetwork, standard: Standard) -> BPNetwork:
    """The same function of the features, of inputs that are standardised by other samples."""
    first = network.weights[0].astype(np.float64) / network.scale
    bias = network.biases[0] + first @ (standard.mean.astype(np.float64) - network.mean)
    weights = ((first * standard.scale).astype(np.float32), *network.weights[1:])
    return BPNetwork(standard.mean, standard.scale, weights, (bias.astype(np.float32), *network.biases[1:]), network.course)
