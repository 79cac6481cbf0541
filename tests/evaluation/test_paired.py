"""Paired tests against scipy, statsmodels' numbers, and definitions written out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import roc_auc_score

from napari_hounsfield.errors import ParameterError
from napari_hounsfield.evaluation.paired import SAME, adjusted, delong, mcnemar, roc_areas, wilcoxon


def right_and_wrong(both, first, second, neither):
    """Two lists of outcomes with these numbers of pairs."""
    pairs = [(True, True)] * both + [(True, False)] * first + [(False, True)] * second + [(False, False)] * neither
    return tuple(np.array(pairs).reshape(-1, 2).T)


@pytest.mark.parametrize(
    ("table", "kind", "statistic", "p"),
    [  # statsmodels 0.15 `mcnemar(table, exact, correction=True)`
        ((101, 121, 59, 33), "chi2", 20.67222222222222, 5.450094825427117e-06),
        ((101, 121, 59, 33), "exact", 59.0, 4.4344492637551645e-06),
        ((30, 12, 5, 10), "exact", 5.0, 0.1434631347656250),
        ((30, 12, 5, 10), "chi2", 2.1176470588235294, 0.1456100953968629),
    ],
)
def test_mcnemar_equals_statsmodels(table, kind, statistic, p):
    found = mcnemar(*right_and_wrong(*table), kind)
    assert found.n == sum(table)
    assert found.statistic == pytest.approx(statistic, rel=1e-12)
    assert found.p == pytest.approx(p, rel=1e-9)
    assert found.difference == pytest.approx((table[1] - table[2]) / sum(table))


def test_mcnemar_is_exact_where_few_pairs_differ():
    assert mcnemar(*right_and_wrong(5, 14, 10, 5)).test == "McNemar, exact"
    assert "chi-squared" in mcnemar(*right_and_wrong(5, 14, 11, 5)).test


@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemar_exact_is_the_binomial_test_and_symmetric(b, c):
    found, turned = (mcnemar(*right_and_wrong(3, *pair, 2), "exact") for pair in ((b, c), (c, b)))
    assert found.p == turned.p
    assert found.difference == -turned.difference
    if b + c:
        assert found.p == pytest.approx(min(1, 2 * stats.binom.cdf(min(b, c), b + c, 0.5)), rel=1e-12)
    else:
        assert (found.p, found.reason) == (None, SAME)


def test_chi2_correction_never_turns_a_tie_into_a_difference():
    assert mcnemar(*right_and_wrong(0, 20, 20, 0), "chi2").p == 1


@settings(max_examples=50)
@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=70))
def test_wilcoxon_equals_scipy(pairs):
    first, second = np.array(pairs).T
    found = wilcoxon(first, second)
    if np.array_equal(first, second):
        assert (found.p, found.reason) == (None, SAME)
        return
    expected = stats.wilcoxon(first - second)
    assert (found.statistic, found.p) == (expected.statistic, expected.pvalue)
    assert found.difference == np.median(first - second)
    assert wilcoxon(second, first).p == pytest.approx(found.p)


def test_wilcoxon_of_a_published_example():
    """Wilcoxon 1945 with Darwin's maize: the sum of negative ranks is 24, two-sided p 0.0413 (exact)."""
    eighths = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48]
    found = wilcoxon(np.array(eighths, float), np.zeros(15))
    assert found.statistic == 24
    assert found.p == pytest.approx(0.04126, abs=1e-5)


SURGERY = """
30 58 10 0 32 63 5 1 39 68 3 1 28 48 6 0 32 58 3 1 9 40 5 0 25 57 8 0 16 56 5 1 38 57 5 1 37 67 6 1 32 54 4 1 38 66 6 1
41 66 5 1 36 57 5 1 43 70 4 1 36 67 4 0 23 44 6 1 42 76 4 0 40 66 6 0 35 58 6 1 38 68 7 1 30 47 8 0 45 74 5 1 37 74 5 1
31 66 6 1 41 82 6 1 43 70 5 1 43 65 4 1 32 51 5 1 26 47 6 1 33 68 6 0 17 40 7 0 37 61 5 1 33 63 7 1 42 77 6 1 35 62 5 1
29 57 9 0 21 48 7 1 28 62 8 0 40 70 7 1 33 57 6 1 37 69 5 1 36 66 5 1
"""
"""DeLong 1988: albumin, total protein (in tenths), K-G score (high is bad) and outcome of 43 patients."""


def plain_covariance(scores, truth):
    """DeLong 1988, equations 3 to 6, in loops over all pairs."""
    above, below = scores[:, truth], scores[:, ~truth]
    wins = (above[:, :, None] > below[:, None, :]) + 0.5 * (above[:, :, None] == below[:, None, :])
    of_positive, of_negative = wins.mean(axis=2), wins.mean(axis=1)
    return wins.mean(axis=(1, 2)), np.cov(of_positive) / above.shape[1] + np.cov(of_negative) / below.shape[1]


