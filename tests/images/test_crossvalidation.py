"""The protocol: nothing leaks, patients stay together, and what does not fit is refused."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from tests.images.nearest_models import NearestImage, NearestMean, register, write_study

import napari_hounsfield as nh
from napari_hounsfield.errors import LabelError, ParameterError
from napari_hounsfield.images.comparison import record_of
from napari_hounsfield.images.crossvalidation import check_folds
from napari_hounsfield.images.fold_learning import learned_outcomes
from napari_hounsfield.images.folds import Folds, stratified_folds
from napari_hounsfield.images.prepared import PreparedImages
from napari_hounsfield.images.recipe import ImageRecipe
from napari_hounsfield.operation import finish

SMALL = {"models": "nearest-mean,nearest-image", "folds": 4, "recipe": {"prepare": {"matrix": 10}}}


@pytest.fixture(autouse=True)
def registered(monkeypatch):
    register(monkeypatch)


@pytest.fixture
def table(tmp_path):
    return nh.read_image_table(write_study(tmp_path / "study"))


def params(**changes):
    return nh.CrossValidateParams(**(SMALL | changes))


def pooled_record(images, kind, patients):
    folds = stratified_folds(images.targets, patients, 5, 0)
    outcomes = finish(learned_outcomes(images, [kind], folds, ImageRecipe(), 0))
    record = finish(record_of(images, range(len(images)), folds, outcomes, {kind.name: kind.title}, "ill"))
    return record["models"][kind.name]["pooled"]


def test_a_model_that_can_tell_is_found_to(table, tmp_path):
    record = nh.crossvalidate(table, params()).record
    assert list(record["models"]) == ["nearest-mean", "nearest-image"]
    assert record["positive"] == "ill"
    pooled = record["models"]["nearest-mean"]["pooled"]
    assert pooled["accuracy"] > 0.9
    assert pooled["images"] == 24
    assert [fold["fold"] for fold in record["models"]["nearest-mean"]["folds"]] == [1, 2, 3, 4]
    assert not {"seconds", "peak_memory_mb"} & set(re.findall(r'"(\w+)":', json.dumps(record)))


def test_shuffled_labels_are_not_recognised():
    random = np.random.default_rng(0)
    truth = np.arange(200) % 2
    array = random.normal(0.4, 0.1, (200, 6, 6)) + 0.2 * truth[:, None, None]
    true = PreparedImages(array.astype(np.float32), truth, np.arange(200), ("healthy", "ill"))
    shuffled = PreparedImages(true.array, random.permutation(truth), np.arange(200), true.classes)
    assert pooled_record(true, NearestMean(), true.patients)["accuracy"] > 0.95
    low, high = pooled_record(shuffled, NearestMean(), true.patients)["intervals"]["accuracy"]
    assert low < 0.5 < high


def test_what_marks_the_patient_is_not_rewarded():
    """Every patient's images are alike, whatever the label; only who is known already is recognised."""
    random = np.random.default_rng(1)
    patients = np.repeat(np.arange(40), 5)
    labels = random.permutation(np.arange(40) % 2)[patients]
    marks = random.normal(0.5, 0.2, (40, 6, 6))[patients]
    array = (marks + random.normal(0, 0.02, marks.shape)).astype(np.float32)
    images = PreparedImages(array, labels, patients, ("healthy", "ill"))
    low, high = pooled_record(images, NearestImage(), patients)["intervals"]["accuracy"]
    assert low < 0.5 < high
    assert pooled_record(images, NearestImage(), np.arange(200))["accuracy"] > 0.99, (
        "the signal is there for who divides patients"
    )


