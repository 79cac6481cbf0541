"""Tests between models: values by hand, Holm's correction, and who is exchanged."""

from __future__ import annotations

import numpy as np
import pytest

from napari_hounsfield.images.model_comparisons import comparisons_of


def says(called):
    """Probabilities of a model that is sure."""
    return np.eye(2)[np.asarray(called)]


TARGETS = np.repeat([0, 1], 20)
ALONE = np.arange(40)


def test_mcnemar_by_hand():
    right, wrong = TARGETS, TARGETS.copy()
    wrong[:8] = 1  # eight of forty wrong: exact p = 2 / 2^8
    (found,) = comparisons_of({"right": says(right), "wrong": says(wrong)}, TARGETS, ALONE, 1, False)
    assert (found["first"], found["second"]) == ("right", "wrong")
    assert found["mcnemar"]["p"] == pytest.approx(2 / 2**8)
    assert found["mcnemar"]["p_adjusted"] == pytest.approx(2 / 2**8)
    assert found["mcnemar"]["difference"] == pytest.approx(0.2)
    assert found["delong"]["difference"] == pytest.approx(8 / 20 / 2)


def test_holm_over_all_pairs_by_hand():
    models = {"right": TARGETS.copy(), "eight": TARGETS.copy(), "other six": TARGETS.copy()}
    models["eight"][:8] = 1
    models["other six"][20:26] = 0
    found = comparisons_of({name: says(called) for name, called in models.items()}, TARGETS, ALONE, 1, False)
    p = [each["mcnemar"]["p"] for each in found]
    assert p == pytest.approx([2 / 2**8, 2 / 2**6, 0.79052734375])  # the last: 8 and 6 of 14
    assert [each["mcnemar"]["p_adjusted"] for each in found] == pytest.approx([3 * p[0], 2 * p[1], p[2]])


def test_the_same_model_has_no_p():
    (found,) = comparisons_of({"a": says(TARGETS), "b": says(TARGETS)}, TARGETS, ALONE, 1, False)
    for test in ("mcnemar", "delong"):
        assert found[test]["p"] is None
        assert found[test]["p_adjusted"] is None
        assert found[test]["reason"] == "the two are the same in every pair"


def test_whole_patients_are_exchanged():
    wrong = TARGETS.copy()
    wrong[:8] = 1
    patients = np.where(ALONE < 8, 0, ALONE)  # the eight are of one
    (found,) = comparisons_of({"right": says(TARGETS), "wrong": says(wrong)}, TARGETS, patients, 1, True)
    assert found["mcnemar"]["p"] == 1, "one patient says nothing"


def test_without_a_positive_class_there_are_no_areas_to_compare():
    (found,) = comparisons_of({"a": says(TARGETS), "b": says(1 - TARGETS)}, TARGETS, ALONE, None, False)
    assert found["delong"]["p"] is None
    assert "positive" in found["delong"]["reason"]
    assert found["mcnemar"]["p"] < 1e-6
