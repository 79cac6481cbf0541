"""The record of figures for one class, and how records are made of counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .counts import Counts, class_counts, run_counts
from .rates import RATES, rates

SURFACE_FIGURES = ("hausdorff_mm", "hausdorff95_mm", "surface_dice")


@dataclass(frozen=True)
class ClassFigures:
    """One class against the rest. A figure that is undefined is None, and its reason is in `reasons`."""

    label: int
    name: str
    tp: int
    fp: int
    fn: int
    tn: int
    sensitivity: float | None = None
    specificity: float | None = None
    accuracy: float | None = None
    balanced_accuracy: float | None = None
    precision: float | None = None
    dice: float | None = None
    jaccard: float | None = None
    hausdorff_mm: float | None = None
    hausdorff95_mm: float | None = None
    surface_dice: float | None = None
    reasons: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Every figure by its name, with null for undefined ones."""
        return asdict(self)


def class_figures(
    label: int, name: str, counts: Counts, surface: Mapping[str, float | None], reasons: Mapping[str, str]
) -> ClassFigures:
    """Record of counts, the rates that follow from them, and surface figures with the reasons for those that are undefined."""
    values, undefined = rates(counts)
    return ClassFigures(
        label, name, counts.tp, counts.fp, counts.fn, counts.tn, **values, **surface, reasons={**undefined, **reasons}
    )


def figures_of(predicted: ArrayLike, truth: ArrayLike, classes: Mapping[int, str]) -> tuple[ClassFigures, ...]:
    """Figures of labelled samples, one record for each class; without surface distances.

    Parameters
    ----------
    predicted, truth
        Whole numbers (n,).
    classes
        Label values and names of the classes, background too where it is one.

    Raises
    ------
    ValueError
        If the two are not of one length.
    """
    ours, theirs = np.asarray(predicted).ravel(), np.asarray(truth).ravel()
    if ours.size != theirs.size:
        raise ValueError(f"{ours.size} predictions for {theirs.size} samples")
    pairs = run_counts(ours, theirs) if ours.size else {}
    reasons = dict.fromkeys(SURFACE_FIGURES, "samples have no surface")
    return tuple(class_figures(value, name, class_counts(pairs, value), {}, reasons) for value, name in sorted(classes.items()))


def macro_means(classes: Sequence[ClassFigures]) -> dict[str, Any]:
    """Mean of each figure over the classes where it is defined; null where it is defined for none."""
    means: dict[str, Any] = {}
    reasons = {}
    for name in (*RATES, *SURFACE_FIGURES):
        values = [value for c in classes if (value := getattr(c, name)) is not None]
        means[name] = float(np.mean(values)) if values else None
        if not values:
            reasons[name] = "undefined for every class"
    return {**means, "reasons": reasons}
