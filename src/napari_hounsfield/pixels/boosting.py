"""The gradient boosting of scikit-learn, behind a pixel classifier."""

from __future__ import annotations

from collections.abc import Generator
from functools import partial
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.operation import Params, Progress, number
from napari_hounsfield.runtime import threads

from .sample_classifier import SampleClassifier, balanced, beside

AT_ONCE = 10
"""Rounds between two places where the work can be stopped."""
VISITS = 8_000_000
"""Rows times trees that are recognised between two reports of progress."""

SMALL = 1_000_000
"""Samples times features under which one thread is fastest."""


FEWEST = 20
"""Samples of a leaf at least, as scikit-learn has it; of few samples a tenth."""
LEVELS = 255
"""Values of a feature that are told apart in training, as scikit-learn does."""


class BoostingParams(Params):
    """Gradient boosting of histograms (`HistGradientBoostingClassifier` of scikit-learn)."""

    rounds: int = number(100, 1, 10_000)
    """Rounds of boosting, one tree a class each."""
    rate: float = number(0.1, 0.001, 1.0)
    """Part of each tree that is taken."""
    leaves: int = number(31, 2, 1024)
    """Leaves of a tree at most."""
    balance: bool = True
    """Let every class count the same, however many samples it has."""


class Boosting(SampleClassifier[BoostingParams]):
    """Gradient boosting."""

    name: ClassVar[str] = "gradient boosting"

    def _learn(self) -> Generator[Progress, None, Any]:
        from sklearn.ensemble import HistGradientBoostingClassifier

        params = self.params
        model = HistGradientBoostingClassifier(
            learning_rate=params.rate,
            max_leaf_nodes=params.leaves,
            min_samples_leaf=max(2, min(FEWEST, len(self.targets) // 10)),
            early_stopping=False,
            warm_start=True,
            random_state=self.seed,
        )
        weight = balanced(self.targets) if params.balance else None
        rows, done = levelled(self.rows), 0
        while done < params.rounds:
            before, done = done, min(done + AT_ONCE, params.rounds)
            model.set_params(max_iter=done)
            grow = partial(_fit, model, rows, self.targets, weight)
            yield from beside(grow, Progress(before / params.rounds, self.name))
        return model

    def _recognise(self, model: Any, rows: NDArray[np.float32]) -> NDArray[Any]:
        found: NDArray[Any] = model.predict_proba(rows)
        return found

    def _together(self, model: Any) -> int:
        return VISITS // (self.params.rounds * self.outputs)


def levelled(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Features (n, features) of which each takes at most `LEVELS` values: the means of as many parts of about the same size.

    Scikit-learn would find these parts itself, but where samples have weights it sorts them once more for every part.
    """
    found = np.array(rows, np.float32)
    for column in found.T:
        if len(np.unique(column)) > LEVELS:
            edges = np.unique(np.quantile(column, np.linspace(0, 1, LEVELS + 1)[1:-1]))
            level = np.searchsorted(edges, column, side="right")
            sums, sizes = np.bincount(level, column), np.bincount(level)
            column[:] = (sums / np.maximum(sizes, 1))[level]
    return found


def _fit(model: Any, rows: NDArray[np.float32], targets: NDArray[np.int64], weight: NDArray[np.float64] | None) -> None:
    """Fit with one thread where samples are few: several would spend their time waiting for each other."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1 if rows.size <= SMALL else threads(), user_api="openmp"):
        model.fit(rows, targets, weight)
