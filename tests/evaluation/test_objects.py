"""Objects matched one to one, against scipy and by hand."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage

import napari_hounsfield as nh
from napari_hounsfield.evaluation.figures import OBJECT_FIGURES
from napari_hounsfield.evaluation.objects import LISTED

AFFINE = nh.axial_affine((3.0, 0.7, 0.8), (-10, 20, 30))
OBJECTS = nh.EvaluateParams(surface=False, objects=True)
ANY = nh.EvaluateParams(surface=False, objects=True, object_overlap=0)


def labels(array, affine=AFFINE):
    return nh.LabelMap(np.asarray(array), affine, classes={1: "nodule"})


@pytest.fixture
def lesions():
    """Two found, one missed at the border, one invented of one voxel, and one that only touches."""
    found, there = np.zeros((2, 8, 30, 30), np.uint8)
    there[1:4, 2:8, 2:8] = found[1:4, 3:9, 2:8] = 1
    there[5:7, 20:25, 20:25] = found[5:7, 20:25, 20:25] = 1
    there[0, 0, 28:] = 1
    found[7, 15, 3] = 1
    there[2, 20:28, 2:10] = 1
    found[2, 27, 9:20] = 1
    return found, there


def test_lesions_by_hand(lesions):
    found, there = lesions
    (nodule,) = nh.evaluate(labels(found), labels(there), OBJECTS).classes
    assert (nodule.predicted_objects, nodule.reference_objects) == (4, 4)
    assert (nodule.detected_objects, nodule.false_positive_objects) == (2, 2)
    assert (nodule.object_sensitivity, nodule.object_precision) == (0.5, 0.5)
    assert nodule.object_dice == pytest.approx((1 + 5 / 6) / 2)
    assert nh.evaluate(labels(found), labels(there), ANY).classes[0].detected_objects == 3
    kinds = [o.kind for o in nodule.objects]
    assert sorted(kinds) == ["detected", "detected", "false positive", "false positive", "missed", "missed"]
    largest = nodule.objects[0]
    assert (largest.kind, largest.dice) == ("detected", pytest.approx(5 / 6))
    assert largest.reference_volume_ml == pytest.approx(3 * 36 * 3.0 * 0.7 * 0.8 / 1000)
    assert largest.centroid_mm == pytest.approx(AFFINE[:3, :3] @ (2, 4.5, 4.5) + AFFINE[:3, 3])
    lone = [o for o in nodule.objects if o.kind == "false positive"][-1]
    assert lone.centroid_mm == pytest.approx(AFFINE[:3, :3] @ (7, 15, 3) + AFFINE[:3, 3])
    assert (lone.dice, lone.reference_volume_ml) == (0, 0)


@given(hnp.arrays(np.uint8, (4, 7, 8), elements=st.integers(0, 1)), hnp.arrays(np.uint8, (4, 7, 8), elements=st.integers(0, 1)))
def test_objects_are_those_of_scipy(found, there):
    result = nh.evaluate(labels(found), labels(there), ANY).classes
    assert len(result) == 1
    (nodule,) = result
    (ours, many), (theirs, more) = ndimage.label(found), ndimage.label(there)
    assert (nodule.predicted_objects, nodule.reference_objects) == (many, more)
    scores = {}
    for i, j in itertools.product(range(1, many + 1), range(1, more + 1)):
        shared = int(((ours == i) & (theirs == j)).sum())
        if shared:
            scores[i, j] = shared / int(((ours == i) | (theirs == j)).sum())
    pairs = {}
    for pair in sorted(scores, key=lambda p: (-scores[p], p)):
        if pair[0] not in {p[0] for p in pairs} and pair[1] not in {p[1] for p in pairs}:
            pairs[pair] = scores[pair]
    assert nodule.detected_objects == len(pairs)
    dice = [2 * s / (1 + s) for s in pairs.values()]
    assert nodule.object_dice == (pytest.approx(np.mean(dice)) if dice else None)
    assert len(nodule.objects) == many + more - len(pairs)
    centres = {tuple(np.round(o.centroid_mm, 6)) for o in nodule.objects if o.kind != "false positive"}
    expected = ndimage.center_of_mass(there, theirs, range(1, more + 1))
    assert centres == {tuple(np.round(AFFINE[:3, :3] @ c + AFFINE[:3, 3], 6)) for c in expected}
    assert {name for name in OBJECT_FIGURES if getattr(nodule, name) is None} == {
        n for n in OBJECT_FIGURES if n in nodule.reasons
    }


@given(hnp.arrays(np.uint8, (3, 9, 9), elements=st.integers(0, 1)))
def test_identity_and_swap(there):
    (same,) = nh.evaluate(labels(there), labels(there), OBJECTS).classes
    if there.any():
        assert (same.object_sensitivity, same.object_precision, same.object_dice) == (1, 1, 1)
    assert same.false_positive_objects == 0
    other = np.roll(there, 1, axis=2)
    (one,), (two,) = (nh.evaluate(labels(a), labels(b), OBJECTS).classes for a, b in ((there, other), (other, there)))
    assert (one.predicted_objects, one.reference_objects) == (two.reference_objects, two.predicted_objects)


def test_empty_masks_have_reasons(lesions):
    found, _ = lesions
    nothing = np.zeros_like(found)
    (missed,) = nh.evaluate(labels(nothing), labels(found), OBJECTS).classes
    assert (missed.object_sensitivity, missed.false_positive_objects, missed.object_precision) == (0, 0, None)
    assert missed.reasons["object_precision"] == "the prediction has no object of this class"
    (neither,) = nh.evaluate(labels(nothing), labels(nothing), OBJECTS).classes
    assert (neither.predicted_objects, neither.reference_objects) == (0, 0)
    assert neither.reasons["object_dice"] == "no object was matched"
    (unasked,) = nh.evaluate(labels(found), labels(found), nh.EvaluateParams(surface=False)).classes
    assert {unasked.reasons[name] for name in OBJECT_FIGURES} == {"objects were not asked for"}
    json.dumps(missed.to_json(), allow_nan=False)


def test_only_what_lies_in_the_region_is_an_object(lesions):
    found, there = lesions
    region = np.zeros_like(found)
    region[:, :, 15:] = 1
    (nodule,) = nh.evaluate(labels(found), labels(there), labels(region), OBJECTS).classes
    assert (nodule.predicted_objects, nodule.reference_objects, nodule.detected_objects) == (2, 2, 1)


def test_the_largest_are_listed_and_all_are_counted():
    array = np.zeros((1, 80, 80), np.uint8)
    array[0, ::2, ::2] = 1
    array[0, :2, :3] = 1
    (nodule,) = nh.evaluate(labels(array), labels(array), OBJECTS).classes
    assert nodule.predicted_objects > LISTED == len(nodule.objects)
    assert nodule.objects[0].volume_ml == max(o.volume_ml for o in nodule.objects) > nodule.objects[1].volume_ml
