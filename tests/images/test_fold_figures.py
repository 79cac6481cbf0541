"""Figures of images against scikit-learn, statements by hand, and what is undefined."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix, recall_score, roc_auc_score

from napari_hounsfield.evaluation.intervals import wilson
from napari_hounsfield.images.fold_figures import figures_of

CLASSES = ("healthy", "ill")


def study(count=60, classes=2, seed=0):
    random = np.random.default_rng(seed)
    targets = random.permutation(np.arange(count) % classes)
    scores = random.normal(0, 1, (count, classes))
    scores[np.arange(count), targets] += 1
    probabilities = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    return targets, np.round(probabilities, 2)  # some are equal


@given(st.integers(0, 50))
def test_two_classes_are_those_of_scikit_learn(seed):
    targets, probabilities = study(seed=seed)
    found = figures_of(targets, probabilities, np.arange(60), CLASSES, "ill", False)
    called = probabilities.argmax(axis=1)
    tn, fp, fn, tp = confusion_matrix(targets, called).ravel()
    assert [found[name] for name in ("tp", "fp", "fn", "tn")] == [tp, fp, fn, tn]
    assert found["confusion"] == confusion_matrix(targets, called).tolist()
    assert found["sensitivity"] == tp / (tp + fn)
    assert found["specificity"] == tn / (tn + fp)
    assert found["accuracy"] == (tp + tn) / 60
    assert min(found["sensitivity"], found["specificity"]) <= found["accuracy"] <= max(found["sensitivity"], found["specificity"])
    assert found["auc"] == pytest.approx(roc_auc_score(targets, probabilities[:, 1]), abs=1e-12)
    assert found["intervals"]["sensitivity"] == list(wilson(tp, tp + fn))


def test_the_other_class_positive_swaps_the_sides():
    targets, probabilities = study()
    probabilities[:, 0] = 1 - probabilities[:, 1]
    one, other = (figures_of(targets, probabilities, np.arange(60), CLASSES, name, False) for name in CLASSES)
    assert (one["sensitivity"], one["tp"]) == (other["specificity"], other["tn"])
    assert one["auc"] == pytest.approx(other["auc"])


def test_several_classes_are_means():
    targets, probabilities = study(90, 3)
    found = figures_of(targets, probabilities, np.arange(90), ("a", "b", "c"), "", False)
    called = probabilities.argmax(axis=1)
    assert found["sensitivity"] == pytest.approx(recall_score(targets, called, average="macro"))
    aucs = [roc_auc_score(targets == k, probabilities[:, k]) for k in range(3)]
    assert found["auc"] == pytest.approx(np.mean(aucs))
    assert found["accuracy"] == np.mean(targets == called)
    assert found["tp"] == sum(each["tp"] for each in found["classes"].values())
    assert found["intervals"]["accuracy"] is not None
    assert found["intervals"]["auc"] is None
    assert "each of which has an interval" in found["reasons"]["intervals.auc"]


def test_a_hundred_alike_images_of_a_patient_make_nothing_surer():
    targets, probabilities = study(20, seed=3)
    once = figures_of(targets, probabilities, np.arange(20), CLASSES, "ill", True)
    again = [np.repeat(each, 100, axis=0) for each in (targets, probabilities, np.arange(20))]
    often, naive = figures_of(*again, CLASSES, "ill", True), figures_of(*again, CLASSES, "ill", False)
    for name in ("sensitivity", "specificity", "accuracy", "auc"):
        assert often["intervals"][name] == pytest.approx(once["intervals"][name])
        assert np.ptp(naive["intervals"][name]) < np.ptp(often["intervals"][name]) / 3


def test_a_fold_of_one_class():
    found = figures_of(np.array([1, 1]), np.array([[0.2, 0.8], [0.6, 0.4]]), np.arange(2), CLASSES, "ill", False)
    assert (found["sensitivity"], found["specificity"], found["auc"]) == (0.5, None, None)
    assert found["reasons"]["specificity"] == "the reference has nothing but this class"
    assert found["reasons"]["auc"]
    assert found["intervals"]["specificity"] is None


def test_a_perfect_area_has_no_interval():
    found = figures_of(np.array([0, 0, 1, 1]), np.eye(2)[[0, 0, 1, 1]], np.arange(4), CLASSES, "ill", False)
    assert (found["auc"], found["intervals"]["auc"]) == (1, None)
    assert "variance is unknown" in found["reasons"]["intervals.auc"]
    assert found["intervals"]["sensitivity"][0] < 1


def test_every_null_has_a_reason():
    for targets in ([0], [1], [0, 1], [0, 0, 1]):
        probabilities = np.full((len(targets), 2), 0.5)
        for by_patient in (False, True):
            found = figures_of(np.array(targets), probabilities, np.zeros(len(targets), int), CLASSES, "ill", by_patient)
            for name in ("sensitivity", "specificity", "accuracy", "auc"):
                assert (found[name] is None) == (name in found["reasons"])
                assert (found["intervals"][name] is None) == (f"intervals.{name}" in found["reasons"])
