"""Intervals against scipy, and what resampling by patient means."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from napari_hounsfield.evaluation.intervals import NO_SPREAD, ONE_PATIENT, Bootstrap, wilson

VALUES = np.random.default_rng(7).beta(8, 2, 24)
ALONE = [str(i) for i in range(VALUES.size)]
"""Every case is a patient."""


@given(
    st.integers(0, 10**6).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.sampled_from([0.5, 0.9, 0.95, 0.999])
)
def test_wilson_equals_scipy(counts, confidence):
    successes, total = counts
    found = wilson(successes, total, confidence)
    if not total:
        assert found is None
        return
    expected = stats.binomtest(successes, total).proportion_ci(confidence, "wilson")
    assert found == pytest.approx((expected.low, expected.high), abs=1e-12)
    assert found.low <= successes / total <= found.high


def test_wilson_of_a_published_example():
    """Newcombe 1998, Statistics in Medicine 17: 81 of 263, table I, method 3."""
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson(0, 20) == pytest.approx((0, 0.1611), abs=5e-5)


@pytest.mark.parametrize(("method", "name"), [("percentile", "percentile"), ("bca", "BCa")])
def test_patients_with_one_case_are_resampled_as_scipy_resamples_values(method, name):
    settings = {"n_resamples": 999, "method": name, "vectorized": True}
    bootstrap = Bootstrap(999, 0.95, method, 3)
    for statistic, found in (
        (np.mean, bootstrap.of_ratio(VALUES, np.ones_like(VALUES), ALONE)),
        (np.median, bootstrap.of_median(VALUES, ALONE)),
    ):
        expected = stats.bootstrap((VALUES,), statistic, rng=np.random.default_rng(3), batch=500, **settings).confidence_interval
        assert found == pytest.approx((expected.low, expected.high), abs=1e-12)


@given(
    st.lists(st.tuples(st.floats(-5, 5), st.sampled_from("abcdef")), min_size=3, max_size=20).filter(
        lambda rows: len({patient for _, patient in rows}) > 1
    )
)
def test_median_equals_a_plain_loop_over_patients(rows):
    values, patients = np.array([value for value, _ in rows]), [patient for _, patient in rows]
    names = list(dict.fromkeys(patients))
    of = [values[[p == name for p in patients]] for name in names]
    random = np.random.default_rng(5)
    draws = random.integers(0, len(names), (200, len(names)))
    medians = [np.median(np.concatenate([of[i] for i in drawn])) for drawn in draws]
    means = [np.mean(np.concatenate([of[i] for i in drawn])) for drawn in draws]
    bootstrap = Bootstrap(200, 0.9, seed=5)
    assert bootstrap.of_median(values, patients) == pytest.approx(tuple(np.percentile(medians, (5, 95))), abs=1e-12)
    ones = np.ones_like(values)
    assert bootstrap.of_ratio(values, ones, patients) == pytest.approx(tuple(np.percentile(means, (5, 95))), abs=1e-9)


def test_repeating_the_cases_of_each_patient_adds_no_sureness():
    bootstrap = Bootstrap(500)
    once = bootstrap.of_ratio(VALUES, np.ones_like(VALUES), ALONE)
    many = bootstrap.of_ratio(np.tile(VALUES, 9), np.ones(VALUES.size * 9), ALONE * 9)
    assert many == pytest.approx(once)
    assert bootstrap.of_median(np.tile(VALUES, 9), ALONE * 9) == pytest.approx(bootstrap.of_median(VALUES, ALONE), abs=0.02)
    grown = bootstrap.of_ratio(np.tile(VALUES, 9), np.ones(VALUES.size * 9), [str(i) for i in range(VALUES.size * 9)])
    assert grown.high - grown.low < 0.5 * (once.high - once.low)


def test_names_of_patients_do_not_matter():
    bootstrap = Bootstrap(300)
    renamed = [f"p{100 - i}" for i in range(VALUES.size)]
    assert bootstrap.of_median(VALUES, ALONE) == bootstrap.of_median(VALUES, renamed)


def test_pooled_rate_is_a_ratio_of_sums_and_cases_without_denominator_have_no_say():
    above, below = np.array([3, 8, 0, 5]), np.array([4, 9, 0, 20])
    patients = list("abcd")
    bootstrap = Bootstrap(2000)
    found = bootstrap.of_ratio(above, below, patients)
    assert found == bootstrap.of_ratio(above[[0, 1, 3]], below[[0, 1, 3]], list("abd"))
    assert 5 / 20 <= found.low < 16 / 33 < found.high <= 8 / 9


def test_seed_decides():
    first, again, other = (Bootstrap(200, seed=seed).of_ratio(VALUES, np.ones_like(VALUES), ALONE) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_percentile_interval_covers_the_mean_as_often_as_it_says():
    random = np.random.default_rng(0)
    hits = 0
    for trial in range(200):
        patients = np.repeat(np.arange(30), 3)
        values = np.repeat(random.normal(0, 1, 30), 3) + random.normal(0, 0.2, 90)
        low, high = Bootstrap(300, 0.9, seed=trial).of_ratio(values, np.ones(90), patients.tolist())
        hits += low <= 0 <= high
    assert 165 <= hits <= 193  # 180 expected, sd 4.2; small samples are a little too sure


def test_no_interval_has_a_reason():
    assert Bootstrap().of_ratio([0.5, 0.6], [1, 1], ["a", "a"]) == ONE_PATIENT
    assert Bootstrap().of_ratio([], [], []) == ONE_PATIENT
    assert Bootstrap().of_median([], []) == ONE_PATIENT
    assert Bootstrap(method="bca").of_ratio([1.0, 1.0, 1.0], [1, 1, 1], list("abc")) == NO_SPREAD
    assert Bootstrap().of_ratio([1.0, 1.0, 1.0], [1, 1, 1], list("abc")) == (1.0, 1.0)
