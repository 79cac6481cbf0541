"""Figures of probabilities against scikit-learn, and what is undefined."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import calibration, metrics

import napari_hounsfield as nh
from napari_hounsfield.evaluation.figures import PROBABILITY_FIGURES
from napari_hounsfield.evaluation.probabilities import BINS, class_curves
from napari_hounsfield.operation import finish

AFFINE = nh.axial_affine((3.0, 0.7, 0.8))
NAMES = {0: "background", 1: "lung", 2: "airway"}
COUNTS_ONLY = nh.EvaluateParams(surface=False)


def curves_of(scores, truth, shape=(1, 1, -1)):
    scores, truth = np.reshape(scores, shape).astype(np.float32), np.reshape(truth, shape).astype(bool)
    return finish(class_curves(1, "lung", scores, lambda planes: (truth[planes], np.ones(truth[planes].shape, bool))))


def ece_by_scikit_learn(truth, scores):
    share, mean = calibration.calibration_curve(truth, scores, n_bins=BINS)
    places = np.searchsorted(np.linspace(0, 1, BINS + 1)[1:-1], scores)
    weights = np.bincount(places, minlength=BINS)
    return float(np.sum(weights[weights > 0] * np.abs(share - mean)) / len(scores))


def check(found, scores, truth):
    scores = scores.astype(np.float64)
    assert found.auc == pytest.approx(metrics.roc_auc_score(truth, scores), abs=1e-12)
    assert found.average_precision == pytest.approx(metrics.average_precision_score(truth, scores), abs=1e-12)
    assert found.brier == pytest.approx(metrics.brier_score_loss(truth, scores), abs=1e-12)


def segmentation(seed=0, shape=(4, 9, 11), valid=None, names=None):
    """A reference, and probabilities that know something of it."""
    random = np.random.default_rng(seed)
    truth = random.integers(0, 3, shape).astype(np.uint8)
    raw = np.exp(random.normal(size=(3, *shape)) + 1.2 * (truth == np.arange(3)[:, None, None, None]))
    scores = (raw / raw.sum(axis=0)).astype(np.float32)
    found = nh.LabelMap(scores.argmax(axis=0).astype(np.uint8), AFFINE, classes=NAMES)
    maps = nh.Features(scores, names or tuple(NAMES.values()), AFFINE, valid=valid)
    return nh.Segmentation(found, maps), nh.LabelMap(truth, AFFINE, classes=NAMES)


@given(st.data(), st.integers(2, 60), st.sampled_from([1, 4, 1000]))
def test_a_class_equals_scikit_learn(data, size, grain):
    truth = np.array(data.draw(st.lists(st.booleans(), min_size=size, max_size=size)))
    truth[:2] = True, False
    scores = np.float32(data.draw(st.lists(st.integers(0, grain), min_size=size, max_size=size))) / np.float32(grain)
    found = curves_of(scores, truth)
    check(found, scores, truth)
    false, true, _ = metrics.roc_curve(truth, scores, drop_intermediate=False)
    assert np.array(found.roc) == pytest.approx(np.stack((false, true), axis=1), abs=1e-12)
    precision, recall, _ = metrics.precision_recall_curve(truth, scores)
    expected = np.stack((recall, precision), axis=1)[-2::-1]  # scikit-learn adds a point without a threshold
    assert np.array(found.precision_recall) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("share", [0.5, 0.001, 0.999])
def test_many_scores_equal_scikit_learn(share):
    random = np.random.default_rng(1)
    truth = random.random(300_000) < share
    truth[:2] = True, False
    scores = (1 / (1 + np.exp(-3 * random.normal(size=truth.size) - 4 * truth + 2))).astype(np.float32)
    scores[::7], scores[1::11] = 1, 0
    found = curves_of(scores, truth, (10, 100, 300))
    check(found, scores, truth)
    assert found.ece == pytest.approx(ece_by_scikit_learn(truth, scores), abs=1e-9)
    assert len(found.roc) < 600
    false, true = np.array(found.roc).T
    assert (np.diff(false) >= 0).all()
    assert (np.diff(true) >= 0).all()
    assert np.trapezoid(true, false) == pytest.approx(found.auc, abs=2e-2 if share < 0.01 or share > 0.99 else 1e-4)


def test_bins_are_those_of_scikit_learn():
    random = np.random.default_rng(2)
    scores = random.random(5000).astype(np.float32)
    truth = random.random(5000) < scores**1.5
    bins = curves_of(scores, truth).reliability
    share, mean = calibration.calibration_curve(truth, scores.astype(float), n_bins=BINS)
    assert [b.share for b in bins] == pytest.approx(share, abs=1e-12)
    assert [b.mean_probability for b in bins] == pytest.approx(mean, abs=1e-12)
    assert sum(b.count for b in bins) == 5000


def test_segmentation_with_probabilities():
    found, truth = segmentation()
    result = nh.evaluate(found, truth, COUNTS_ONLY)
    scores, labels = found.probabilities.array.reshape(3, -1).astype(float), truth.array.ravel()
    for c in result.classes:
        of_class = labels == c.label
        assert c.auc == pytest.approx(metrics.roc_auc_score(of_class, scores[c.label]), abs=1e-12)
        assert c.average_precision == pytest.approx(metrics.average_precision_score(of_class, scores[c.label]), abs=1e-12)
        assert c.brier == pytest.approx(metrics.brier_score_loss(of_class, scores[c.label]), abs=1e-12)
        assert c.ece == pytest.approx(ece_by_scikit_learn(of_class, scores[c.label]), abs=1e-9)
    assert result.macro["auc"] == pytest.approx(np.mean([c.auc for c in result.classes]))
    squares = ((scores - (labels == np.arange(3)[:, None])) ** 2).sum(axis=0).mean()
    assert result.overall["brier"] == pytest.approx(squares, abs=1e-12)
    top, right = scores.max(axis=0), scores.argmax(axis=0) == labels
    assert result.overall["ece"] == pytest.approx(ece_by_scikit_learn(right, top), abs=1e-9)
    json.dumps(result.to_json(), allow_nan=False)
    assert [c.name for c in result.curves] == ["lung", "airway"]


def test_region_padding_and_ignored_values_are_left_out():
    random = np.random.default_rng(3)
    valid = random.random((4, 9, 11)) < 0.8
    found, truth = segmentation(valid=valid)
    region = random.integers(0, 2, truth.array.shape).astype(np.uint8)
    params = nh.EvaluateParams(surface=False, ignore=2)
    (lung,) = [c for c in nh.evaluate(found, truth, nh.LabelMap(region, AFFINE), params).classes if c.name == "lung"]
    counted = valid & (region > 0) & (truth.array != 2)
    expected = metrics.roc_auc_score(truth.array[counted] == 1, found.probabilities.array[1][counted])
    assert lung.auc == pytest.approx(expected, abs=1e-12)


def test_storage_order_does_not_matter():
    found, truth = segmentation()
    affine = AFFINE.copy()
    affine[:3, 3] += affine[:3, 1] * (truth.array.shape[1] - 1)
    affine[:3, 1] *= -1
    turned = nh.LabelMap(truth.array[:, ::-1], affine, classes=NAMES)
    before, after = (nh.evaluate(found, t, COUNTS_ONLY).classes for t in (truth, turned))
    for a, b in zip(before, after, strict=True):
        for name in PROBABILITY_FIGURES:
            assert getattr(a, name) == pytest.approx(getattr(b, name), abs=1e-12)


def test_what_is_undefined_has_a_reason():
    alone = curves_of([0.2, 0.4], [True, True])
    assert (alone.auc, alone.average_precision) == (None, 1)
    assert alone.reasons == {"auc": "the reference has nothing but this class"}
    missing = curves_of([0.2, 0.4], [False, False])
    assert missing.auc is missing.average_precision is None
    assert missing.brier == pytest.approx((0.2**2 + 0.4**2) / 2)
    found, truth = segmentation(names=("background", "lung", "liver"))
    airway = nh.evaluate(found, truth, COUNTS_ONLY).classes[1]
    assert airway.auc is None
    assert airway.reasons["auc"] == "no map of probabilities has the name of this class"
    without = nh.evaluate(found.labels, truth, COUNTS_ONLY).classes[0]
    assert without.reasons["brier"] == "the prediction has no probabilities"
    nothing = nh.LabelMap(np.zeros_like(truth.array), AFFINE)
    empty = nh.evaluate(segmentation()[0], truth, nothing, COUNTS_ONLY)
    assert empty.overall["ece"] is empty.overall["brier"] is None
    for c in empty.classes:
        assert {c.reasons[name] for name in PROBABILITY_FIGURES} == {"nothing was counted"}


@pytest.mark.parametrize("bad", [np.nan, -0.1, 1.5, np.inf])
def test_what_is_no_probability_is_refused(bad):
    found, truth = segmentation()
    found.probabilities.array[1, 0, 0, 0] = bad
    with pytest.raises(nh.IntensityError, match=r"probabilities of 'lung' (are not all from 0 to 1|hold NaN)"):
        nh.evaluate(found, truth, COUNTS_ONLY)


def test_probabilities_on_another_grid_are_refused():
    found, truth = segmentation()
    other = nh.Features(found.probabilities.array, tuple(NAMES.values()), nh.axial_affine((3, 1, 1)))
    with pytest.raises(nh.GridError, match="probabilities: grids differ"):
        nh.evaluate(nh.Segmentation(found.labels, other), truth, COUNTS_ONLY)


def test_maps_without_names_are_taken_in_the_order_of_the_values():
    found, truth = segmentation()
    expected = nh.evaluate(found, truth, COUNTS_ONLY)
    nameless = nh.Features(found.probabilities.array, ("", "", ""), AFFINE)
    result = nh.evaluate(nh.Segmentation(found.labels, nameless), truth, COUNTS_ONLY)
    assert [c.auc for c in result.classes] == [c.auc for c in expected.classes]
    assert result.overall == expected.overall
    assert any("no names" in note for note in result.notes)
    without = nh.Features(found.probabilities.array[1:], ("", ""), AFFINE)
    result = nh.evaluate(nh.Segmentation(found.labels, without), truth, COUNTS_ONLY)
    assert [c.auc for c in result.classes] == [c.auc for c in expected.classes]
    assert result.overall["reasons"]["brier"] == "not every class has a map of probabilities"


def test_a_single_map_without_name_is_of_the_only_class():
    found, truth = segmentation()
    lung = [nh.LabelMap(np.where(m.array == 1, 7, 0), AFFINE) for m in (found.labels, truth)]
    one = nh.Features(found.probabilities.array[1:2], ("",), AFFINE)
    (record,) = nh.evaluate(nh.Segmentation(lung[0], one), lung[1], COUNTS_ONLY).classes
    assert record.auc == nh.evaluate(found, truth, COUNTS_ONLY).classes[0].auc


def test_maps_that_do_not_tell_their_classes_are_refused():
    found, truth = segmentation()
    for many in (1, 4):
        nameless = nh.Features(np.zeros((many, *truth.array.shape), np.float32), ("",) * many, AFFINE)
        with pytest.raises(nh.LabelError, match=f"{many} maps of probabilities without names"):
            nh.evaluate(nh.Segmentation(found.labels, nameless), truth, COUNTS_ONLY)


def test_a_map_of_no_class_is_checked_too():
    found, truth = segmentation(names=("background", "lung", "liver"))
    found.probabilities.array[2, 0, 0, 0] = np.nan
    with pytest.raises(nh.IntensityError, match="probabilities hold NaN"):
        nh.evaluate(found, truth, COUNTS_ONLY)


def test_probabilities_are_resampled_with_their_labels():
    found, truth = segmentation()
    fine = nh.LabelMap(np.repeat(truth.array, 2, axis=0), nh.axial_affine((1.5, 0.7, 0.8), (0, 0, -0.75)), NAMES)
    result = nh.evaluate(found, fine, nh.EvaluateParams(surface=False, resample=True))
    expected = nh.evaluate(found, truth, COUNTS_ONLY)
    for a, b in zip(result.classes, expected.classes, strict=True):
        assert [getattr(a, n) for n in PROBABILITY_FIGURES] == pytest.approx([getattr(b, n) for n in PROBABILITY_FIGURES])
