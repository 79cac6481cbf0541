"""The random forest of scikit-learn, behind a pixel classifier."""

from __future__ import annotations

from collections.abc import Generator
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar

from numpy.typing import NDArray

from napari_hounsfield.operation import Params, Progress, number
from napari_hounsfield.runtime import threads

from .sample_classifier import SampleClassifier, balanced, beside

if TYPE_CHECKING:
    import numpy as np

VISITS = 8_000_000
"""Rows times trees that are recognised between two reports of progress: about 0.15 s; smaller pieces take longer in all."""
GROWING_SECONDS = 0.2
"""Time that the trees grown in one go may take, where one takes less."""


class ForestParams(Params):
    """A random forest of scikit-learn."""

    trees: int = number(100, 1, 10_000)
    """Number of trees."""
    balance: bool = True
    """Let every class count the same, however many samples it has."""


class Forest(SampleClassifier[ForestParams]):
    """A random forest."""

    name: ClassVar[str] = "random forest"

    def _learn(self) -> Generator[Progress, None, Any]:
        """Grow the trees a few at a time, which gives the same forest as all at once."""
        from sklearn.ensemble import RandomForestClassifier

        weight = balanced(self.targets) if self.params.balance else None
        forest = RandomForestClassifier(random_state=self.seed, n_jobs=threads(), warm_start=True)
        trees, more = 0, threads()
        while trees < self.params.trees:
            begun, before = monotonic(), trees
            trees = min(trees + more, self.params.trees)
            forest.set_params(n_estimators=trees)
            grow = partial(forest.fit, self.rows, self.targets, weight)
            yield from beside(grow, Progress(before / self.params.trees, self.name))
            each = (monotonic() - begun) / (trees - before)
            more = max(threads(), int(GROWING_SECONDS / max(each, 1e-6)))
        return forest

    def _recognise(self, model: Any, rows: NDArray[np.float32]) -> NDArray[Any]:
        found: NDArray[Any] = model.predict_proba(rows)
        return found

    def _together(self, model: Any) -> int:
        return VISITS // self.params.trees
