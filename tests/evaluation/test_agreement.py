"""`evaluate`: classes matched, grids matched, regions, surfaces, and what is undefined."""

from __future__ import annotations

import json

import numpy as np
import pytest
import SimpleITK
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pydantic import ValidationError
from sklearn import metrics

import napari_hounsfield as nh
from napari_hounsfield.evaluation.figures import FIGURES, SURFACE_FIGURES

AFFINE = nh.axial_affine((3.0, 0.7, 0.8), (-10, 20, 30))
FIXED = {
    *("label", "name", "tp", "fp", "fn", "tn", "sensitivity", "specificity", "accuracy", "dice"),
    *("hausdorff_mm", "hausdorff95_mm", "surface_dice"),
}
COUNTS_ONLY = nh.EvaluateParams(surface=False)


def labels(array, classes=None, affine=AFFINE):
    return nh.LabelMap(np.asarray(array), affine, classes=classes or {})


def flat(values, classes=None):
    return labels(np.reshape(values, (1, 1, -1)), classes)


def maps_strategy(high=3, side=6):
    shapes = hnp.array_shapes(min_dims=3, max_dims=3, max_side=side)
    return shapes.flatmap(lambda s: st.tuples(*[hnp.arrays(np.uint8, s, elements=st.integers(0, high))] * 2))


def flipped(data, axes, order):
    """The same labels in the same places, stored in another order."""
    shape = np.array(data.array.shape)
    affine = data.affine.copy()
    for axis in axes:
        affine[:3, 3] += affine[:3, axis] * (shape[axis] - 1)
        affine[:3, axis] *= -1
    array = np.flip(data.array, axes).transpose(order)
    return nh.LabelMap(array, affine[:, [*order, 3]], classes=data.classes)


@given(maps_strategy())
def test_figures_equal_scikit_learn_and_simpleitk(pair):
    prediction, reference = pair
    found = nh.evaluate(labels(prediction), labels(reference))
    values = sorted(set(np.union1d(prediction, reference).tolist()) - {0}) or [0]
    assert [c.label for c in found.classes] == values
    for c in found.classes:
        ours, theirs = (prediction == c.label).ravel(), (reference == c.label).ravel()
        assert (c.tp, c.fp, c.fn, c.tn) == (
            (ours & theirs).sum(),
            (ours & ~theirs).sum(),
            (theirs & ~ours).sum(),
            (~ours & ~theirs).sum(),
        )
        assert c.accuracy == metrics.accuracy_score(theirs, ours)
        if theirs.any():
            assert c.sensitivity == pytest.approx(metrics.recall_score(theirs, ours), abs=1e-12)
        if ours.any() and theirs.any():
            images = [SimpleITK.GetImageFromArray((m == c.label).astype(np.uint8)) for m in pair]
            for image in images:
                image.SetSpacing((0.8, 0.7, 3.0))
            overlap, hausdorff = SimpleITK.LabelOverlapMeasuresImageFilter(), SimpleITK.HausdorffDistanceImageFilter()
            overlap.Execute(*images)
            assert c.dice == pytest.approx(overlap.GetDiceCoefficient(1), abs=1e-12)
            assert c.jaccard == pytest.approx(overlap.GetJaccardCoefficient(1), abs=1e-12)
            hausdorff.Execute(*images)
            assert c.hausdorff_mm == pytest.approx(hausdorff.GetHausdorffDistance(), abs=1e-9)


@given(maps_strategy(), st.sets(st.integers(0, 2)), st.permutations([0, 1, 2]))
def test_flips_and_axis_order_with_the_affine_change_nothing(pair, axes, order):
    prediction, reference = (labels(m) for m in pair)
    expected = nh.evaluate(prediction, reference).to_json()
    moved = flipped(prediction, tuple(axes), order)
    assert json.dumps(nh.evaluate(moved, reference).to_json()) == json.dumps(expected)
    both = nh.evaluate(moved, flipped(reference, (), order)).to_json()
    for ours, theirs in zip(both["classes"], expected["classes"], strict=True):
        for name in {"label", "name", *FIGURES}:
            assert ours[name] == (pytest.approx(theirs[name], abs=1e-9) if isinstance(theirs[name], float) else theirs[name])


@given(maps_strategy(), st.permutations([1, 2, 3]))
def test_renumbering_classes_only_renames_them(pair, order):
    renumber = np.array([0, *order], np.uint8)
    before = {renumber[c.label]: c for c in nh.evaluate(*(labels(m) for m in pair)).classes}
    for c in nh.evaluate(*(labels(renumber[m]) for m in pair)).classes:
        old = before[c.label]
        for name in FIXED - {"label", "name"}:
            assert getattr(c, name) == getattr(old, name)


