"""What can stand behind a pixel classifier: the BP network, and the forest it is measured against."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.bp import BPNetwork, BPParams, fit
from napari_hounsfield.errors import ModelError
from napari_hounsfield.operation import Params, Progress, number
from napari_hounsfield.runtime import threads


class Recogniser(Protocol):
    """Class probabilities from features, and tensors to save."""

    @property
    def inputs(self) -> int:
        """Number of features."""

    @property
    def outputs(self) -> int:
        """Number of classes."""

    def probabilities(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Class probabilities (n, classes) of features (n, features)."""

    def tensors(self) -> dict[str, NDArray[Any]]:
        """Everything to save, by name."""


class ForestParams(Params):
    """A random forest of scikit-learn."""

    trees: int = number(100, 1, 10_000)
    """Number of trees."""
    balance: bool = True
    """Let every class count the same, however many samples it has."""


@dataclass(frozen=True, eq=False)
class Forest:
    """A random forest, kept as its samples and refitted when it is first used: trees cannot be stored without running code."""

    rows: NDArray[np.float32]
    targets: NDArray[np.int64]
    params: ForestParams = field(default_factory=ForestParams)
    seed: int = 0

    @property
    def inputs(self) -> int:
        """Number of features."""
        return int(self.rows.shape[1])

    @property
    def outputs(self) -> int:
        """Number of classes."""
        return int(self.targets.max()) + 1

    @cached_property
    def _fitted(self) -> Any:
        from sklearn.ensemble import RandomForestClassifier

        weight = "balanced" if self.params.balance else None
        forest = RandomForestClassifier(self.params.trees, random_state=self.seed, n_jobs=threads(), class_weight=weight)
        return forest.fit(self.rows, self.targets)

    def probabilities(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Class probabilities (n, classes) of features (n, features)."""
        found: NDArray[np.float32] = self._fitted.predict_proba(rows).astype(np.float32)
        return found

    def tensors(self) -> dict[str, NDArray[Any]]:
        """Samples, by name."""
        return {"rows": self.rows, "targets": self.targets}


def fitted(
    kind: str, rows: NDArray[np.float32], targets: NDArray[np.int64], count: int, bp: BPParams, forest: ForestParams, seed: int
) -> Generator[Progress, None, Recogniser]:
    """Train the classifier of a kind (`bp` or `forest`) on samples."""
    if kind == "bp":
        return (yield from fit(rows, targets, count, bp, seed))
    trained = Forest(rows, targets, forest, seed)
    yield Progress(0.1, "random forest")
    trained.probabilities(rows[:1])
    return trained


def rebuilt(kind: str, tensors: Mapping[str, NDArray[Any]], forest: ForestParams, seed: int) -> Recogniser:
    """Rebuild a classifier of a kind from its tensors.

    Raises
    ------
    ModelError
        If the tensors are not those of the kind.
    """
    if kind == "bp":
        return BPNetwork.from_tensors(tensors)
    rows, targets = tensors.get("rows"), tensors.get("targets")
    if rows is None or targets is None or rows.ndim != 2 or targets.shape != rows.shape[:1] or targets.dtype.kind != "i":
        raise ModelError("the tensors are not the samples of a forest")
    if not len(targets) or targets.min() < 0 or len(np.unique(targets)) != targets.max() + 1:
        raise ModelError("the forest's samples do not hold every class")
    return Forest(rows, targets, forest, seed)