def test_no_model_sees_the_images_it_is_asked_about(table):
    seen = []

    class Watching(NearestMean):
        def learn(self, images, recipe, seed):
            seen.append(images)
            return (yield from super().learn(images, recipe, seed))

    images = PreparedImages(np.arange(24, dtype=np.float32).reshape(24, 1, 1), np.arange(24) % 2, np.arange(24) // 2, ("a", "b"))
    folds = stratified_folds(images.targets, images.patients, 3, 0, locked=0.25)
    outcomes = finish(learned_outcomes(images, [Watching()], folds, ImageRecipe(), 0))
    assert len(seen) == len(outcomes["nearest-mean"]) == 4
    for fold, learned in enumerate(seen):
        allowed = (folds.of >= 0) & (folds.of != (fold if fold < 3 else -1))
        np.testing.assert_array_equal(learned.array.ravel(), np.flatnonzero(allowed))


def test_several_images_of_a_patient_stay_together_and_count_as_one(tmp_path):
    table = nh.read_image_table(write_study(tmp_path / "study", 48, per_patient=4))
    record = nh.crossvalidate(table, params()).record
    images = record["images"]
    folds_of = {}
    for patient, fold in zip(images["patient"], images["fold"], strict=True):
        folds_of.setdefault(patient, set()).add(fold)
    assert all(len(folds) == 1 for folds in folds_of.values())
    assert "patient" in record["statistics"]["rates"]
    assert record["comparisons"][0]["mcnemar"]["test"] == "McNemar, exact, by patient"


def test_a_patient_with_both_labels_is_kept_together(tmp_path):
    path = write_study(tmp_path / "study", 24)
    lines = path.read_text().splitlines()
    lines[1] = lines[1].replace("Smith 0", "Smith 1")  # healthy; 1 is ill
    path.write_text("\n".join(lines))
    record = nh.crossvalidate(nh.read_image_table(path), params()).record
    fold, classes = record["images"]["fold"], record["images"]["class"]
    assert fold[0] == fold[1]
    assert classes[:2] == [0, 1]


def test_three_classes(tmp_path):
    table = nh.read_image_table(write_study(tmp_path / "study", 36, classes=("a", "b", "c")))
    record = nh.crossvalidate(table, params()).record
    assert record["positive"] is None
    pooled = record["models"]["nearest-mean"]["pooled"]
    assert set(pooled["classes"]) == {"a", "b", "c"}
    assert pooled["accuracy"] == np.trace(pooled["confusion"]) / 36
    one = nh.crossvalidate(table, params(positive="b")).record["models"]["nearest-mean"]["pooled"]
    assert {name: one[name] for name in ("tp", "fp", "fn", "tn")} == {
        name: pooled["classes"]["b"][name] for name in ("tp", "fp", "fn", "tn")
    }


def test_what_cannot_be_read_is_listed_by_its_row(table, tmp_path):
    (tmp_path / "study" / "smith-3.png").write_bytes(b"no picture")
    record = nh.crossvalidate(table, params()).record
    (left_out,) = record["unreadable"]
    assert left_out["row"] == 5
    assert "smith" not in left_out["reason"]
    assert 5 not in record["images"]["row"]
    assert len(record["images"]["row"]) == 23


def test_the_same_image_in_two_folds_is_found(tmp_path):
    path = write_study(tmp_path / "study", 24)
    for number in range(0, 24, 2):  # all the healthy ones are one image, so some of them lie apart
        (path.parent / f"smith-{number}.png").write_bytes((path.parent / "smith-0.png").read_bytes())
    pairs = nh.crossvalidate(nh.read_image_table(path), params()).record["near_duplicates"]
    assert pairs
    assert all(pair["folds"][0] != pair["folds"][1] for pair in pairs)


def test_the_locked_part_is_asked_about_last_of_all(table):
    said = list(
        dict.fromkeys(p.message.rpartition(",")[0] or p.message for p in nh.crossvalidate.steps(table, params(locked=0.25)))
    )
    parts = [message for message in said if message.startswith("nearest-")]
    assert [("locked" in message) for message in parts[-3:]] == [False, True, True], parts


def test_folds_that_do_not_fit_are_refused():
    images = PreparedImages(np.zeros((8, 2, 2), np.float32), np.arange(8) % 2, np.arange(8) // 2, ("a", "b"))
    fitting = np.arange(8) // 4
    check_folds(images, Folds(fitting, 2, 0), nh.CrossValidateParams(folds=2))
    for of, count, changes, said in [
        (fitting[1:], 2, {}, "of 7 images"),
        (fitting, 2, {"folds": 3}, "2 are frozen, and 3 asked for"),
        (fitting, 2, {"locked": 0.5}, "0 images are locked away"),
        (np.arange(8) % 2, 2, {}, "one patient lie in several"),
        (np.zeros(8, int), 2, {}, "a class has no image left|fold 2 of 2 has no image"),
    ]:
        with pytest.raises(ParameterError, match=said):
            check_folds(images, Folds(of, count, 0), nh.CrossValidateParams(**({"folds": 2} | changes)))


def test_bad_input(tmp_path):
    table = nh.read_image_table(write_study(tmp_path / "study", 8, per_patient=2))
    with pytest.raises(ParameterError, match=r"folds"):
        nh.crossvalidate(table, nh.FoldStore(tmp_path / "out"), params(folds=10))
    assert not (tmp_path / "out").exists()
    with pytest.raises(ParameterError, match="positive: 'dead' is none of the classes healthy, ill"):
        nh.crossvalidate(table, params(positive="dead"))
    with pytest.raises(ParameterError, match="nearest-image takes images, not volumes"):
        nh.crossvalidate(table, params(folds=2, recipe={"prepare": {"matrix": 8, "slices": 2}}))
    with pytest.raises(ValueError, match="'nothing' is not one of"):
        params(models="nothing")
    for number in range(0, 8, 4):  # all of the healthy ones
        for each in (number, number + 1):
            (tmp_path / "study" / f"smith-{each}.png").write_bytes(b"")
    with pytest.raises(LabelError, match="of one class"):
        nh.crossvalidate(table, params(folds=2))
