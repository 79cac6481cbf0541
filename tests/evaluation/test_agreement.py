"""`evaluate`: classes matched, grids matched, regions, surfaces, and what is undefined."""

from __future__ import annotations

import json

import numpy as np
import pytest
import SimpleITK
from hypothesis import given, settings
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


@pytest.mark.filterwarnings("ignore:A single label")
@given(maps_strategy())
def test_all_classes_together_equal_scikit_learn(pair):
    prediction, reference = pair
    found = nh.evaluate(labels(prediction), labels(reference), COUNTS_ONLY)
    ours, theirs = prediction.ravel(), reference.ravel()
    assert found.overall["accuracy"] == pytest.approx(metrics.accuracy_score(theirs, ours), abs=1e-12)
    if len({*ours, *theirs}) > 1:
        assert found.overall["kappa"] == pytest.approx(metrics.cohen_kappa_score(theirs, ours), abs=1e-12)
    else:
        assert found.overall["kappa"] is None
        assert found.overall["reasons"]["kappa"] == "only one class occurs"
    if len(set(ours)) > 1 and len(set(theirs)) > 1:
        assert found.overall["matthews"] == pytest.approx(metrics.matthews_corrcoef(theirs, ours), abs=1e-12)
    else:
        assert found.overall["matthews"] is None
    confusion = metrics.confusion_matrix(theirs, ours, labels=found.confusion.labels)
    assert np.array_equal(found.confusion.counts, confusion)
    values = [c.label for c in found.classes]
    for average, means in (("micro", found.micro), ("macro", found.macro)):
        if average == "macro" and any(c.precision is None or c.sensitivity is None for c in found.classes):
            continue  # undefined is left out here, and 0 there
        if means["precision"] is not None and means["sensitivity"] is not None:
            expected = metrics.precision_recall_fscore_support(theirs, ours, labels=values, average=average, zero_division=0)
            assert means["precision"] == pytest.approx(expected[0], abs=1e-12)
            assert means["sensitivity"] == pytest.approx(expected[1], abs=1e-12)
            assert means["dice"] == pytest.approx(expected[2], abs=1e-12)


def test_confusion_goes_by_names_and_leaves_out_what_is_ignored():
    prediction, reference = (
        flat([1, 1, 2, 0], {1: "liver", 2: "spleen"}),
        flat([5, 4, 4, 9], {5: "liver", 4: "spleen", 9: "noise"}),
    )
    found = nh.evaluate(prediction, reference, nh.EvaluateParams(surface=False, ignore=9))
    assert found.confusion.names == ("background", "spleen", "liver")
    assert found.confusion.counts == ((0, 0, 0), (0, 1, 1), (0, 0, 1))
    assert found.to_json()["confusion"]["labels"] == (0, 4, 5)


def test_volumes_are_of_what_was_counted():
    array = np.zeros((3, 10, 10), int)
    array[1, :, :5] = 1
    larger = array.copy()
    larger[1, :, 5] = 1
    (found,) = nh.evaluate(labels(larger), labels(array), COUNTS_ONLY).classes
    voxel = 3.0 * 0.7 * 0.8 / 1000
    assert found.volume_ml == pytest.approx(60 * voxel)
    assert found.reference_volume_ml == pytest.approx(50 * voxel)
    assert found.volume_error_ml == pytest.approx(10 * voxel)
    assert found.volume_error == pytest.approx(0.2)
    (invented,) = nh.evaluate(labels(array), labels(0 * array), COUNTS_ONLY).classes
    assert invented.volume_error is None
    assert invented.reasons["volume_error"] == "the reference has none of this class"


@pytest.mark.filterwarnings("ignore::FutureWarning")
@settings(max_examples=15)
@given(maps_strategy(high=2))
def test_surface_figures_equal_monai(pair):
    """Where both have a class: MONAI is given a margin, because it takes the edge of the image for inside."""
    torch, monai = pytest.importorskip("torch"), pytest.importorskip("monai.metrics")
    params = nh.EvaluateParams(tolerance=1)
    image = [np.pad(m, 1) for m in pair]
    for c in nh.evaluate(*(labels(m) for m in image), params).classes:
        if not c.label or c.surface_dice is None or c.hausdorff_mm is None:
            continue
        tensors = [torch.from_numpy((m == c.label)[None, None].astype(np.uint8)) for m in image]
        options = {"include_background": True, "spacing": (3.0, 0.7, 0.8)}
        average = monai.compute_average_surface_distance(*tensors, symmetric=True, **options)
        assert c.average_surface_distance_mm == pytest.approx(float(average), rel=1e-5, abs=1e-6)
        assert c.surface_dice == pytest.approx(float(monai.compute_surface_dice(*tensors, [1.0], **options)), rel=1e-6)


@given(maps_strategy(), maps_strategy())
def test_counts_of_a_union_are_the_sums(one, other):
    """Two pairs side by side, as parts of one grid."""
    joined = []
    for a, b in zip(one, other, strict=True):
        whole = np.zeros([a.shape[0] + b.shape[0], *np.maximum(a.shape[1:], b.shape[1:])], np.uint8)
        whole[: len(a), : a.shape[1], : a.shape[2]] = a
        whole[len(a) :, : b.shape[1], : b.shape[2]] = b
        joined.append(whole)
    parts = [{c.label: c for c in nh.evaluate(*(labels(m) for m in p), COUNTS_ONLY).classes} for p in (one, other)]
    for c in nh.evaluate(*(labels(m) for m in joined), COUNTS_ONLY).classes:
        for count in ("tp", "fp", "fn") if c.label else ():
            assert getattr(c, count) == sum(getattr(p[c.label], count) for p in parts if c.label in p)


