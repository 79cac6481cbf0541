"""What can stand behind a pixel classifier: the BP network, and the forest it is measured against."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from functools import partial
from time import monotonic
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.bp import BPNetwork, BPParams, fit
from napari_hounsfield.errors import ModelError
from napari_hounsfield.operation import Params, Progress, finish, number, part
from napari_hounsfield.runtime import threads

FOREST_VISITS = 8_000_000
"""Rows times trees that are recognised between two reports of progress: about 0.15 s; smaller pieces take longer in all."""
REPORT_AFTER = 0.1
"""Seconds between two reports of progress while trees grow."""
GROWING_SECONDS = 0.2
"""Time that the trees grown in one go may take, where one takes less."""


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

    def steps(self, rows: NDArray[np.float32]) -> Generator[Progress, None, NDArray[np.float32]]:
        """Find the same as `probabilities`, in steps."""

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

    def grown(self) -> Generator[Progress, None, Any]:
        """Grow the trees, where this is not done yet: a few at a time, which gives the same forest as all at once."""
        if "_forest" not in self.__dict__:
            yield Progress(0.0, "random forest")  # scikit-learn takes a while to import
            from sklearn.ensemble import RandomForestClassifier
            from sklearn.utils.class_weight import compute_sample_weight

            weight = compute_sample_weight("balanced", self.targets) if self.params.balance else None
            forest = RandomForestClassifier(random_state=self.seed, n_jobs=threads(), warm_start=True)
            trees, more = 0, threads()
            while trees < self.params.trees:
                begun, before = monotonic(), trees
                trees = min(trees + more, self.params.trees)
                forest.set_params(n_estimators=trees)
                grow = partial(forest.fit, self.rows, self.targets, weight)
                yield from _beside(grow, Progress(before / self.params.trees, "random forest"))
                each = (monotonic() - begun) / (trees - before)
                more = max(threads(), int(GROWING_SECONDS / max(each, 1e-6)))
            self.__dict__["_forest"] = forest  # only when it is whole
        return self.__dict__["_forest"]

    def probabilities(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Class probabilities (n, classes) of features (n, features)."""
        return finish(self.steps(rows))

    def steps(self, rows: NDArray[np.float32]) -> Generator[Progress, None, NDArray[np.float32]]:
        """Find the same as `probabilities`, in steps."""
        forest = yield from part(self.grown(), 0.0, 0.5)
        out = np.empty((len(rows), self.outputs), np.float32)
        some = max(1, FOREST_VISITS // self.params.trees)
        for start in range(0, len(rows), some):
            out[start : start + some] = forest.predict_proba(rows[start : start + some])
            yield Progress(0.5 + 0.5 * start / len(rows), "random forest")
        return out

    def tensors(self) -> dict[str, NDArray[Any]]:
        """Samples, by name."""
        return {"rows": self.rows, "targets": self.targets}


def _beside(work: Callable[[], Any], progress: Progress) -> Generator[Progress, None, None]:
    """Do what cannot be divided, such as one tree of many samples, in a thread, reporting meanwhile.

    Closed, it returns at once; the thread ends with that work and begins nothing more.
    """
    thread = ThreadPoolExecutor(1)
    try:
        done: Future[Any] = thread.submit(work)
        while not wait((done,), REPORT_AFTER).done:
            yield progress
        done.result()
    finally:
        thread.shutdown(wait=False)


def fitted(
    kind: str, rows: NDArray[np.float32], targets: NDArray[np.int64], count: int, bp: BPParams, forest: ForestParams, seed: int
) -> Generator[Progress, None, Recogniser]:
    """Train the classifier of a kind (`bp` or `forest`) on samples."""
    if kind == "bp":
        return (yield from fit(rows, targets, count, bp, seed))
    trained = Forest(rows, targets, forest, seed)
    yield from trained.grown()
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
