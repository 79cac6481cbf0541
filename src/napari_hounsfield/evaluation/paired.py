"""Whether two methods differ on the same cases: McNemar, Wilcoxon signed rank, DeLong, and correction for many tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_hounsfield.errors import ParameterError

Floats = NDArray[np.float64]
Correction = Literal["holm", "benjamini-hochberg", "none"]

SAME = "the two are the same in every pair"
EXACT_BELOW = 25
"""Discordant pairs below which McNemar's test is exact."""


@dataclass(frozen=True)
class PairedTest:
    """A two-sided test of two methods on the same cases.

    Attributes
    ----------
    test
        Its name.
    n
        Pairs that it was made of.
    statistic, p
        None where undefined, with the `reason`.
    difference
        First minus second: of the rates (McNemar), the median of the differences (Wilcoxon), of the areas (DeLong).
    """

    test: str
    n: int
    statistic: float | None
    p: float | None
    difference: float | None
    reason: str = ""

    def to_json(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self)


def mcnemar(first: ArrayLike, second: ArrayLike, kind: Literal["auto", "exact", "chi2"] = "auto") -> PairedTest:
    """McNemar's test of two methods that are right or wrong on the same cases (McNemar 1947).

    Parameters
    ----------
    first, second
        Bool (n,): whether each method was right.
    kind
        `exact`: binomial test of the discordant pairs; statistic is the smaller number of them. `chi2`: with Edwards' continuity
        correction, (|b - c| - 1)^2 / (b + c). `auto`: exact below 25 discordant pairs.

    Raises
    ------
    ParameterError
        If the two are not of one length, or hold anything but true and false (1 and 0).
    """
    for given in (first, second):
        if not np.isin(np.asarray(given), (0, 1)).all():
            raise ParameterError("McNemar's test is of right and wrong: each value is true or false, 1 or 0")
    ours, theirs = _pair(first, second, bool)
    only_first, only_second = int(np.count_nonzero(ours & ~theirs)), int(np.count_nonzero(theirs & ~ours))
    apart, n = only_first + only_second, ours.size
    exact = kind == "exact" or (kind == "auto" and apart < EXACT_BELOW)
    name = "McNemar, exact" if exact else "McNemar, chi-squared with continuity correction"
    difference = (only_first - only_second) / n if n else None
    if not apart:
        return PairedTest(name, n, None, None, difference, SAME)
    from scipy import stats

    if exact:
        fewer = min(only_first, only_second)
        return PairedTest(name, n, float(fewer), float(stats.binomtest(fewer, apart).pvalue), difference)
    statistic = max(abs(only_first - only_second) - 1, 0) ** 2 / apart
    return PairedTest(name, n, statistic, float(stats.chi2.sf(statistic, 1)), difference)


def wilcoxon(first: ArrayLike, second: ArrayLike) -> PairedTest:
    """Wilcoxon's signed rank test of a figure of two methods on the same cases (Wilcoxon 1945).

    Pairs without a difference are left out of the ranks. The p value is exact for up to 50 pairs without ties, as
    `scipy.stats.wilcoxon` has it.

    Parameters
    ----------
    first, second
        Numbers (n,). Where one is undefined (NaN or None) there is no test: leave such pairs out.

    Raises
    ------
    ParameterError
        If the two are not of one length.
    """
    ours, theirs = _pair(first, second, np.float64)
    name, undefined = "Wilcoxon signed rank", int((~(np.isfinite(ours) & np.isfinite(theirs))).sum())
    if undefined:
        return PairedTest(name, ours.size, None, None, None, f"{undefined} of {ours.size} pairs are undefined or infinite")
    differences = ours - theirs
    middle = float(np.median(differences)) if differences.size else None
    if not differences.any():
        return PairedTest(name, ours.size, None, None, middle, SAME if ours.size else "there is no pair")
    from scipy import stats

    found = stats.wilcoxon(differences)
    return PairedTest(name, ours.size, float(found.statistic), float(found.pvalue), middle)


@dataclass(frozen=True)
class Areas:
    """Areas under the ROC curves of several scores on the same cases.

    Attributes
    ----------
    areas
        (k,) one a score.
    covariance
        (k, k) of the areas.
    """

    areas: Floats
    covariance: Floats


