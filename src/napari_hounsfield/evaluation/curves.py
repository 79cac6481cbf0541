"""What probabilities draw: plain records of ROC, precision-recall and reliability curves, and of the confusion matrix."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Confusion:
    """How often each class of the reference (row) is given each class of the prediction (column); background is one of them."""

    labels: tuple[int, ...] = ()
    names: tuple[str, ...] = ()
    counts: tuple[tuple[int, ...], ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Every field by its name."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """Voxels whose probability of a class lies in (lower, upper]; the first bin holds its lower end too."""

    lower: float
    upper: float
    count: int
    mean_probability: float | None
    """None in an empty bin."""
    share: float | None
    """Of the voxels that are of the class; None in an empty bin."""


@dataclass(frozen=True)
class ClassCurves:
    """Curves of one class against the rest. The figures are exact; curves are thinned to what a picture can show."""

    label: int
    name: str
    auc: float | None = None
    average_precision: float | None = None
    brier: float | None = None
    ece: float | None = None
    roc: tuple[tuple[float, float], ...] = ()
    """(1 - specificity, sensitivity), both from 0 to 1."""
    precision_recall: tuple[tuple[float, float], ...] = ()
    """(recall, precision), by rising recall."""
    reliability: tuple[ReliabilityBin, ...] = ()
    reasons: dict[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Every field by its name, with null for undefined figures."""
        return asdict(self)
