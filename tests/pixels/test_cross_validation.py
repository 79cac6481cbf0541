"""The estimate on strokes that were left out, and folds that divide none."""

import itertools
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.ndimage import label

import napari_hounsfield as nh
from napari_hounsfield.operation import finish
from napari_hounsfield.pixels.cross_validation import ValidationParams, cross_validate
from napari_hounsfield.pixels.stroke_parts import stroke_numbers, whole_folds

from .test_learning import blobs, names_of, recipe


@given(st.integers(0, 1000), st.integers(2, 6))
def test_no_stroke_is_divided_and_every_class_can_be_learned(seed, count):
    random = np.random.default_rng(seed)
    strokes = np.repeat(np.arange(12), random.integers(1, 9, 12))
    values = random.integers(1, 4, 12)[strokes]
    folds = whole_folds(values, strokes, count, random)
    for stroke in range(12):
        assert len(set(folds[strokes == stroke])) == 1
    for fold in range(count):
        assert set(values[folds != fold]) == set(values)
    for value in set(values):
        alone = len(set(strokes[values == value])) == 1
        assert (folds[values == value] == -1).all() == alone


def test_strokes_are_connected_parts_in_a_slice():
    painted = np.zeros((3, 6, 6), np.uint8)
    painted[0, 0, :3] = painted[1, 0, :3] = 1
    painted[0, 1, 3] = 1  # touches by a corner
    painted[0, 2, 4] = 2
    painted[2, 5, 5] = 1
    numbers = stroke_numbers(painted)
    assert (numbers > 0).tolist() == (painted > 0).tolist()
    assert len(np.unique(numbers[painted > 0])) == 4
    assert len(set(numbers[0][painted[0] == 1])) == 1


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_a_stroke_is_one_in_whatever_plane_it_was_painted(order):
    rows, columns = np.ogrid[:14, :14]
    painted = np.zeros((9, 14, 14), np.uint8)
    painted[4] = (rows - 6) ** 2 + (columns - 4) ** 2 <= 9
    painted[4] += 2 * ((rows - 6) ** 2 + (columns - 11) ** 2 <= 4).astype(np.uint8)
    numbers = stroke_numbers(painted.transpose(order))
    assert len(np.unique(numbers[numbers > 0])) == 2
    painted[5] = painted[4]
    numbers = stroke_numbers(painted)
    assert len(np.unique(numbers[numbers > 0])) == 4, "of two slices, two strokes each"


@given(arrays(np.uint8, (4, 5, 6), elements=st.integers(0, 2)))
def test_strokes_never_hold_two_classes_nor_divide_what_touches_in_a_slice(painted):
    numbers = stroke_numbers(painted)
    assert ((numbers > 0) == (painted > 0)).all()
    for z, plane in enumerate(painted):
        for value in (1, 2):
            parts, count = label(plane == value, np.ones((3, 3)))
            for one in range(1, count + 1):
                (stroke,) = np.unique(numbers[z][parts == one])
                assert set(painted[numbers == stroke]) == {value}


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["bp", "forest"])
@pytest.mark.parametrize("by", ["strokes", "slices"])
def test_the_estimate_is_near_the_truth(kind, by):
    samples = blobs(3)
    params = recipe(classifier=kind)
    found = finish(cross_validate(samples, names_of(samples), params, ValidationParams(by=by, folds=4)))
    fresh = blobs(3, per_class=2000, seed=7)
    from napari_hounsfield.pixels.learning import learn

    model = finish(learn(samples, names_of(samples), params))
    true = (model.recogniser.probabilities(fresh.rows).argmax(1) + 1 == fresh.values).mean()
    sensitivity = found.figures["macro"]["sensitivity"]
    assert sensitivity == pytest.approx(true, abs=0.06)
    assert found.counts == {f"class {v}": 120 for v in (1, 2, 3)}
    assert found.dice == found.figures["macro"]["dice"]
    assert 0 <= found.calibration_error < 0.1
    json.dumps(found.to_json(), allow_nan=False)


def test_labels_by_chance_are_not_learned_by_heart():
    samples = blobs(2)
    random = np.random.default_rng(0)
    mixed = type(samples)(samples.rows, random.integers(1, 3, 24)[samples.strokes], samples.strokes)
    found = finish(cross_validate(mixed, names_of(mixed), recipe(classifier="forest"), ValidationParams(folds=3)))
    assert found.figures["macro"]["sensitivity"] < 0.75


def test_one_stroke_a_class_is_refused():
    samples = blobs(2)
    with pytest.raises(nh.LabelError, match="nothing to leave out"):
        finish(cross_validate(type(samples)(samples.rows, samples.values, samples.values), names_of(samples), recipe()))


def test_classes_of_one_stroke_have_no_figures():
    samples = blobs(3)
    alone = samples.some((samples.values < 3) | (samples.strokes == samples.strokes[samples.values == 3][0]))
    found = finish(cross_validate(alone, names_of(alone), recipe()))
    assert [one["name"] for one in found.figures["classes"]] == ["class 1", "class 2"], "class 3 was never left out"
    assert found.counts["class 3"] == 0
