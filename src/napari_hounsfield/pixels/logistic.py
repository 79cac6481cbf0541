"""The logistic regression of scikit-learn, behind a pixel classifier."""

from __future__ import annotations

from collections.abc import Generator
from functools import partial
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.operation import Params, Progress, number

from .sample_classifier import SampleClassifier, balanced, beside

TOGETHER = 500_000
"""Voxels between two reports of progress."""


class LogisticParams(Params):
    """Logistic regression on standardised features: classes are divided by planes."""

    regularisation: float = number(1.0, 1e-6, 1e6)
    """Pull of the weights towards zero (1 / C in scikit-learn)."""
    balance: bool = True
    """Let every class count the same, however many samples it has."""


class Logistic(SampleClassifier[LogisticParams]):
    """Multinomial logistic regression."""

    name: ClassVar[str] = "logistic regression"

    def _learn(self) -> Generator[Progress, None, Any]:
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        regression = LogisticRegression(C=1 / self.params.regularisation, max_iter=1000)
        model = make_pipeline(StandardScaler(), regression)
        weight = balanced(self.targets) if self.params.balance else None
        rows = self.rows.astype(np.float64)  # converges in fewer steps than in single precision
        fit = partial(model.fit, rows, self.targets, logisticregression__sample_weight=weight)
        return (yield from beside(fit, Progress(0.5, self.name)))

    def _recognise(self, model: Any, rows: NDArray[np.float32]) -> NDArray[Any]:
        found: NDArray[Any] = model.predict_proba(rows)
        return found

    def _together(self, model: Any) -> int:
        return TOGETHER