@given(maps_strategy())
def test_identity_and_symmetry(pair):
    prediction, reference = (labels(m) for m in pair)
    for c in nh.evaluate(reference, reference).classes:
        assert (c.dice, c.sensitivity, c.accuracy, c.surface_dice, c.hausdorff_mm, c.hausdorff95_mm) == (1, 1, 1, 1, 0, 0)
    there, back = nh.evaluate(prediction, reference), nh.evaluate(reference, prediction)
    for ours, theirs in zip(there.classes, back.classes, strict=True):
        assert (ours.dice, ours.hausdorff_mm, ours.surface_dice) == (theirs.dice, theirs.hausdorff_mm, theirs.surface_dice)
        assert ours.sensitivity == theirs.precision


@given(maps_strategy(), st.data())
def test_regions_that_part_the_grid_sum_up(pair, data):
    region = data.draw(hnp.arrays(np.uint8, pair[0].shape, elements=st.integers(0, 1)))
    prediction, reference = (labels(m, {1: "a", 2: "b", 3: "c"}) for m in pair)
    parts = [nh.evaluate(prediction, reference, labels(r), COUNTS_ONLY).classes for r in (region, 1 - region)]
    for whole, inside, outside in zip(nh.evaluate(prediction, reference, COUNTS_ONLY).classes, *parts, strict=True):
        for count in ("tp", "fp", "fn", "tn"):
            assert getattr(whole, count) == getattr(inside, count) + getattr(outside, count)


def test_fixed_keys_and_json():
    found = nh.evaluate(flat([0, 1, 2]), flat([0, 1, 1])).to_json()
    json.dumps(found, allow_nan=False)
    for record in found["classes"]:
        assert record.keys() >= FIXED
        assert {key for key, value in record.items() if value is None} == set(record["reasons"])
    assert found["classes"][1]["sensitivity"] is None


def test_classes_are_matched_by_name_where_both_have_names():
    prediction = flat([1, 1, 2, 3, 9], {1: "Liver", 2: "spleen", 3: "background"})
    reference = flat([2, 2, 1, 0, 9], {2: "liver", 1: "spleen"})
    spleen, liver, nine = nh.evaluate(prediction, reference).classes
    assert (spleen.label, spleen.name, spleen.tp, spleen.dice) == (1, "spleen", 1, 1)
    assert (liver.label, liver.name, liver.tp, liver.dice) == (2, "liver", 2, 1)
    assert (nine.label, nine.name, nine.tp) == (9, "label 9", 1)


def test_classes_are_matched_by_value_where_one_has_no_names():
    (lung,) = nh.evaluate(flat([1, 1, 0]), flat([1, 0, 0], {1: "lung"})).classes
    assert (lung.label, lung.name, lung.tp, lung.fp) == (1, "lung", 1, 1)


def test_one_value_with_two_names_is_two_classes():
    found = nh.evaluate(flat([1, 0], {1: "heart"}), flat([1, 0], {1: "liver"}))
    assert {(c.label, c.name, c.tp, c.fp, c.fn) for c in found.classes} == {(1, "heart", 0, 1, 0), (1, "liver", 0, 0, 1)}


def test_values_of_one_name_are_one_class():
    (lung,) = nh.evaluate(flat([1, 2, 0], {1: "lung", 2: "lung"}), flat([5, 5, 0], {5: "lung"})).classes
    assert (lung.label, lung.tp, lung.fp, lung.fn) == (5, 2, 0, 0)


def test_background_is_left_out_unless_it_is_alone():
    assert [c.label for c in nh.evaluate(flat([0, 1]), flat([0, 1])).classes] == [1]
    (background,) = nh.evaluate(flat([0, 0]), flat([0, 0])).classes
    assert (background.label, background.name, background.tp, background.dice) == (0, "background", 2, 1)
    assert background.specificity is None


def test_a_named_class_that_occurs_nowhere_is_undefined():
    lung, airway = nh.evaluate(flat([0, 1], {1: "lung", 2: "airway"}), flat([0, 1])).classes
    assert lung.dice == 1
    for name in ("sensitivity", "dice", *SURFACE_FIGURES):
        assert getattr(airway, name) is None
        assert airway.reasons[name]


def test_a_class_in_one_map_only_has_no_distance():
    array = np.zeros((3, 4, 4), int)
    array[1, 1:3, 1:3] = 1
    missed = nh.evaluate(labels(0 * array), labels(array)).classes[0]
    assert (missed.dice, missed.sensitivity, missed.surface_dice) == (0, 0, 0)
    assert missed.hausdorff_mm is None
    assert missed.reasons["hausdorff_mm"] == "the prediction has none of this class"
    invented = nh.evaluate(labels(array), labels(0 * array)).classes[0]
    assert invented.reasons["hausdorff95_mm"] == invented.reasons["sensitivity"] == "the reference has none of this class"