def roc_areas(scores: ArrayLike, truth: ArrayLike) -> Areas:
    """Areas under ROC curves and their covariance (DeLong 1988), from ranks (Sun and Xu 2014); equal scores count half.

    Parameters
    ----------
    scores
        (k, n): k scores of n cases, higher for positive.
    truth
        Bool (n,).

    Raises
    ------
    ParameterError
        If the lengths differ, a score is not finite, or there are fewer than two positives or two negatives.
    """
    m = int(np.count_nonzero(np.asarray(truth, bool)))
    n = np.size(truth) - m
    if min(m, n) < 2:
        raise ParameterError(f"{m} positive and {n} negative cases: variances of areas need two of each")
    of_positive, of_negative = placements(scores, truth)
    covariance = np.atleast_2d(np.cov(of_positive)) / m + np.atleast_2d(np.cov(of_negative)) / n
    return Areas(of_positive.mean(axis=1), covariance)


def placements(scores: ArrayLike, truth: ArrayLike) -> tuple[Floats, Floats]:
    """Share of the negatives below each positive (k, m), of the positives above each negative (k, n); equal scores count half.

    The mean of either is the area under the ROC curve. There must be one positive and one negative.

    Parameters
    ----------
    scores, truth
        As `roc_areas`.

    Raises
    ------
    ParameterError
        If the lengths differ, or a score is not finite.
    """
    from scipy.stats import rankdata

    values, positive = np.atleast_2d(np.asarray(scores, np.float64)), np.asarray(truth, bool)
    if values.ndim != 2 or values.shape[1] != positive.size or not np.isfinite(values).all():
        raise ParameterError(f"scores of shape {values.shape} for {positive.size} cases; all must be finite")
    above, below = values[:, positive], values[:, ~positive]
    m, n = above.shape[1], below.shape[1]
    joint = rankdata(np.concatenate([above, below], axis=1), axis=1)
    return (joint[:, :m] - rankdata(above, axis=1)) / n, 1 - (joint[:, m:] - rankdata(below, axis=1)) / m


def delong(first: ArrayLike, second: ArrayLike, truth: ArrayLike) -> PairedTest:
    """DeLong's test of two areas under ROC curves on the same cases; statistic is z.

    Parameters
    ----------
    first, second
        Scores (n,), higher for positive.
    truth
        Bool (n,).

    Raises
    ------
    ParameterError
        As `roc_areas`.
    """
    ours, theirs = _pair(first, second, np.float64)
    return area_test("DeLong", ours.size, roc_areas(np.stack([ours, theirs]), truth))


def area_test(name: str, n: int, found: Areas) -> PairedTest:
    """Whether the first two of some areas on n cases differ; statistic is z."""
    difference = float(found.areas[0] - found.areas[1])
    variance = float(found.covariance[0, 0] + found.covariance[1, 1] - 2 * found.covariance[0, 1])
    if variance <= 1e-15:  # equal ranks, or both perfect
        reason = SAME if not difference else "the difference has no variance"
        return PairedTest(name, n, None, None, difference, reason)
    from scipy.special import ndtr

    z = difference / variance**0.5
    return PairedTest(name, n, z, float(2 * ndtr(-abs(z))), difference)


def adjusted(p_values: Sequence[float | None], correction: Correction = "holm") -> list[float | None]:
    """P values corrected for being many; None stays None and does not count.

    `holm` holds the chance of any false finding (Holm 1979), `benjamini-hochberg` the share of false findings (1995).

    Raises
    ------
    ParameterError
        If there is no such correction, or a p value is not from 0 to 1.
    """
    if correction not in get_args(Correction):
        raise ParameterError(f"correction {correction!r} is none of {', '.join(get_args(Correction))}")
    if wrong := [p for p in p_values if p is not None and not 0 <= p <= 1]:  # NaN compares as False
        raise ParameterError(f"p value {wrong[0]:g} is not from 0 to 1")
    known = [i for i, p in enumerate(p_values) if p is not None]
    values = np.array([p_values[i] for i in known], np.float64)
    if correction == "holm" and values.size:
        order = np.argsort(values, kind="stable")
        steps = np.minimum(np.maximum.accumulate(values[order] * np.arange(values.size, 0, -1)), 1)
        values = np.empty_like(values)
        values[order] = steps
    elif correction == "benjamini-hochberg" and values.size:
        from scipy.stats import false_discovery_control

        values = false_discovery_control(values)
    result: list[float | None] = [None] * len(p_values)
    for place, value in zip(known, values, strict=True):
        result[place] = float(value)
    return result


def _pair(first: ArrayLike, second: ArrayLike, kind: Any) -> tuple[NDArray[Any], NDArray[Any]]:
    ours, theirs = np.asarray(first, kind), np.asarray(second, kind)
    if ours.ndim != 1 or ours.shape != theirs.shape:
        raise ParameterError(f"shapes {ours.shape} and {theirs.shape} are no pairs")
    return ours, theirs
