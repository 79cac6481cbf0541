"""Rates from counts; a rate whose denominator is empty is None, with the reason."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from .counts import Counts, Pairs

NO_REFERENCE = "the reference has none of this class"
NO_PREDICTION = "the prediction has none of this class"
ALL_REFERENCE = "the reference has nothing but this class"
ALL_PREDICTION = "the prediction has nothing but this class"
NEITHER = "neither the prediction nor the reference has any of this class"
ALL_BOTH = "prediction and reference have nothing but this class"
NOTHING = "nothing was counted"

_FRACTIONS: Mapping[str, tuple[Callable[[Counts], tuple[int, int]], str]] = {
    "sensitivity": (lambda c: (c.tp, c.tp + c.fn), NO_REFERENCE),
    "specificity": (lambda c: (c.tn, c.tn + c.fp), ALL_REFERENCE),
    "accuracy": (lambda c: (c.tp + c.tn, c.total), NOTHING),
    "precision": (lambda c: (c.tp, c.tp + c.fp), NO_PREDICTION),
    "dice": (lambda c: (2 * c.tp, 2 * c.tp + c.fp + c.fn), NEITHER),
    "jaccard": (lambda c: (c.tp, c.tp + c.fp + c.fn), NEITHER),
}

RATES = ("sensitivity", "specificity", "accuracy", "balanced_accuracy", "precision", "dice", "jaccard", "matthews", "kappa")
"""Names of the rates, in the order in which they are shown. All lie in 0 to 1, but `matthews` and `kappa` in -1 to 1."""


def rates(counts: Counts) -> tuple[dict[str, float | None], dict[str, str]]:
    """Every rate of `RATES` for one class against the rest, and the reason for each that is undefined.

    Sensitivity tp / (tp + fn), specificity tn / (tn + fp), accuracy (tp + tn) / all, balanced accuracy (the mean of sensitivity
    and specificity), precision tp / (tp + fp), Dice 2 tp / (2 tp + fp + fn) (equal to F1), Jaccard tp / (tp + fp + fn), Matthews'
    correlation coefficient (1975) and Cohen's kappa (1960).
    """
    values: dict[str, float | None] = dict.fromkeys(RATES)
    reasons: dict[str, str] = {}
    for name, (fraction, reason) in _FRACTIONS.items():
        part, whole = fraction(counts)
        if whole:
            values[name] = part / whole
        else:
            reasons[name] = NOTHING if not counts.total else reason
    sensitivity, specificity = values["sensitivity"], values["specificity"]
    if sensitivity is None or specificity is None:
        reasons["balanced_accuracy"] = reasons.get("sensitivity") or reasons["specificity"]
    else:
        values["balanced_accuracy"] = (sensitivity + specificity) / 2
    pairs = {(1, 1): counts.tp, (1, 0): counts.fp, (0, 1): counts.fn, (0, 0): counts.tn}
    values["matthews"], values["kappa"] = _matthews(pairs), _kappa(pairs)
    if values["matthews"] is None:
        reasons["matthews"] = _one_sided(counts)
    if values["kappa"] is None:
        reasons["kappa"] = NOTHING if not counts.total else NEITHER if counts.tn else ALL_BOTH
    return values, reasons


def overall_rates(pairs: Pairs) -> dict[str, Any]:
    """Accuracy, Cohen's kappa and Matthews' coefficient (Gorodkin 2004) of all classes at once, background too, and `reasons`."""
    total = sum(pairs.values())
    right = sum(count for (ours, theirs), count in pairs.items() if ours == theirs)
    found = {"accuracy": right / total if total else None, "kappa": _kappa(pairs), "matthews": _matthews(pairs)}
    one = "only one class occurs" if total else NOTHING
    return {**found, "reasons": {name: one for name, value in found.items() if value is None}}


def _one_sided(counts: Counts) -> str:
    empty = (
        (counts.total, NOTHING),
        (counts.tp + counts.fn, NO_REFERENCE),
        (counts.tn + counts.fp, ALL_REFERENCE),
        (counts.tp + counts.fp, NO_PREDICTION),
        (counts.tn + counts.fn, ALL_PREDICTION),
    )
    return next(reason for whole, reason in empty if not whole)


def _sums(pairs: Pairs) -> tuple[int, int, int, int, int]:
    """All, the right ones, and the sums of products of how often each class is predicted and referred to; whole, so exact."""
    ours: dict[int, int] = {}
    theirs: dict[int, int] = {}
    for (predicted, referred), count in pairs.items():
        ours[predicted] = ours.get(predicted, 0) + count
        theirs[referred] = theirs.get(referred, 0) + count
    right = sum(count for (predicted, referred), count in pairs.items() if predicted == referred)
    both = sum(count * theirs.get(value, 0) for value, count in ours.items())
    squares = [sum(count**2 for count in side.values()) for side in (ours, theirs)]
    return sum(pairs.values()), right, both, squares[0], squares[1]


def _kappa(pairs: Pairs) -> float | None:
    total, right, both, _, _ = _sums(pairs)
    return (right * total - both) / (total**2 - both) if total**2 > both else None


def _matthews(pairs: Pairs) -> float | None:
    total, right, both, ours, theirs = _sums(pairs)
    spread = (total**2 - ours) * (total**2 - theirs)
    return (right * total - both) / math.sqrt(spread) if spread else None
