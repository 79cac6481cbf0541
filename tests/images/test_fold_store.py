"""The folder of a comparison: resumed, held to what it was begun with, and never believed where it is damaged."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from tests.images.nearest_models import register, write_study

import napari_hounsfield as nh
from napari_hounsfield.errors import FormatError, ParameterError, WriteError
from napari_hounsfield.images.comparison_reading import begun_params
from napari_hounsfield.images.fold_outcome import FoldOutcome
from napari_hounsfield.images.fold_store import json_text
from napari_hounsfield.images.models.loss_point import LossPoint

SMALL = {"models": "nearest-mean,nearest-image", "folds": 4, "recipe": {"prepare": {"matrix": 10}}}
FILES = ("crossvalidation.json", "report.html", "folds.json")


@pytest.fixture(scope="module", autouse=True)
def registered():
    with pytest.MonkeyPatch.context() as patch:
        register(patch)
        yield


def params(**changes):
    return nh.CrossValidateParams(**(SMALL | changes))


def contents(folder):
    return [(folder / name).read_bytes() for name in FILES]


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    return nh.read_image_table(write_study(tmp_path_factory.mktemp("study"), strength=20))


@pytest.fixture(scope="module")
def finished(table, tmp_path_factory):
    """A folder of a comparison from beginning to end."""
    out = tmp_path_factory.mktemp("whole") / "out"
    nh.crossvalidate(table, nh.FoldStore(out), params(locked=0.25))
    return out


@pytest.fixture
def out(finished, tmp_path):
    """A copy of it."""
    return shutil.copytree(finished, tmp_path / "out")


def went_on(steps, further):
    """Finish one fold, go so many reports into the next, and stop; whether there was a next one."""
    begun, left = [], further
    for progress in steps:
        model, _, rest = progress.message.partition(", ")
        if model.startswith("nearest-"):
            name = model, rest.split(",")[0]
            begun += [name] * (name not in begun)
        if len(begun) > 1:
            if not left:
                steps.close()
                return False
            left -= 1
    return True


def test_resumed_wherever_it_was_interrupted_it_is_the_same_bytes(table, finished, tmp_path):
    store, rounds = nh.FoldStore(tmp_path / "parts"), 1
    while not went_on(nh.crossvalidate.steps(table, store, params(locked=0.25)), rounds % 3):
        rounds += 1
    assert rounds == 10, "each of two models learned of four folds and of all of them"
    assert contents(tmp_path / "parts") == contents(finished)


def test_begun_anew_it_is_the_same_bytes(table, finished, tmp_path):
    nh.crossvalidate(table, nh.FoldStore(tmp_path / "again"), params(locked=0.25))
    assert contents(tmp_path / "again") == contents(finished)
    assert set(json.loads((finished / "cost.json").read_text())["models"]) == {"nearest-mean", "nearest-image"}


def test_what_is_known_is_not_learned_again(table, out):
    before = {path: path.stat().st_mtime_ns for path in (out / "folds").iterdir()}
    again = nh.crossvalidate(table, nh.FoldStore(out), params(locked=0.25, models="nearest-mean", positive="healthy")).record
    assert {path: path.stat().st_mtime_ns for path in (out / "folds").iterdir()} == before
    assert (list(again["models"]), again["positive"]) == (["nearest-mean"], "healthy")


def test_no_patient_and_no_file_is_in_it(out):
    for path in out.rglob("*"):
        assert path.is_dir() or "smith" not in path.read_text(encoding="utf-8").lower()


def test_damaged_folds_are_learned_again(table, out):
    before = contents(out)
    damages = [b"", b"{", b"[]", b"\xff\xfe", b'{"sha256": "", "probabilities": 3}', None]
    parts = sorted((out / "folds").glob("nearest-*.json"))
    for path, damage in zip(parts, damages, strict=False):
        path.unlink() if damage is None else path.write_bytes(damage)
    parts[-1].write_bytes(parts[-2].read_bytes())
    content = json.loads(parts[-3].read_text())
    content["probabilities"] = [row[::-1] for row in content["probabilities"]]  # by hand, under the old sum
    parts[-3].write_text(json.dumps(content))
    nh.crossvalidate(table, nh.FoldStore(out), params(locked=0.25))
    assert contents(out) == before


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"seed": 1}, "with seed 0, not 1"),
        ({"folds": 3}, "with folds 4, not 3"),
        ({"locked": 0.2}, "with locked 0.25, not 0.2"),
        ({"recipe": {"prepare": {"matrix": 12}}}, "with recipe.prepare.matrix 10, not 12"),
    ],
)
def test_other_parameters_are_refused(table, out, changes, said):
    before = contents(out)
    with pytest.raises(ParameterError, match=f"^out: was begun {said}; choose another folder$"):
        nh.crossvalidate(table, nh.FoldStore(out), params(**({"locked": 0.25} | changes)))
    assert contents(out) == before


def test_other_versions_are_refused(table, out):
    path = out / "folds" / "about.json"
    about = json.loads(path.read_text())
    about["versions"]["numpy"] = "1.0"
    path.write_text(json.dumps(about))
    with pytest.raises(ParameterError, match=rf"^out: was begun with numpy 1\.0, not {np.__version__}; "):
        nh.crossvalidate(table, nh.FoldStore(out), params(locked=0.25))


def test_another_table_and_other_pixels_are_refused(out, tmp_path):
    for changes, said in (({"count": 20}, "another table"), ({"seed": 1}, "other images")):
        other = nh.read_image_table(write_study(tmp_path / said, **({"strength": 20} | changes)))
        with pytest.raises(ParameterError, match=f"begun from {said}; choose"):
            nh.crossvalidate(other, nh.FoldStore(out), params(locked=0.25))


def test_other_folds_are_refused(table, out, tmp_path):
    content = json.loads((out / "folds.json").read_text())
    content["of"] = content["of"][::-1]
    (out / "folds.json").write_text(json.dumps(content))
    with pytest.raises((ParameterError, FormatError), match=r"folds\.json"):
        nh.crossvalidate(table, nh.FoldStore(out), params(locked=0.25))
    (out / "folds" / "about.json").write_text("{")
    with pytest.raises(FormatError, match=r"about\.json is damaged"):
        nh.crossvalidate(table, nh.FoldStore(out), params(locked=0.25))


def test_folds_that_are_there_are_taken(table, finished, tmp_path):
    (tmp_path / "new").mkdir()
    shutil.copy(finished / "folds.json", tmp_path / "new")
    record = nh.crossvalidate(table, nh.FoldStore(tmp_path / "new"), params(locked=0.25, models="nearest-mean")).record
    assert record["images"] == json.loads((finished / "crossvalidation.json").read_text())["images"]


def test_foreign_files_are_left_alone(table, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "report.html").write_text("mine")
    with pytest.raises(WriteError, match=r"holds report\.html, which no comparison wrote"):
        nh.crossvalidate(table, nh.FoldStore(tmp_path / "mine"), params())
    (tmp_path / "file").write_text("")
    with pytest.raises(WriteError, match="is a file"):
        nh.crossvalidate(table, nh.FoldStore(tmp_path / "file"), params())
    assert (tmp_path / "mine" / "report.html").read_text() == "mine"


def test_an_outcome_is_read_as_it_was_written():
    random = np.random.default_rng(0)
    given = random.random((50, 3), np.float32)
    given /= given.sum(axis=1, keepdims=True)
    outcome = FoldOutcome.of("test", given, (50, 3), [LossPoint(1, 0.1), LossPoint(2, 1 / 3, 1e-9), LossPoint(3, np.nan)]).after(
        1.5, 100
    )
    again = FoldOutcome.from_text(outcome.to_text("key"), "key", (50, 3))
    assert again == outcome
    assert again.course[2] == (3, None, None)
    np.testing.assert_array_equal(np.array(again.probabilities, np.float32), given)
    assert FoldOutcome.from_text(outcome.to_text("key"), "other", (50, 3)) is None
    assert FoldOutcome.from_text(outcome.to_text("key"), "key", (50, 2)) is None


def test_lists_of_numbers_take_a_line_and_words_stay():
    record = {"a": [1, 2.5, None], "b": [["[ 1 ]\n{x}", "y"], []], "c": {"d": [[0.1, 0.2], [0.3]]}}
    text = json_text(record)
    assert json.loads(text) == record
    assert "[1, 2.5, null]" in text
    assert "[0.1, 0.2]" in text


def test_what_a_folder_was_begun_with_is_known(out, tmp_path):
    assert begun_params(out) == params(models="nearest-image,nearest-mean", locked=0.25)
    shutil.rmtree(out / "folds")
    assert begun_params(out) is None
    assert begun_params(tmp_path / "nowhere") is None
    (out / "folds").mkdir()
    for damaged in ("[]", json.dumps({"parameters": {"colour": 3}}), "{"):
        (out / "folds" / "about.json").write_text(damaged)
        with pytest.raises(FormatError, match="out: "):
            begun_params(out)
