"""Figures of many cases in short: spread and intervals of each figure, and rates of all counts together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from .intervals import Bootstrap, Interval, wilson

NOT_A_FIGURE = ("label", "name", "tp", "fp", "fn", "tn", "reasons")
ABSENT = "the case does not hold this class"

Value = float | None


@dataclass(frozen=True)
class Observation:
    """One class of one case: the record that `evaluate` gives, None where the case does not hold the class."""

    patient: str
    record: Mapping[str, Any] | None


@dataclass(frozen=True)
class Spread:
    """One figure over cases; undefined values are left out, and counted by reason."""

    figure: str
    n: int
    patients: int
    mean: Value = None
    mean_interval: Interval | None = None
    sd: Value = None
    """Divided by n - 1."""
    min: Value = None
    q1: Value = None
    median: Value = None
    median_interval: Interval | None = None
    q3: Value = None
    max: Value = None
    undefined: Mapping[str, int] = field(default_factory=dict)
    """How many cases have no value, by reason."""
    reasons: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self)


def figure_names(records: Iterable[Mapping[str, Any]]) -> list[str]:
    """Names of all that is a number, or undefined, in records of classes; numbers within a mapping are named with a dot."""
    names = (name for record in records for name in numbers_of(record))
    return list(dict.fromkeys(names))


def numbers_of(record: Mapping[str, Any]) -> dict[str, Any]:
    """Every figure of a record of a class by its name, None where undefined."""
    found: dict[str, Any] = {}
    for name, value in record.items():
        if name in NOT_A_FIGURE or isinstance(value, bool):
            continue
        if isinstance(value, Mapping):
            found |= {f"{name}.{inner}": number for inner, number in numbers_of(value).items()}
        elif value is None or isinstance(value, int | float):
            found[name] = value
    return found


def spread(figure: str, observations: Sequence[Observation], bootstrap: Bootstrap) -> Spread:
    """Summarise one figure.

    Quartiles are linear between ranks, as numpy has them. Intervals are of patients, drawn with replacement.
    """
    values, patients, undefined = [], [], Counter[str]()
    for seen in observations:
        value = None if seen.record is None else numbers_of(seen.record).get(figure)
        if value is None:
            undefined[ABSENT if seen.record is None else _reason(seen.record, figure)] += 1
        else:
            values.append(float(value))
            patients.append(seen.patient)
    different = len(set(patients))
    if not values:
        names = ("mean", "mean_interval", "sd", "min", "q1", "median", "median_interval", "q3", "max")
        return Spread(figure, 0, 0, undefined=dict(undefined), reasons=dict.fromkeys(names, "undefined in every case"))
    reasons, intervals = {}, {}
    for name, found in (
        ("mean_interval", bootstrap.of_ratio(values, np.ones(len(values)).tolist(), patients)),
        ("median_interval", bootstrap.of_median(values, patients)),
    ):
        intervals[name] = found if isinstance(found, Interval) else None
        if isinstance(found, str):
            reasons[name] = found
    if len(values) < 2:
        reasons["sd"] = "one case has no spread"
    low, q1, median, q3, high = (float(q) for q in np.percentile(values, (0, 25, 50, 75, 100)))
    return Spread(
        figure,
        len(values),
        different,
        mean=float(np.mean(values)),
        sd=float(np.std(values, ddof=1)) if len(values) > 1 else None,
        min=low,
        q1=q1,
        median=median,
        q3=q3,
        max=high,
        undefined=dict(undefined),
        reasons=reasons,
        **intervals,
    )


def _reason(record: Mapping[str, Any], figure: str) -> str:
    """Why a figure is undefined, as the record says."""
    *outer, name = figure.split(".")
    for key in outer:
        record = record.get(key) or {}
    return str((record.get("reasons") or {}).get(name, "not measured"))


@dataclass(frozen=True)
class PooledRate:
    """A rate of the counts of all cases together."""

    rate: str
    successes: int
    total: int
    value: Value
    wilson: Interval | None
    """As if every voxel, or object, were independent."""
    interval: Interval | None
    """By resampling patients."""
    reasons: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self)


POOLED = {
    "sensitivity": ({"tp": 1}, {"tp": 1, "fn": 1}),
    "specificity": ({"tn": 1}, {"tn": 1, "fp": 1}),
    "accuracy": ({"tp": 1, "tn": 1}, {"tp": 1, "fp": 1, "fn": 1, "tn": 1}),
    "precision": ({"tp": 1}, {"tp": 1, "fp": 1}),
    "dice": ({"tp": 2}, {"tp": 2, "fp": 1, "fn": 1}),
    "jaccard": ({"tp": 1}, {"tp": 1, "fp": 1, "fn": 1}),
    "object_sensitivity": ({"detected_objects": 1}, {"reference_objects": 1}),
    "object_precision": ({"predicted_objects": 1, "false_positive_objects": -1}, {"predicted_objects": 1}),
}
"""Counts above and below the line of each rate, and how often each counts."""


def pooled_rates(observations: Sequence[Observation], bootstrap: Bootstrap) -> list[PooledRate]:
    """Rates of the summed counts. Dice counts voxels twice, so that Wilson's interval is not defined for it."""
    return [_pooled(rate, above, below, observations, bootstrap) for rate, (above, below) in POOLED.items()]


def _pooled(
    rate: str, above: Mapping[str, int], below: Mapping[str, int], observations: Sequence[Observation], bootstrap: Bootstrap
) -> PooledRate:
    seen = [(o.patient, o.record) for o in observations if o.record is not None]
    counted = [(patient, record) for patient, record in seen if all(record.get(k) is not None for k in (*above, *below))]
    parts = [sum(int(record[k]) * times for k, times in above.items()) for _, record in counted]
    wholes = [sum(int(record[k]) * times for k, times in below.items()) for _, record in counted]
    successes, total = sum(parts), sum(wholes)
    if not total:
        reason = "nothing to divide by in any case" if counted else "not measured in any case"
        return PooledRate(rate, successes, total, None, None, None, dict.fromkeys(("value", "wilson", "interval"), reason))
    sharp = wilson(successes, total, bootstrap.confidence) if rate != "dice" else None
    reasons = {} if sharp is not None else {"wilson": "counts voxels twice; Jaccard has the interval"}
    found = bootstrap.of_ratio(parts, wholes, [patient for patient, _ in counted])
    interval = found if isinstance(found, Interval) else None
    if isinstance(found, str):
        reasons["interval"] = found
    return PooledRate(rate, successes, total, successes / total, sharp, interval, reasons)