def test_delong_of_the_published_data():
    albumin, protein, score, truth = np.array(SURGERY.split(), float).reshape(-1, 4).T
    scores = np.array([albumin, protein, -score])
    found, (areas, covariance) = roc_areas(scores, truth == 1), plain_covariance(scores, truth == 1)
    assert found.areas == pytest.approx(areas, abs=1e-12)
    assert found.covariance == pytest.approx(covariance, abs=1e-12)
    assert found.areas == pytest.approx([274 / 372, 241 / 372, 270 / 372])  # pairs won of 31 positives and 12 negatives
    assert delong(albumin, -score, truth).p == pytest.approx(0.9102, abs=5e-5)
    assert delong(protein, -score, truth).p == pytest.approx(0.4561, abs=5e-5)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.booleans()), min_size=4, max_size=60))
def test_delong_equals_the_definition_also_with_ties(rows):
    scores, truth = np.array([row[:2] for row in rows], float).T, np.array([row[2] for row in rows])
    if min(truth.sum(), (~truth).sum()) < 2:
        with pytest.raises(ParameterError, match="two of each"):
            roc_areas(scores, truth)
        return
    found = roc_areas(scores, truth)
    areas, covariance = plain_covariance(scores, truth)
    assert found.areas == pytest.approx(areas, abs=1e-12)
    assert found.areas == pytest.approx([roc_auc_score(truth, each) for each in scores], abs=1e-12)
    assert found.covariance == pytest.approx(covariance, abs=1e-12)
    test = delong(*scores, truth)
    variance = covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1]
    if variance > 1e-12:
        assert test.p == pytest.approx(2 * stats.norm.sf(abs(areas[0] - areas[1]) / variance**0.5), abs=1e-9)
    else:
        assert test.p is None
        assert test.reason


def test_delong_does_not_mind_a_monotone_change_of_the_scores():
    random = np.random.default_rng(1)
    truth = random.random(80) < 0.4
    first, second = random.normal(truth, 1.5), random.normal(truth, 2)
    assert delong(np.exp(first), 3 * second - 7, truth).p == pytest.approx(delong(first, second, truth).p)
    assert delong(first, np.exp(first), truth).reason == SAME


P_VALUES = [0.01, 0.04, 0.03, 0.005, None, 0.9]


@pytest.mark.parametrize(
    ("correction", "expected"),
    [  # statsmodels 0.15 `multipletests`
        ("holm", [0.04, 0.09, 0.09, 0.025, None, 0.9]),
        ("benjamini-hochberg", [0.025, 0.05, 0.05, 0.025, None, 0.9]),
        ("none", P_VALUES),
    ],
)
def test_corrections_equal_statsmodels_and_leave_out_what_is_undefined(correction, expected):
    for found, wanted in zip(adjusted(P_VALUES, correction), expected, strict=True):
        assert found == (None if wanted is None else pytest.approx(wanted))
    assert adjusted([], correction) == []
    assert adjusted([None], correction) == [None]


@given(st.lists(st.floats(0, 1), max_size=30))
def test_corrected_values_keep_their_order_and_never_fall(values):
    holm, hochberg = adjusted(values, "holm"), adjusted(values, "benjamini-hochberg")
    order = np.argsort(values, kind="stable")
    for corrected in (holm, hochberg):
        assert all(before <= after <= 1 for before, after in zip(values, corrected, strict=True))
        assert np.all(np.diff(np.array(corrected)[order]) >= 0)
    assert all(weaker <= stronger + 1e-15 for weaker, stronger in zip(hochberg, holm, strict=True))


@pytest.mark.parametrize("test", [mcnemar, wilcoxon])
def test_lists_that_are_no_pairs_are_refused(test):
    with pytest.raises(ParameterError, match="no pairs"):
        test([1, 0, 1], [1, 0])


def test_scores_that_are_not_finite_are_refused():
    with pytest.raises(ParameterError, match="finite"):
        delong([0.1, np.nan, 0.3, 0.4], [1, 2, 3, 4], [True, True, False, False])


def test_corrections_and_p_values_that_are_none_are_refused():
    for name in ("bonferroni", "Holm"):
        with pytest.raises(ParameterError, match="none of holm, benjamini-hochberg, none"):
            adjusted([0.01, 0.02], name)
    for p in (-0.1, 1.5, float("nan")):
        with pytest.raises(ParameterError, match="not from 0 to 1"):
            adjusted([0.01, p])


def test_undefined_pairs_give_a_reason_and_no_test():
    found = wilcoxon([1.0, None, 3.0], [0.0, 1.0, float("nan")])
    assert (found.p, found.difference, found.reason) == (None, None, "2 of 3 pairs are undefined or infinite")


def test_mcnemar_takes_right_and_wrong_alone():
    assert mcnemar([1, 0, 1], [True, True, False]).n == 3
    with pytest.raises(ParameterError, match="right and wrong"):
        mcnemar([0.3, 0.9], [1, 0])
