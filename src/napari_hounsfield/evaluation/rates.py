"""Rates from counts; a rate whose denominator is empty is None, with the reason."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from .counts import Counts

NO_REFERENCE = "the reference has none of this class"
NO_PREDICTION = "the prediction has none of this class"
ALL_REFERENCE = "the reference has nothing but this class"
NEITHER = "neither the prediction nor the reference has any of this class"
NOTHING = "nothing was counted"

_FRACTIONS: Mapping[str, tuple[Callable[[Counts], tuple[int, int]], str]] = {
    "sensitivity": (lambda c: (c.tp, c.tp + c.fn), NO_REFERENCE),
    "specificity": (lambda c: (c.tn, c.tn + c.fp), ALL_REFERENCE),
    "accuracy": (lambda c: (c.tp + c.tn, c.total), NOTHING),
    "precision": (lambda c: (c.tp, c.tp + c.fp), NO_PREDICTION),
    "dice": (lambda c: (2 * c.tp, 2 * c.tp + c.fp + c.fn), NEITHER),
    "jaccard": (lambda c: (c.tp, c.tp + c.fp + c.fn), NEITHER),
}

RATES = ("sensitivity", "specificity", "accuracy", "balanced_accuracy", "precision", "dice", "jaccard")
"""Names of the rates, in the order in which they are shown."""


def rates(counts: Counts) -> tuple[dict[str, float | None], dict[str, str]]:
    """Every rate of `RATES` for one class against the rest, and the reason for each that is undefined.

    Sensitivity tp / (tp + fn), specificity tn / (tn + fp), accuracy (tp + tn) / all, balanced accuracy (the mean of sensitivity
    and specificity), precision tp / (tp + fp), Dice 2 tp / (2 tp + fp + fn) (equal to F1), and Jaccard tp / (tp + fp + fn).
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
    return values, reasons
