"""Two methods on the same cases, figure by figure and class by class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from .intervals import Bootstrap, Interval
from .paired import Correction, adjusted, wilcoxon
from .summaries import Observation, Value, numbers_of


@dataclass(frozen=True)
class Comparison:
    """How much higher a figure is with the first method than with the second; patients are what is counted.

    Attributes
    ----------
    pairs
        Cases in which the figure is defined for both.
    patients
        Of those cases; the test is of the mean difference of each patient.
    left_out
        Cases that both methods have, with the figure undefined for one or both.
    p_adjusted
        Corrected for all classes and pairs of methods of this figure.
    """

    first: str
    second: str
    label: int
    name: str
    figure: str
    pairs: int
    patients: int
    left_out: int
    mean_difference: Value
    interval: Interval | None
    test: str
    statistic: Value
    p: Value
    p_adjusted: Value = None
    reasons: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self)


Observed = Mapping[str, Observation]
"""What a method gives for a class, by case."""


def comparison(
    methods: tuple[str, str], label: int, name: str, figure: str, first: Observed, second: Observed, bootstrap: Bootstrap
) -> Comparison:
    """Compare one figure of one class by Wilcoxon's signed rank test over patients."""
    apart, patients, left_out = [], [], 0
    for case in first:  # in the order of the table: resampling depends on it
        if case not in second:
            continue
        ours, theirs = (None if o.record is None else numbers_of(o.record).get(figure) for o in (first[case], second[case]))
        if ours is None or theirs is None:
            left_out += 1
        else:
            apart.append(float(ours - theirs))
            patients.append(first[case].patient)
    by_patient: dict[str, list[float]] = {}
    for patient, difference in zip(patients, apart, strict=True):
        by_patient.setdefault(patient, []).append(difference)
    means = np.array([np.mean(each) for each in by_patient.values()], np.float64)
    tested = wilcoxon(means, np.zeros_like(means))
    found = bootstrap.of_ratio(apart, [1.0] * len(apart), patients) if apart else "there is no pair"
    reasons = {"interval": found} if isinstance(found, str) else {}
    if tested.reason:
        reasons |= dict.fromkeys(("statistic", "p", "p_adjusted"), tested.reason)
    if not apart:
        reasons["mean_difference"] = "there is no pair"
    return Comparison(
        *methods,
        label,
        name,
        figure,
        pairs=len(apart),
        patients=len(by_patient),
        left_out=left_out,
        mean_difference=float(np.mean(apart)) if apart else None,
        interval=found if isinstance(found, Interval) else None,
        test=tested.test,
        statistic=tested.statistic,
        p=tested.p,
        reasons=reasons,
    )


def corrected(comparisons: Sequence[Comparison], correction: Correction) -> list[Comparison]:
    """The same with `p_adjusted`: each figure is a family of tests of its own, over all classes and pairs of methods."""
    result = list(comparisons)
    for figure in dict.fromkeys(each.figure for each in comparisons):
        places = [i for i, each in enumerate(comparisons) if each.figure == figure]
        for place, p in zip(places, adjusted([comparisons[i].p for i in places], correction), strict=True):
            result[place] = replace(result[place], p_adjusted=p)
    return result
