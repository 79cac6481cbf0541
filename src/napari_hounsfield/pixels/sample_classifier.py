"""Classifiers of scikit-learn, kept as their samples: what they learn cannot be stored without running code."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.errors import ModelError
from napari_hounsfield.operation import Params, Progress, finish, part

REPORT_AFTER = 0.1
"""Seconds between two reports of progress while something is learned."""

P = TypeVar("P", bound=Params)


@dataclass(frozen=True, eq=False)
class SampleClassifier(ABC, Generic[P]):
    """Samples, parameters and seed, from which the same model is learned again when it is first used.

    Attributes
    ----------
    rows
        Features (n, features).
    targets
        Class index (n,); every class has a sample.
    """

    name: ClassVar[str]
    """For people."""

    rows: NDArray[np.float32]
    targets: NDArray[np.int64]
    params: P
    seed: int = 0

    @property
    def inputs(self) -> int:
        """Number of features."""
        return int(self.rows.shape[1])

    @property
    def outputs(self) -> int:
        """Number of classes."""
        return int(self.targets.max()) + 1

    @abstractmethod
    def _learn(self) -> Generator[Progress, None, Any]:
        """Learn the model, in steps."""

    @abstractmethod
    def _recognise(self, model: Any, rows: NDArray[np.float32]) -> NDArray[Any]:
        """Class probabilities (n, classes) of some voxels."""

    @abstractmethod
    def _together(self, model: Any) -> int:
        """Voxels to recognise between two reports of progress."""

    def learned(self) -> Generator[Progress, None, Any]:
        """The model; it is learned where this is not done yet."""
        if "_model" not in self.__dict__:
            yield Progress(0.0, self.name)  # scikit-learn takes a while to import
            model = yield from self._learn()
            self.__dict__["_model"] = model  # only when it is whole
        return self.__dict__["_model"]

    def probabilities(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Class probabilities (n, classes) of features (n, features)."""
        return finish(self.steps(rows))

    def steps(self, rows: NDArray[np.float32]) -> Generator[Progress, None, NDArray[np.float32]]:
        """Find the same as `probabilities`, in steps."""
        ready = 0.0 if "_model" in self.__dict__ else 0.5
        model = yield from part(self.learned(), 0.0, ready)
        out = np.empty((len(rows), self.outputs), np.float32)
        some = max(1, self._together(model))
        for start in range(0, len(rows), some):
            out[start : start + some] = self._recognise(model, np.ascontiguousarray(rows[start : start + some], np.float32))
            yield Progress(ready + (1 - ready) * min(1.0, (start + some) / len(rows)), self.name)
        return out

    def tensors(self) -> dict[str, NDArray[Any]]:
        """Samples, by name."""
        return {"rows": self.rows, "targets": self.targets}

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, NDArray[Any]], params: P, seed: int) -> Self:
        """Rebuild a classifier from its samples.

        Raises
        ------
        ModelError
            If the tensors are not samples.
        """
        rows, targets = tensors.get("rows"), tensors.get("targets")
        if rows is None or targets is None or rows.ndim != 2 or targets.shape != rows.shape[:1] or targets.dtype.kind != "i":
            raise ModelError(f"the tensors are not the samples of a {cls.name}")
        if not len(targets) or targets.min() < 0 or len(np.unique(targets)) != targets.max() + 1:
            raise ModelError(f"the samples of the {cls.name} do not hold every class")
        return cls(rows, targets, params, seed)


def balanced(targets: NDArray[np.int64]) -> NDArray[np.float64]:
    """Weight of each sample (n,) with which every class counts the same; 1 in the mean."""
    sizes = np.bincount(targets)
    weights: NDArray[np.float64] = (len(targets) / (np.count_nonzero(sizes) * np.maximum(sizes, 1)))[targets]
    return weights


def beside(work: Callable[[], Any], progress: Progress) -> Generator[Progress, None, Any]:
    """Do what cannot be divided, such as one tree of many samples, in a thread, reporting meanwhile.

    Closed, it returns at once; the thread ends with that work and begins nothing more.
    """
    thread = ThreadPoolExecutor(1)
    try:
        done: Future[Any] = thread.submit(work)
        while not wait((done,), REPORT_AFTER).done:
            yield progress
        return done.result()
    finally:
        thread.shutdown(wait=False)
