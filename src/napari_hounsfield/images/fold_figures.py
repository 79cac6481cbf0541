"""Figures of a model on images that it did not learn from: counts, rates, area under the ROC curve, and how sure they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.errors import ParameterError
from napari_hounsfield.evaluation.clustered import clustered_areas
from napari_hounsfield.evaluation.counts import Counts
from napari_hounsfield.evaluation.intervals import NO_SPREAD, Bootstrap, Interval, wilson
from napari_hounsfield.evaluation.paired import placements, roc_areas
from napari_hounsfield.evaluation.rates import ALL_REFERENCE, NO_REFERENCE, NOTHING, rates

RATES = ("sensitivity", "specificity", "accuracy")
FIGURES = (*RATES, "auc")
CONFIDENCE = 0.95
PERFECT = "the area is 1 or 0, whose variance is unknown"
MEAN = "a mean over classes, each of which has an interval"

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
Figures = dict[str, Any]


def figures_of(
    targets: Whole, probabilities: Floats, patients: Whole, classes: Sequence[str], positive: str, by_patient: bool
) -> Figures:
    """Figures of one set of images.

    With a positive class it is that class against the rest, and an image is called positive where no class is more probable.
    Without, counts are sums over the classes, each against the rest; sensitivity, specificity and AUC are means over the classes
    (macro), accuracy is the share of images that are given their class, and `classes` has the figures of each.

    Parameters
    ----------
    targets
        Class index (n,).
    probabilities
        (n, classes).
    patients
        Whole numbers (n,).
    classes
        Names.
    positive
        One of them, or empty.
    by_patient
        Whether intervals let whole patients vary: where some patient of the study has several images.

    Returns
    -------
    dict
        `images`, `patients`, `tp`, `fp`, `fn`, `tn`, `sensitivity`, `specificity`, `accuracy`, `auc`, `intervals` of these,
        `reasons` for what is None (of an interval by the name `intervals.auc`), `confusion` (a row a class, a column what it is
        called).
    """
    called = called_class(probabilities)
    head = {"images": len(targets), "patients": len(np.unique(patients))}
    confusion = np.zeros((len(classes), len(classes)), np.int64)
    np.add.at(confusion, (targets, called), 1)

    def one(place: int) -> Figures:
        return _binary(targets == place, called == place, probabilities[:, place], patients, by_patient)

    if positive:
        return head | one(list(classes).index(positive)) | {"confusion": confusion.tolist()}
    each = {name: one(place) for place, name in enumerate(classes)}
    return head | _macro(each, targets == called, patients, by_patient) | {"confusion": confusion.tolist(), "classes": each}


def called_class(probabilities: Floats) -> Whole:
    """The most probable class (n,) of each image; the first of equal ones."""
    return probabilities.argmax(axis=1) if len(probabilities) else np.zeros(0, np.int64)


def _binary(truth: NDArray[np.bool_], called: NDArray[np.bool_], scores: Floats, patients: Whole, by_patient: bool) -> Figures:
    hits = called == truth
    counts = Counts(*(int(np.count_nonzero(part)) for part in (truth & called, ~truth & called, truth & ~called, ~truth & hits)))
    values, why = rates(counts)
    found: Figures = {"tp": counts.tp, "fp": counts.fp, "fn": counts.fn, "tn": counts.tn} | {name: values[name] for name in RATES}
    reasons = {name: why[name] for name in RATES if name in why}
    intervals: dict[str, Interval | None] = {}
    for name, counted in zip(RATES, (truth, ~truth, np.ones_like(truth)), strict=True):
        interval = _rate_interval(hits[counted], patients[counted], by_patient) if name not in reasons else reasons[name]
        _note(name, interval, intervals, reasons)
    if not len(truth) or truth.all() or not truth.any():
        reason = NOTHING if not len(truth) else ALL_REFERENCE if truth.all() else NO_REFERENCE
        found["auc"], reasons["auc"] = None, reason
        _note("auc", reason, intervals, reasons)
    else:
        found["auc"] = float(placements(scores, truth)[0].mean())
        _note("auc", _area_interval(scores, truth, patients if by_patient else None), intervals, reasons)
    return found | {"intervals": _listed(intervals), "reasons": reasons}


def _macro(each: dict[str, Figures], right: NDArray[np.bool_], patients: Whole, by_patient: bool) -> Figures:
    found: Figures = {name: sum(figures[name] for figures in each.values()) for name in ("tp", "fp", "fn", "tn")}
    reasons: dict[str, str] = {}
    intervals: dict[str, Interval | None] = {}
    for name in FIGURES:
        values = [figures[name] for figures in each.values()]
        missing = [label for label, figures in each.items() if figures[name] is None]
        found[name] = None if missing else float(np.mean(values))
        if missing:
            reasons[name] = f"undefined for {missing[0]}: {each[missing[0]]['reasons'][name]}"
        _note(name, MEAN, intervals, reasons)
    if len(right):
        found["accuracy"] = int(np.count_nonzero(right)) / len(right)
        reasons.pop("intervals.accuracy")
        _note("accuracy", _rate_interval(right, patients, by_patient), intervals, reasons)
    return found | {"intervals": _listed(intervals), "reasons": reasons}


def _rate_interval(hits: NDArray[np.bool_], patients: Whole, by_patient: bool) -> Interval | str:
    """Interval of the share of true values."""
    if not by_patient:
        return wilson(int(np.count_nonzero(hits)), len(hits), CONFIDENCE) or NOTHING
    found = Bootstrap(confidence=CONFIDENCE).of_ratio(hits.tolist(), [1.0] * len(hits), [str(patient) for patient in patients])
    return NO_SPREAD if isinstance(found, Interval) and found.low == found.high else found


def _area_interval(scores: Floats, truth: NDArray[np.bool_], patients: Whole | None) -> Interval | str:
    from scipy.special import ndtri

    try:
        found = roc_areas(scores, truth) if patients is None else clustered_areas(scores, truth, patients)
    except ParameterError as error:
        return str(error)
    variance = float(found.covariance[0, 0])
    if variance <= 1e-15:
        return PERFECT
    area, half = float(found.areas[0]), float(ndtri((1 + CONFIDENCE) / 2)) * variance**0.5
    return Interval(max(0.0, area - half), min(1.0, area + half))


def _note(name: str, interval: Interval | str, intervals: dict[str, Interval | None], reasons: dict[str, str]) -> None:
    """Keep an interval, or why there is none."""
    intervals[name] = interval if isinstance(interval, Interval) else None
    if isinstance(interval, str):
        reasons[f"intervals.{name}"] = interval


def _listed(intervals: dict[str, Interval | None]) -> dict[str, list[float] | None]:
    return {name: None if ends is None else [float(ends.low), float(ends.high)] for name, ends in intervals.items()}