def test_ignored_values_are_not_counted():
    found = nh.evaluate(flat([1, 1, 0, 1]), flat([1, 255, 0, 0]), nh.EvaluateParams(ignore=255))
    (one,) = found.classes
    assert (one.tp, one.fp, one.fn, one.tn) == (1, 1, 0, 1)
    assert found.voxels == 3


def test_a_region_that_holds_nothing():
    (lung,) = nh.evaluate(flat([1, 0], {1: "lung"}), flat([1, 0], {1: "lung"}), flat([0, 0])).classes
    assert lung.accuracy is None
    assert lung.reasons["accuracy"] == "nothing was counted"


def test_means_leave_out_what_is_undefined():
    found = nh.evaluate(flat([1, 1, 0, 3]), flat([1, 0, 0, 0], {1: "a", 2: "b"}))
    dice = [c.dice for c in found.classes]
    assert dice == [pytest.approx(2 / 3), None, 0]
    assert found.macro["dice"] == pytest.approx(1 / 3)
    assert nh.evaluate(flat([0]), flat([0])).macro["reasons"]["specificity"] == "undefined for every class"


def test_different_grids_are_refused():
    with pytest.raises(nh.GridError, match="grids differ"):
        nh.evaluate(flat([0, 1]), flat([0, 1, 1]))
    with pytest.raises(nh.GridError, match="grids differ"):
        nh.evaluate(labels(np.ones((2, 3, 4), int)), labels(np.ones((2, 3, 4), int), affine=nh.axial_affine((3, 0.7, 0.9))))


def test_tolerance_is_resolved_from_the_voxels_and_recorded():
    found = nh.evaluate(labels(np.ones((2, 3, 4), int)), labels(np.ones((2, 3, 4), int)))
    assert found.tolerance_mm == 3.0
    assert found.history[-1].operation == "evaluate"
    assert found.history[-1].parameters["tolerance"] == [3.0]
    plane = labels(np.ones((1, 3, 4), int))
    assert nh.evaluate(plane, plane).tolerance_mm == pytest.approx(0.8)
    assert nh.evaluate(plane, plane, nh.EvaluateParams(tolerance=2)).tolerance_mm == 2


def test_a_thin_object_in_a_volume_is_not_taken_for_a_plane_image():
    """Every voxel of a plate in a volume is surface; in a 2D image only its outline is."""
    plate, holed = np.zeros((2, 5, 12, 12), int)
    plate[2, 1:11, 1:11] = holed[2, 1:11, 1:11] = 1
    holed[2, 5, 5] = 0
    in_volume = nh.evaluate(labels(holed), labels(plate), nh.EvaluateParams(tolerance=0)).classes[0]
    assert in_volume.surface_dice == (99 + 99) / (99 + 100)
    in_plane = nh.evaluate(labels(holed[2:3]), labels(plate[2:3]), nh.EvaluateParams(tolerance=0)).classes[0]
    assert in_plane.surface_dice == (36 + 36) / (36 + 40)


@pytest.mark.parametrize("bad", [{"tolerance": (1, 2)}, {"tolerance": -1}, {"ignore": 1.5}])
def test_bad_parameters_are_refused(bad):
    with pytest.raises(ValidationError):
        nh.EvaluateParams(**bad)


def test_segmentations_stand_for_their_labels():
    data = flat([0, 1])
    assert nh.evaluate(nh.Segmentation(data), nh.Segmentation(data)).classes[0].dice == 1


def test_table_is_aligned():
    names = {1: "lung", 2: "a long name"}
    lines = nh.evaluate(flat([1, 2, 0], names), flat([1, 0, 0], names)).table()
    assert len(lines) == 4
    assert lines[0].split()[:3] == ["label", "name", "sensitivity"]
    assert lines[2].split()[4] == "-"
    assert lines[3].split()[0] == "mean"
    assert len({len(line) for line in lines}) == 1


def test_steps_report_progress_and_can_be_closed():
    big = labels(np.random.default_rng(0).integers(0, 3, (20, 10, 10)))
    fractions = [p.fraction for p in nh.evaluate.steps(big, big)]
    assert fractions == sorted(fractions)
    assert 0 <= fractions[0] <= fractions[-1] <= 1
    assert len(fractions) > 20
    steps = nh.evaluate.steps(big, big)
    next(steps)
    steps.close()


def test_comparison_by_number_is_said():
    array = np.array([[[0, 1, 1]]], np.uint8)
    named, plain = nh.LabelMap(array, np.eye(4), {1: "lung"}), nh.LabelMap(array, np.eye(4))
    assert "reference has no class names" in nh.evaluate(named, plain).to_json()["notes"][0]
    assert "prediction has no class names" in nh.evaluate(plain, named).table()[-1]
    assert nh.evaluate(named, named).notes == nh.evaluate(plain, plain).notes == ()
