"""Tests by patient: those of independent cases where each patient has one, exact by enumeration where not."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_hounsfield.errors import ParameterError
from napari_hounsfield.evaluation.clustered import clustered_areas, clustered_delong, clustered_mcnemar
from napari_hounsfield.evaluation.paired import delong, mcnemar, roc_areas


@pytest.fixture
def scores():
    random = np.random.default_rng(0)
    truth = np.arange(40) % 2 == 0
    return random.normal(0, 1, (2, 40)) + truth, truth


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=60))
def test_one_case_a_patient_is_the_exact_test(pairs):
    first, second = np.array(pairs).T
    ours, theirs = clustered_mcnemar(first, second, np.arange(len(pairs))), mcnemar(first, second, "exact")
    assert ours.difference == pytest.approx(theirs.difference)
    if theirs.p is not None and ours.p is not None:
        assert ours.p == pytest.approx(theirs.p)
    else:
        assert ours.p == theirs.p


@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.integers(0, 6)), min_size=1, max_size=30))
def test_p_is_that_of_every_exchange_of_whole_patients(cases):
    first, second, patients = np.array(cases, int).T
    found = clustered_mcnemar(first, second, patients)
    each = np.bincount(patients, first - second)
    sums = np.array([(each * signs).sum() for signs in product((-1, 1), repeat=len(each))])
    expected = np.mean(np.abs(sums) >= abs(each.sum()))
    assert found.p == (pytest.approx(expected) if each.any() else None)


def test_repeating_a_patients_cases_makes_nothing_surer():
    first, second = np.array([1, 1, 1, 1, 0]), np.array([0, 0, 0, 1, 1])
    once = clustered_mcnemar(first, second, np.arange(5))
    often = clustered_mcnemar(np.repeat(first, 10), np.repeat(second, 10), np.repeat(np.arange(5), 10))
    assert often.p == pytest.approx(once.p)
    assert mcnemar(np.repeat(first, 10), np.repeat(second, 10)).p < 0.01 < once.p


def test_areas_of_independent_cases_are_delongs(scores):
    ours, theirs = clustered_areas(*scores, np.arange(40)), roc_areas(*scores)
    np.testing.assert_allclose(ours.areas, theirs.areas)
    np.testing.assert_allclose(ours.covariance, theirs.covariance)
    assert clustered_delong(*scores[0], scores[1], np.arange(40)).p == pytest.approx(delong(*scores[0], scores[1]).p)


def test_repeated_cases_leave_the_covariance(scores):
    values, truth = scores
    patients = np.repeat(np.arange(40), 5)
    ours = clustered_areas(np.repeat(values, 5, axis=1), np.repeat(truth, 5), patients)
    np.testing.assert_allclose(ours.covariance, roc_areas(values, truth).covariance)


def test_coverage_by_simulation():
    """Patients with three alike images, some with both labels: the standard deviation is that of many repetitions."""
    random, areas, variances = np.random.default_rng(1), [], []
    patients = np.repeat(np.arange(60), 3)
    truth = (np.arange(180) % 7) < 3
    for _ in range(300):
        scores = random.normal(0, 1, 60)[patients] + random.normal(0, 0.5, 180) + truth
        found = clustered_areas(scores, truth, patients)
        areas.append(found.areas[0])
        variances.append(found.covariance[0, 0])
    assert np.mean(variances) ** 0.5 == pytest.approx(np.std(areas), rel=0.1)


def test_too_few_patients(scores):
    with pytest.raises(ParameterError, match="1 patients with positive"):
        clustered_areas([[0.1, 0.2, 0.3, 0.4]], [True, True, False, False], [0, 0, 1, 2])
    with pytest.raises(ParameterError, match="no pairs"):
        clustered_mcnemar([1], [1, 0], [0, 0])
