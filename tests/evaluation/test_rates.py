"""Rates against scikit-learn, and what is undefined."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from napari_hounsfield.evaluation.counts import Counts
from napari_hounsfield.evaluation.figures import SURFACE_FIGURES, figures_of
from napari_hounsfield.evaluation.rates import RATES, rates

labelled = st.integers(1, 40).flatmap(lambda n: st.tuples(*[st.lists(st.integers(0, 3), min_size=n, max_size=n)] * 2))


@settings(max_examples=50)
@given(labelled)
def test_rates_of_samples_equal_scikit_learn(samples):
    predicted, truth = (np.array(s) for s in samples)
    for record in figures_of(predicted, truth, {value: f"class {value}" for value in range(4)}):
        ours, theirs = predicted == record.label, truth == record.label
        assert record.accuracy == metrics.accuracy_score(theirs, ours)
        same = {
            "sensitivity": (theirs.any(), metrics.recall_score, theirs, ours),
            "specificity": ((~theirs).any(), metrics.recall_score, ~theirs, ~ours),
            "precision": (ours.any(), metrics.precision_score, theirs, ours),
            "dice": ((ours | theirs).any(), metrics.f1_score, theirs, ours),
            "jaccard": ((ours | theirs).any(), metrics.jaccard_score, theirs, ours),
            "matthews": (len(set(theirs)) == len(set(ours)) == 2, metrics.matthews_corrcoef, theirs, ours),
            "kappa": (len({*theirs, *ours}) == 2, metrics.cohen_kappa_score, theirs, ours),
            "balanced_accuracy": (len(set(theirs)) == 2, metrics.balanced_accuracy_score, theirs, ours),
        }
        for name, (defined, oracle, expected, found) in same.items():
            value = getattr(record, name)
            if defined:
                assert value == pytest.approx(oracle(expected, found), abs=1e-12), name
                assert name not in record.reasons
            else:
                assert value is None, name
                assert record.reasons[name]


@given(st.builds(Counts, *[st.integers(0, 5)] * 4))
def test_every_rate_is_a_number_or_has_a_reason(counts):
    values, reasons = rates(counts)
    assert set(values) == set(RATES)
    assert {name for name, value in values.items() if value is None} == set(reasons)
    for name, value in values.items():
        assert value is None or (-1 if name in ("matthews", "kappa") else 0) <= value <= 1


def test_reasons_name_what_is_missing():
    _, reasons = rates(Counts(0, 3, 0, 7))
    assert reasons["sensitivity"] == reasons["balanced_accuracy"] == "the reference has none of this class"
    _, reasons = rates(Counts(4, 0, 2, 0))
    assert reasons["specificity"] == "the reference has nothing but this class"
    _, reasons = rates(Counts(0, 0, 0, 0))
    assert set(reasons.values()) == {"nothing was counted"}


def test_samples_have_counts_and_no_surface():
    background, lung = figures_of([1, 2, 2, 2], [1, 1, 2, 2], {1: "background", 2: "lung"})
    assert (background.name, background.tp, background.fp, background.fn, background.tn) == ("background", 1, 0, 1, 2)
    assert (lung.label, lung.tp, lung.fp, lung.fn, lung.tn) == (2, 2, 1, 0, 1)
    assert all(getattr(lung, name) is None and lung.reasons[name] for name in SURFACE_FIGURES)


def test_no_samples_at_all():
    (lung,) = figures_of([], [], {1: "lung"})
    assert lung.sensitivity is None
    assert lung.accuracy is None


def test_samples_of_different_length_are_refused():
    with pytest.raises(ValueError, match="2 predictions for 3 samples"):
        figures_of([1, 1], [1, 1, 1], {1: "lung"})
