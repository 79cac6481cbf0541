"""The support vector machine of scikit-learn, behind a pixel classifier, recognising by matrix products."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.operation import Params, Progress, number
from napari_hounsfield.runtime import threads

from .sample_classifier import SampleClassifier, beside

FOLDS = 3
"""Parts of the samples, each decided by a machine trained on the others, from which probabilities are learned."""
LEAST_SLOPE = -0.1
"""Of two classes the least that a decision, which is positive for the first, says of the second."""
KERNELS = 20_000_000
"""Voxels times support vectors between two reports of progress: 80 MB."""


class SVMParams(Params):
    """A support vector machine with a Gaussian kernel (RBF) over standardised features."""

    penalty: float = number(3.0, 1e-3, 1e6)
    """Weight of samples on the wrong side (C in scikit-learn)."""
    kernel: float = number(1.0, 1e-4, 1e4)
    """Inverse square width of the kernel, in terms of 1 / features (gamma in scikit-learn)."""
    samples: int = number(4000, 100, 100_000)
    """Samples learned from at most, drawn evenly from the classes: time grows with their square."""
    balance: bool = True
    """Let every class count the same, however many samples it has."""


@dataclass(frozen=True, eq=False)
class Machine:
    """Decisions of all pairs of classes, and probabilities from them."""

    mean: NDArray[np.float32]
    scale: NDArray[np.float32]
    gamma: float
    vectors: NDArray[np.float32]
    """Support vectors (n, features), standardised."""
    weights: NDArray[np.float32]
    """(n, pairs) of each vector in the decision between two classes."""
    shifts: NDArray[np.float32]
    slopes: NDArray[np.float32]
    """(pairs, classes) of the logistic regression from decisions to classes."""
    offsets: NDArray[np.float32]

    def decisions(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Signed distances (n, pairs) of features (n, features); positive for the first class of the pair."""
        import torch

        torch.set_num_threads(threads())
        with torch.inference_mode():
            values = torch.from_numpy((rows - self.mean) / self.scale)
            vectors = torch.from_numpy(self.vectors)
            squares = torch.addmm((vectors * vectors).sum(1), values, vectors.T, alpha=-2.0)
            squares.add_((values * values).sum(1, keepdim=True)).clamp_min_(0.0)
            kernel = squares.mul_(-self.gamma).exp_()
            found: NDArray[np.float32] = torch.addmm(
                torch.from_numpy(self.shifts), kernel, torch.from_numpy(self.weights)
            ).numpy()
        return found

    def probabilities(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Class probabilities (n, classes)."""
        from scipy.special import softmax

        found: NDArray[np.float32] = softmax(self.decisions(rows) @ self.slopes + self.offsets, axis=1)
        return found


class SVM(SampleClassifier[SVMParams]):
    """A support vector machine, one against one; probabilities by logistic regression on decisions of samples left out."""

    name: ClassVar[str] = "support vector machine"

    def _learn(self) -> Generator[Progress, None, Any]:
        from sklearn.linear_model import LogisticRegression

        random = np.random.default_rng(self.seed)
        rows, targets = self.rows, self.targets
        chosen = self._some(random)
        rows, targets = rows[chosen], targets[chosen]
        machine = yield from beside(lambda: self._machine(rows, targets), Progress(0.1, self.name))
        fold = _folds(targets, random)
        decided = np.zeros((len(targets), len(machine.shifts)), np.float32)
        for part_left_out in range(FOLDS):
            left_out = fold == part_left_out
            others = ~left_out
            if len(np.unique(targets[others])) < self.outputs:  # a class of one sample
                decided[left_out] = machine.decisions(rows[left_out])
                continue
            progress = Progress((part_left_out + 1) / (FOLDS + 1), self.name)
            other = yield from beside(partial(self._machine, rows[others], targets[others]), progress)
            decided[left_out] = other.decisions(rows[left_out])
        link = LogisticRegression(max_iter=1000, class_weight="balanced" if self.params.balance else None)
        yield from beside(lambda: link.fit(decided.astype(np.float64), targets), Progress(0.9, self.name))
        slopes, offsets = link.coef_.T.astype(np.float32), link.intercept_.astype(np.float32)
        if self.outputs == 2:
            if slopes.item() > LEAST_SLOPE:  # few samples, left out in turn, can look as if decisions were the wrong way round
                slopes, offsets = np.full_like(slopes, LEAST_SLOPE), np.zeros_like(offsets)
            slopes, offsets = np.concatenate([0 * slopes, slopes], axis=1), np.concatenate([0 * offsets, offsets])
        return Machine(
            machine.mean, machine.scale, machine.gamma, machine.vectors, machine.weights, machine.shifts, slopes, offsets
        )

    def _some(self, random: np.random.Generator) -> NDArray[np.intp]:
        """Samples to learn from: all, or as many of each class as there is room for."""
        if len(self.targets) <= self.params.samples:
            return np.arange(len(self.targets))
        share = max(1, self.params.samples // self.outputs)
        drawn = [random.permutation(np.flatnonzero(self.targets == value))[:share] for value in range(self.outputs)]
        return np.sort(np.concatenate(drawn))

    def _machine(self, rows: NDArray[np.float32], targets: NDArray[np.int64]) -> Machine:
        from sklearn.svm import SVC

        mean, scale = rows.mean(axis=0), rows.std(axis=0)
        scale[scale < 1e-6] = 1.0
        gamma = self.params.kernel / rows.shape[1]
        weight = "balanced" if self.params.balance else None
        fitted = SVC(C=self.params.penalty, gamma=gamma, class_weight=weight).fit((rows - mean) / scale, targets)
        weights, shifts = pair_weights(fitted)
        none = np.zeros((0, 0), np.float32)
        return Machine(mean, scale, gamma, fitted.support_vectors_.astype(np.float32), weights, shifts, none, none)

    def _recognise(self, model: Machine, rows: NDArray[np.float32]) -> NDArray[Any]:
        return model.probabilities(rows)

    def _together(self, model: Machine) -> int:
        return KERNELS // max(1, len(model.vectors))


def pair_weights(fitted: Any) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Weights (support vectors, pairs) and shifts (pairs,) of the decisions between classes, first against second.

    scikit-learn keeps, for each support vector, its weight against each of the other classes (libsvm's layout).
    """
    ends = np.cumsum(fitted.n_support_)
    starts = ends - fitted.n_support_
    count = len(ends)
    if count == 2:
        return (-fitted.dual_coef_.T).astype(np.float32), (-fitted.intercept_).astype(np.float32)
    weights = np.zeros((len(fitted.support_), count * (count - 1) // 2), np.float32)
    for pair, (first, second) in enumerate(combinations(range(count), 2)):
        ours, theirs = slice(starts[first], ends[first]), slice(starts[second], ends[second])
        weights[ours, pair] = fitted.dual_coef_[second - 1, ours]
        weights[theirs, pair] = fitted.dual_coef_[first, theirs]
    return weights, fitted.intercept_.astype(np.float32)


def _folds(targets: NDArray[np.int64], random: np.random.Generator) -> NDArray[np.intp]:
    """A fold for each sample, even within each class."""
    fold = np.empty(len(targets), np.intp)
    for value in np.unique(targets):
        places = random.permutation(np.flatnonzero(targets == value))
        fold[places] = np.arange(len(places)) % FOLDS
    return fold
