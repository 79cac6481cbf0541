"""What evaluation and measurement say in words, and what they refuse, so that no figure is taken for another."""

from __future__ import annotations

import csv

import numpy as np
import pytest

import napari_hounsfield as nh

AFFINE = nh.axial_affine((1, 1, 1))


def labels(values, classes=None, affine=AFFINE):
    return nh.LabelMap(np.asarray(values, np.uint8), affine, classes or {})


@pytest.fixture
def empty():
    return np.zeros((2, 6, 6), np.uint8)


@pytest.fixture
def two_parts(empty):
    values = empty.copy()
    values[0, 1:3, 1:3] = 1
    values[1, 4, 4] = 1
    return values


PLAIN = {"surface": False}


def notes(ours, theirs, region=None, **params):
    return " ".join(nh.evaluate(ours, theirs, region, params=nh.EvaluateParams(**PLAIN, **params)).notes)


def test_empty_maps_are_told(empty, two_parts):
    found = nh.evaluate(labels(empty), labels(empty), params=nh.EvaluateParams(**PLAIN))
    assert found.classes[0].dice == 1
    assert "Both maps are empty" in found.notes[0]
    assert not nh.evaluate(labels(empty), labels(two_parts)).notes


def test_what_leaves_no_voxel_is_told(empty, two_parts):
    assert "No voxel is left to count, with a region" in notes(labels(two_parts), labels(two_parts), labels(empty))
    assert "with ignored values" in notes(labels(two_parts), labels(two_parts), ignore=(0, 1))
    assert "does not hold: 7" in notes(labels(two_parts), labels(two_parts), ignore=(1, 7))


def test_names_without_a_counterpart_are_listed(two_parts):
    said = notes(labels(two_parts, {1: "lung", 2: "rib"}), labels(two_parts, {1: "lung", 3: "skin"}))
    assert said == "Class names without a counterpart, in the prediction: rib; reference: skin."


def test_resampling_says_what_lies_outside_and_refuses_what_has_nothing_in_common(two_parts):
    moved, away = (labels(two_parts, affine=nh.axial_affine((1, 1, 1), (x, 0, 0))) for x in (3, 300))
    said = notes(labels(two_parts), moved, resample=True)
    assert "50.00% of the reference's grid lies outside the prediction" in said
    assert "50.00% of the prediction's grid lies outside the reference" in said
    with pytest.raises(nh.GridError, match="wholly outside"):
        notes(labels(two_parts), away, resample=True)


def test_objects_have_lines_of_their_own_in_a_csv(two_parts, tmp_path):
    found = nh.evaluate(labels(two_parts), labels(two_parts), params=nh.EvaluateParams(objects=True))
    with open(nh.write(tmp_path / "objects.csv", found), newline="") as file:
        whole, *parts = csv.DictReader(file)
    assert (whole["object"], whole["predicted_objects"]) == ("", "2")
    assert [(p["object"], p["kind"], float(p["volume_ml"])) for p in parts] == [
        ("1", "detected", 0.004),
        ("2", "detected", 0.001),
    ]


def test_many_objects_can_be_written(tmp_path):
    values = np.zeros((20, 40, 40), np.uint8)
    values[::2, ::2, ::2] = 1
    found = nh.evaluate(labels(values), labels(values), params=nh.EvaluateParams(surface=False, objects=True))
    assert len(nh.write(tmp_path / "many.csv", found).read_text().splitlines()) == 1002


def test_a_report_takes_one_evaluation_and_nothing_else(two_parts, tmp_path):
    found = nh.evaluate(labels(two_parts), labels(two_parts))
    assert "label 1" in nh.write_report(tmp_path / "one.html", found).read_text(encoding="utf-8")
    with pytest.raises(TypeError, match="takes an Evaluation or a CasesEvaluation, not list"):
        nh.write_report(tmp_path / "none.html", [found])


def test_an_image_where_labels_are_wanted_hints_at_their_reader(two_parts):
    image = nh.Volume(two_parts, AFFINE)
    with pytest.raises(TypeError, match=r"not Volume; read_labels\(\) reads labels"):
        nh.evaluate(image, labels(two_parts))


def test_probabilities_that_are_wrong_are_named(two_parts):
    maps = np.stack([1.0 - two_parts, two_parts]).astype(np.float32)
    maps[:, 0, 0, 0] = np.nan
    features = nh.Features(maps, ("background", "label 1"), AFFINE, name="maps.nii.gz")
    with pytest.raises(nh.IntensityError, match=r"^maps\.nii\.gz: probabilities of .* hold NaN"):
        nh.evaluate(nh.Segmentation(labels(two_parts), features), labels(two_parts))


def test_ece_of_all_needs_a_map_of_every_class(two_parts):
    maps = two_parts[np.newaxis].astype(np.float32)
    features = nh.Features(maps, ("label 1",), AFFINE)
    overall = nh.evaluate(nh.Segmentation(labels(two_parts), features), labels(two_parts)).overall
    assert (overall["ece"], overall["brier"]) == (None, None)
    assert overall["reasons"]["ece"] == overall["reasons"]["brier"] == "not every class has a map of probabilities"


def test_reasons_of_means_say_what_was_not_asked_for(two_parts):
    reasons = nh.evaluate(labels(two_parts), labels(two_parts), params=nh.EvaluateParams(**PLAIN)).macro["reasons"]
    assert reasons["hausdorff_mm"] == "surfaces were not asked for"


def test_nan_matters_only_where_it_is_measured(two_parts):
    values = np.ones(two_parts.shape, np.float32)
    clean = nh.measure(nh.Volume(values, AFFINE, unit="SUV"), labels(two_parts)).to_json()
    values[0, 5, 5] = np.nan
    assert nh.measure(nh.Volume(values, AFFINE, unit="SUV"), labels(two_parts)).to_json() == clean
    values[0, 1, 1] = np.inf
    with pytest.raises(nh.IntensityError, match="1 voxels of 'label 1' in slices 0 to 1 are NaN"):
        nh.measure(nh.Volume(values, AFFINE), labels(two_parts))


def test_empty_labels_are_told_when_measured(empty):
    image = nh.Volume(np.ones(empty.shape, np.float32), AFFINE)
    found = nh.measure(image, labels(empty))
    assert (found.empty, "empty" in found.notes[0]) == (True, True)
    assert not nh.measure(image, labels(empty), nh.MeasureParams(background=True)).notes


def test_agreement_of_readers_is_a_tidy_table(two_parts, tmp_path):
    found = nh.compare_readers(nh.Readers([labels(two_parts), labels(two_parts[:, ::-1])], ["Ada", "Ben"]))
    with open(nh.write(tmp_path / "readers.csv", found), newline="") as file:
        rows = {(r["name"], r["reader"], r["and"], r["figure"]): r["value"] for r in csv.DictReader(file)}
    assert float(rows["label 1", "Ada", "Ben", "dice"]) == found.classes[0].dice[0][1]
    assert float(rows["all classes", "", "", "fleiss_kappa"]) == found.fleiss_kappa
    assert sum("all classes" in line for line in found.table()) == 2
