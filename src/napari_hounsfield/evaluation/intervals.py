"""How sure a figure is: intervals of rates from counts, and of means, medians and pooled rates by resampling patients."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

ONE_PATIENT = "the figure is defined for one patient only"
NO_SPREAD = "the figure does not vary between patients"
BATCH = 500
"""Resamples that are held at once."""


class Interval(NamedTuple):
    """Ends of a confidence interval."""

    low: float
    high: float


def wilson(successes: int, total: int, confidence: float = 0.95) -> Interval | None:
    """Wilson's score interval of a rate (Wilson 1927), without continuity correction; None of nothing.

    It takes every count as independent. Voxels of one case are not: of voxels it says how sharp the count is, not how the figure
    varies between patients.

    Parameters
    ----------
    successes, total
        Whole numbers, 0 <= successes <= total.
    confidence
        Between 0 and 1.
    """
    if not total:
        return None
    from scipy.special import ndtri

    z2 = float(ndtri((1 + confidence) / 2)) ** 2
    rate = successes / total
    middle = (rate + z2 / (2 * total)) / (1 + z2 / total)
    half = float(np.sqrt(z2 * (rate * (1 - rate) / total + z2 / (4 * total**2)))) / (1 + z2 / total)
    # at the ends the formula gives 0 and 1 but for rounding
    return Interval(0.0 if not successes else max(0.0, middle - half), 1.0 if successes == total else min(1.0, middle + half))


class Bootstrap(NamedTuple):
    """How patients are resampled."""

    resamples: int = 2000
    confidence: float = 0.95
    method: Literal["percentile", "bca"] = "percentile"
    seed: int = 0

    def of_ratio(self, numerators: Sequence[float], denominators: Sequence[float], patients: Sequence[str]) -> Interval | str:
        """Interval of a ratio of sums: a pooled rate, or a mean, whose denominators are all 1.

        Parameters
        ----------
        numerators, denominators
            One number a case; cases whose denominator is 0 have no say.
        patients
            The patient of each case. Patients are drawn with replacement, each with all cases.

        Returns
        -------
        Interval or str
            The ends, or why there is none.
        """
        groups = _groups(patients)
        above, below = (np.bincount(groups, np.asarray(part, np.float64)) for part in (numerators, denominators))
        above, below = above[below > 0], below[below > 0]

        def ratio(drawn: NDArray[np.integer], axis: int = -1) -> Any:
            return above[drawn].sum(axis) / below[drawn].sum(axis)

        return self._interval(ratio, len(below))

    def of_median(self, values: Sequence[float], patients: Sequence[str]) -> Interval | str:
        """Interval of the median of all cases; as `of_ratio`."""
        order = np.argsort(values, kind="stable")
        ranked, groups = np.asarray(values, np.float64)[order], _groups(patients)[order]
        count = int(groups.max(initial=-1)) + 1

        def median(drawn: NDArray[np.integer], axis: int = -1) -> Any:
            drawn = np.moveaxis(drawn, axis, -1)
            rows = drawn.reshape(-1, drawn.shape[-1])
            offsets = np.arange(len(rows))[:, None] * count
            times = np.bincount((rows + offsets).ravel(), minlength=len(rows) * count).reshape(len(rows), count)
            reached = times[:, groups].cumsum(axis=1)  # how many of the resampled cases there are up to each rank
            total = reached[:, -1:]
            lower, upper = ((reached > place).argmax(axis=1) for place in ((total - 1) // 2, total // 2))
            return ((ranked[lower] + ranked[upper]) / 2).reshape(drawn.shape[:-1])

        return self._interval(median, count)

    def _interval(self, statistic: Any, patients: int) -> Interval | str:
        if patients < 2:
            return ONE_PATIENT
        import warnings

        from scipy import stats

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what does not vary is told in words
            found = stats.bootstrap(
                (np.arange(patients),),
                statistic,
                n_resamples=self.resamples,
                batch=BATCH,
                vectorized=True,
                confidence_level=self.confidence,
                method="BCa" if self.method == "bca" else "percentile",
                rng=np.random.default_rng(self.seed),
            ).confidence_interval
        interval = Interval(float(found.low), float(found.high))
        return interval if np.isfinite(interval).all() else NO_SPREAD


def _groups(patients: Sequence[str]) -> NDArray[np.intp]:
    """Number of each case's patient, in the order in which they come first: no other order may change what is drawn."""
    numbers: dict[str, int] = {}
    return np.array([numbers.setdefault(patient, len(numbers)) for patient in patients], np.intp)