def test_other_grids_are_resampled_only_if_asked():
    fine = np.zeros((4, 12, 12), np.uint8)
    fine[1:3, 2:8, 4:10] = 2
    coarse = nh.LabelMap(fine[:, ::2, ::2], nh.axial_affine((3.0, 1.4, 1.6), (-9.6, 20.35, 30)), classes={2: "liver"})
    reference = labels(fine, {2: "liver"})
    with pytest.raises(
        nh.GridError, match=r"prediction: grids differ: Grid\(shape=\(4, 6, 6\).*against Grid\(shape=\(4, 12, 12\)"
    ):
        nh.evaluate(coarse, reference)
    found = nh.evaluate(coarse, reference, nh.EvaluateParams(resample=True))
    assert found.classes[0].dice == 1
    assert found.notes[0] == "The prediction was taken to the grid of the reference by nearest neighbour."
    assert nh.evaluate(reference, reference, nh.EvaluateParams(resample=True)).notes == ()


@given(st.integers(0, 100))
def test_resampling_equals_simpleitk(seed):
    from napari_hounsfield.evaluation.resampling import nearest_labels
    from napari_hounsfield.operation import finish

    random = np.random.default_rng(seed)
    array = random.integers(0, 4, (5, 7, 6)).astype(np.uint8)
    origin, spacing = random.uniform(-2, 2, 3), random.uniform(0.5, 2, 3)
    source = nh.LabelMap(array, nh.axial_affine(spacing, origin))
    target = nh.LabelMap(np.zeros((6, 8, 9), np.uint8), nh.axial_affine((1.1, 0.9, 0.7)))
    images = []
    for data, step, place in ((array, spacing, origin), (target.array, (1.1, 0.9, 0.7), (0, 0, 0))):
        image = SimpleITK.GetImageFromArray(data)
        image.SetSpacing([float(s) for s in step[::-1]])
        image.SetOrigin([float(o) for o in place])
        images.append(image)
    expected = SimpleITK.Resample(images[0], images[1], SimpleITK.Transform(), SimpleITK.sitkNearestNeighbor, 0)
    assert np.array_equal(finish(nearest_labels(source, target.grid)).array, SimpleITK.GetArrayFromImage(expected))


def test_bad_input_is_named():
    with pytest.raises(nh.LabelError, match="whole"):
        flat([0.5, 1])
    assert nh.evaluate(flat([0.0, 1.0]), flat([0, 1])).classes[0].dice == 1
    plane = nh.LabelMap(np.array([[[0, 1], [1, 1]]]), np.eye(4))  # pixels without spacing count as 1 mm
    assert nh.evaluate(plane, plane).classes[0].hausdorff_mm == 0
    border, voxel = np.zeros((2, 3, 4, 5), int)
    border[0], voxel[0, 0, 0] = 1, 1
    (found,) = nh.evaluate(labels(voxel), labels(border)).classes
    assert found.hausdorff_mm == pytest.approx(np.hypot(3 * 0.7, 4 * 0.8))


def test_large_maps_of_many_types_agree():
    """Whatever counts and finds boxes of many voxels gives what is found for a few."""
    small = np.zeros((6, 20, 20), np.uint8)
    small[1:4, 3:12, 5:11], small[2:5, 12:17, 2:9] = 1, 2
    shifted = np.roll(small, 1, axis=2)
    padding = ((0, 4), (0, 280), (0, 280))
    small_found = nh.evaluate(labels(shifted), labels(small)).classes
    for dtype in (np.uint8, np.int16, np.int64):
        large = [labels(np.pad(m, padding).astype(dtype)) for m in (shifted, small)]
        for a, b in zip(nh.evaluate(*large).classes, small_found, strict=True):
            for name in ("tp", "fp", "fn", "dice", *SURFACE_FIGURES):
                assert getattr(a, name) == getattr(b, name)
    beyond = [labels(np.where(m.array == 2, 1000, m.array)) for m in large]
    assert nh.evaluate(*beyond).classes[1].hausdorff_mm == small_found[1].hausdorff_mm


def test_names_without_a_counterpart_and_a_named_zero_are_told():
    array = np.zeros((2, 4, 4), np.uint8)
    array[:, 1:3, 1:3] = 1
    lung, liver = (nh.LabelMap(array, np.eye(4), {1: name}) for name in ("lung", "liver"))
    assert "no class name in common" in nh.evaluate(lung, liver).notes[0]
    assert nh.evaluate(lung, lung).notes == ()
    zero = nh.LabelMap(array, np.eye(4), {0: "lung", 1: "air"})
    assert any("Value 0 has a name" in note for note in nh.evaluate(zero, lung).notes)


def test_a_class_of_the_name_of_the_other_maps_zero():
    lung = np.zeros((2, 3, 4), np.uint8)
    lung[0, 1, 1] = 1
    zero = nh.LabelMap(np.zeros_like(lung), np.eye(4), {0: "lung"})
    (found,) = nh.evaluate(zero, nh.LabelMap(lung, np.eye(4), {1: "lung"})).classes  # 0 is background, whatever its name
    assert (found.name, found.tp, found.fn, found.tn) == ("lung", 0, 1, 23)
    strokes = nh.LabelMap(2 - lung, np.eye(4), {1: "lung", 2: "outside"})  # here background has a number of its own
    (found,) = nh.evaluate(nh.LabelMap(lung, np.eye(4), {0: "outside", 1: "lung"}), strokes).classes
    assert (found.name, found.tp, found.tn) == ("lung", 1, 23)
