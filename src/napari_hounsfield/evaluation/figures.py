"""The record of figures for one class, and how records are made of counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from .counts import Counts, counts_of, run_counts
from .rates import RATES, rates

if TYPE_CHECKING:
    from .objects import ObjectFigures

SURFACE_FIGURES = ("hausdorff_mm", "hausdorff95_mm", "average_surface_distance_mm", "surface_dice")
VOLUME_FIGURES = ("volume_ml", "reference_volume_ml", "volume_error_ml", "volume_error")
PROBABILITY_FIGURES = ("auc", "average_precision", "brier", "ece")
OBJECT_COUNTS = ("predicted_objects", "reference_objects", "detected_objects", "false_positive_objects")
OBJECT_FIGURES = (*OBJECT_COUNTS, "object_sensitivity", "object_precision", "object_dice")
FIGURES = (*RATES, *SURFACE_FIGURES, *VOLUME_FIGURES, *PROBABILITY_FIGURES, *OBJECT_FIGURES)
"""Every figure that a class may have, in the order in which they are shown."""

NOT_MEASURED = {
    **dict.fromkeys(SURFACE_FIGURES, "surfaces were not asked for"),
    **dict.fromkeys(VOLUME_FIGURES, "samples have no volume"),
    **dict.fromkeys(PROBABILITY_FIGURES, "the prediction has no probabilities"),
    **dict.fromkeys(OBJECT_FIGURES, "objects were not asked for"),
}
"""Why a figure is missing where nothing else is said."""


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
    matthews: float | None = None
    kappa: float | None = None
    hausdorff_mm: float | None = None
    hausdorff95_mm: float | None = None
    average_surface_distance_mm: float | None = None
    """Mean over the surface voxels of both, each to the other surface (symmetric)."""
    surface_dice: float | None = None
    volume_ml: float | None = None
    """Of the prediction, in what was counted."""
    reference_volume_ml: float | None = None
    volume_error_ml: float | None = None
    """Prediction less reference."""
    volume_error: float | None = None
    """The same as a share of the reference."""
    auc: float | None = None
    average_precision: float | None = None
    brier: float | None = None
    ece: float | None = None
    """Expected calibration error."""
    predicted_objects: int | None = None
    reference_objects: int | None = None
    detected_objects: int | None = None
    """Of the reference's, those with a partner in the prediction."""
    false_positive_objects: int | None = None
    """Of the prediction's, those without a partner; in one scan."""
    object_sensitivity: float | None = None
    object_precision: float | None = None
    object_dice: float | None = None
    """Mean Dice of the pairs."""
    objects: tuple[ObjectFigures, ...] = ()
    """The largest objects of both maps, each pair once."""
    reasons: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Every figure by its name, with null for undefined ones."""
        return asdict(self)


def class_figures(
    label: int, name: str, counts: Counts, measured: Mapping[str, Any], reasons: Mapping[str, str] | None = None
) -> ClassFigures:
    """Record of counts, the rates that follow from them, and whatever else was measured.

    Parameters
    ----------
    label, name
        The class.
    counts
        Of the class against the rest.
    measured
        Other figures by name; None, or left out, is undefined.
    reasons
        Why figures are undefined, where `NOT_MEASURED` does not say it rightly.
    """
    values, undefined = rates(counts)
    known = {**NOT_MEASURED, **undefined, **(reasons or {})}
    every = {**values, **measured}
    missing = {figure: known[figure] for figure in FIGURES if every.get(figure) is None}
    return ClassFigures(label, name, counts.tp, counts.fp, counts.fn, counts.tn, **every, reasons=missing)


def volume_figures(counts: Counts, voxel_volume: float) -> tuple[dict[str, float | None], dict[str, str]]:
    """Volumes of prediction and reference in ml, and their difference; `voxel_volume` in cubic mm."""
    ours, theirs = counts.tp + counts.fp, counts.tp + counts.fn
    values = {
        "volume_ml": ours * voxel_volume / 1000,
        "reference_volume_ml": theirs * voxel_volume / 1000,
        "volume_error_ml": (ours - theirs) * voxel_volume / 1000,
        "volume_error": (ours - theirs) / theirs if theirs else None,
    }
    return values, {} if theirs else {"volume_error": rates(counts)[1]["sensitivity"]}


def figures_of(predicted: ArrayLike, truth: ArrayLike, classes: Mapping[int, str]) -> tuple[ClassFigures, ...]:
    """Figures of labelled samples, one record for each class; without surfaces, volumes and objects.

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
    counts = counts_of(run_counts(ours, theirs), classes)
    reasons = dict.fromkeys(SURFACE_FIGURES, "samples have no surface") | dict.fromkeys(OBJECT_FIGURES, "samples are no objects")
    return tuple(class_figures(value, name, counts[value], {}, reasons) for value, name in sorted(classes.items()))


def macro_means(classes: Sequence[ClassFigures]) -> dict[str, Any]:
    """Mean of each figure over the classes where it is defined; null where it is defined for none."""
    means: dict[str, Any] = {}
    reasons = {}
    for name in FIGURES:
        values = [value for c in classes if (value := getattr(c, name)) is not None]
        means[name] = float(np.mean(values)) if values else None
        if not values:
            given = {str(c.reasons.get(name, "")) for c in classes}
            reasons[name] = (
                given.pop() if len(given) == 1 and given <= set(NOT_MEASURED.values()) else "undefined for every class"
            )
    return {**means, "reasons": reasons}


def pooled(classes: Sequence[ClassFigures]) -> dict[str, Any]:
    """Counts summed over the classes, and the rates that follow from the sums (micro averages), with `reasons`."""
    counts = Counts(*(sum(getattr(c, name) for c in classes) for name in ("tp", "fp", "fn", "tn")))
    values, reasons = rates(counts)
    return {"tp": counts.tp, "fp": counts.fp, "fn": counts.fn, "tn": counts.tn, **values, "reasons": reasons}
