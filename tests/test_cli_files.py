"""The command line on images: the whole chain on a small series, formats, and bad input: each one line, and nothing written."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import napari_hounsfield as nh
from napari_hounsfield import cli
from napari_hounsfield.demo.series_writer import write_series
from napari_hounsfield.operation import finish

Run = Callable[..., SimpleNamespace]

AFFINE = nh.axial_affine((4, 2, 2), (-40, -50, 100))


def body() -> np.ndarray:
    """Whole HU (12, 32, 40): a body of soft tissue in air, with two lungs and a spine."""
    z, y, x = np.indices((12, 32, 40))
    array = np.full(z.shape, -1000)
    array[((y - 16) / 14) ** 2 + ((x - 20) / 18) ** 2 < 1] = 40
    for centre in (11, 29):
        array[((y - 15) / 8) ** 2 + ((x - centre) / 6) ** 2 < 1] = -800
    array[((y - 24) / 3) ** 2 + ((x - 20) / 3) ** 2 < 1] = 400
    return (array + np.random.default_rng(0).integers(-20, 21, array.shape)).astype(np.int16)


@pytest.fixture(scope="module")
def series(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A DICOM series."""
    folder = tmp_path_factory.mktemp("data") / "series"
    finish(write_series(nh.Volume(body(), AFFINE, unit="HU", modality="CT"), folder))
    return folder


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(here: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command line in an empty folder."""

    def run(*words: object) -> SimpleNamespace:
        status = cli.main([str(word) for word in words])
        captured = capsys.readouterr()
        return SimpleNamespace(status=status, out=captured.out, err=captured.err)

    return run


@pytest.fixture
def done(run: Run) -> Callable[..., dict[str, Any]]:
    """Run a command that must succeed; its JSON."""

    def done(*words: object) -> dict[str, Any]:
        result = run(*words, "--json")
        assert (result.status, result.err) == (0, "")
        content: dict[str, Any] = json.loads(result.out)
        return content

    return done


Done = Callable[..., dict[str, Any]]


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


# The chain.


def test_threshold_clean_measure(done: Done, series: Path, here: Path) -> None:
    array = body()
    said = done("threshold", series, "air.nii.gz", "--lower", "-2000", "--upper", "-500")
    assert said["parameters"] == {"tissue": "custom", "lower": -2000.0, "upper": -500.0}
    assert said["classes"][0]["voxels"] == int((array <= -500).sum())
    assert said["classes"][0]["volume_ml"] == pytest.approx((array <= -500).sum() * 16 / 1000)
    done("clean", "air.nii.gz", "lungs.nii.gz", "--fill-holes", "slices", "--keep", "2")
    said = done("measure", series, "lungs.nii.gz")
    truth = np.zeros(array.shape, bool)
    _z, y, x = np.indices(array.shape)
    for centre in (11, 29):
        truth |= ((y - 15) / 8) ** 2 + ((x - centre) / 6) ** 2 < 1
    (lungs,) = said["classes"]
    assert lungs["voxels"] == int(truth.sum())
    assert lungs["mean"] == pytest.approx(array[truth].mean())
    assert (lungs["min"], lungs["max"]) == (array[truth].min(), array[truth].max())


def test_classes_samples_train_segment_evaluate(done: Done, series: Path, here: Path) -> None:
    drafted = done("classes", series, "draft.nii.gz")
    assert {c["name"] for c in drafted["classes"]} >= {"air", "lung", "soft tissue", "bone"}
    drawn = done("samples", "draft.nii.gz", "strokes.nii.gz", "--per-class", "80")
    assert drawn["files"] == ["strokes.nii.gz", "strokes.test.nii.gz"]
    assert {c["name"]: c["voxels"] for c in drawn["classes"] if c["voxels"]} == dict.fromkeys(
        ["air", "lung", "soft tissue", "bone"], 60
    )
    strokes, test = (nh.read(name)[0].array for name in drawn["files"])
    assert not (strokes > 0)[test > 0].any()
    words = ("--wavelengths", "8,16", "--classifier", "forest", "--trees", "30")
    trained = done("train", series, "strokes.nii.gz", "model.safetensors", "--test", "strokes.test.nii.gz", *words)
    assert trained["parameters"]["features"]["gabor"]["wavelengths"] == [8.0, 16.0]
    assert trained["parameters"]["features"]["gabor"]["pool"] == "mean", "the default there, though wavelengths were given"
    assert sum(trained["counts"]["test"].values()) == int((test > 0).sum())
    assert trained["figures"]["macro"]["sensitivity"] > 0.9
    said = done("segment", series, "result.nii.gz", "--model", "model.safetensors", "--probabilities")
    assert said["files"] == ["result.nii.gz", "result.probabilities.nii.gz"]
    agreement = done("evaluate", "result.nii.gz", "draft.nii.gz", "--region", "strokes.test.nii.gz")
    assert agreement["voxels"] == int((test > 0).sum())
    by_name = {c["name"]: c for c in agreement["classes"]}
    expected = {c["name"]: c for c in trained["figures"]["classes"]}
    for name, figures in expected.items():
        for figure in ("tp", "fp", "fn", "tn", "sensitivity", "specificity", "accuracy", "dice"):
            assert by_name[name][figure] == figures[figure], "what training said of the test samples"


def test_window_gabor_features(done: Done, series: Path, here: Path) -> None:
    said = done("window", series, "w.nii.gz", "--preset", "seed")
    assert said["parameters"]["lower"] == -2000.0
    np.testing.assert_allclose(nh.read("w.nii.gz")[0].array, (body() + 2000) / 2500, atol=1e-6)
    said = done("gabor", series, "g.nii.gz", "--orientations", "-30,30", "--wavelengths", "12", "--response", "real")
    assert said["parameters"]["orientations"] == [-30.0, 30.0]
    assert len(said["names"]) == 2
    said = done("features", series, "f.nii.gz", "--no-texture", "--gaussian", "2", "--gaussian", "4")
    assert len(said["names"]) == 3


def test_presets_of_a_model(done: Done, series: Path, here: Path) -> None:
    said = done("gabor", series, "g.nii.gz", "--preset", "ibsi", "--wavelengths", "12", "--gamma", "0.7", "--orientations", "0")
    assert said["parameters"] | {"boundary": "constant", "normalise": False, "gamma": 0.7} == said["parameters"]


def test_table_and_its_files(run: Run, done: Done, series: Path, here: Path) -> None:
    done("threshold", series, "bone.nii.gz", "--tissue", "bone")
    printed = run("measure", series, "bone.nii.gz", "--out", "m.csv")
    assert printed.status == 0
    head, row, last = printed.out.splitlines()
    assert head.split()[:3] == ["label", "name", "voxels"]
    assert row.split()[:2] == ["1", "bone"]
    assert last == "wrote m.csv"
    (record,) = csv.DictReader(Path("m.csv").read_text().splitlines())
    said = done("measure", series, "bone.nii.gz", "--out", "m.json")
    assert record["name"] == "bone"
    assert float(record["mean"]) == said["classes"][0]["mean"]
    assert json.loads(Path("m.json").read_text())["classes"] == said["classes"]


def test_undefined_figures_are_null_with_a_reason(done: Done, here: Path) -> None:
    grid = nh.LabelMap(np.zeros((2, 4, 4), np.uint8), AFFINE, {1: "lung"})
    nh.write("empty.nii.gz", grid)
    said = done("evaluate", "empty.nii.gz", "empty.nii.gz")
    (lung,) = said["classes"]
    assert lung["sensitivity"] is None
    assert lung["reasons"]["sensitivity"]


def test_many_cases(run: Run, done: Done, series: Path, here: Path) -> None:
    (here / "maps").mkdir()
    done("threshold", series, "maps/bone.nii.gz", "--tissue", "bone")
    done("threshold", series, "maps/dense.nii.gz", "--lower", "300", "--upper", "3000")
    lines = ["case,prediction,reference", "same,bone.nii.gz,bone.nii.gz", "other,dense.nii.gz,bone.nii.gz"]
    Path("maps/cases.csv").write_text("\n".join(lines))
    said = done("evaluate", "--cases", "maps/cases.csv", "--no-surface", "--out", "all.csv")
    assert [case["case"] for case in said["cases"]] == ["same", "other"]
    assert said["cases"][0]["classes"][0]["dice"] == 1
    alone = done("evaluate", "maps/dense.nii.gz", "maps/bone.nii.gz", "--no-surface")
    assert said["cases"][1]["classes"] == alone["classes"]
    assert next(row["case"] for row in csv.DictReader(Path("all.csv").read_text().splitlines())) == "same"
    printed = run("evaluate", "--cases", "maps/cases.csv", "--no-surface")
    assert printed.out.splitlines()[0] == "same"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("case,prediction,reference\n", "holds no case"),
        ("case,prediction\na,b\n", "has no column reference; it takes case, prediction, reference, region"),
        ("case,prediction,reference\na,b,\n", "row 2 has no reference"),
        ("case,prediction,reference\na,b,c\na,b,c\n", "row 3 repeats a case"),
        ("case,prediction,reference\na,b.nii,c.nii\n", None),
    ],
)
def test_bad_table_of_cases(run: Run, here: Path, text: str, reason: str | None) -> None:
    Path("cases.csv").write_text(text)
    result = run("evaluate", "--cases", "cases.csv")
    assert (result.status, result.out) == (2, "")
    assert result.err == (f"hounsfield: cases.csv: {reason}\n" if reason else "hounsfield: b.nii: no such file or directory\n")


# Files in and out.


def test_series_becomes_nifti_and_back_as_labels(run: Run, done: Done, series: Path, here: Path) -> None:
    done("convert", series, "ct.nii.gz")
    done("convert", "ct.nii.gz", "ct.nrrd")
    (direct,), (twice,) = nh.read(series), nh.read("ct.nrrd")
    np.testing.assert_array_equal(direct.array, twice.array)
    np.testing.assert_allclose(direct.affine, twice.affine, atol=1e-4)
    done("threshold", "ct.nii.gz", "bone.nii.gz", "--tissue", "bone")
    refused = run("convert", "bone.nii.gz", "bone.dcm")
    assert refused.status == 2
    assert (
        refused.err
        == "hounsfield: bone.dcm: labels in DICOM refer to the series that they belong to; give it by --source SERIES\n"
    )
    done("convert", "bone.nii.gz", "bone.dcm", "--source", series)
    said = done("measure", series, "bone.dcm")
    assert said["classes"][0]["name"] == "bone"
    assert said["classes"][0]["voxels"] == int((body() > 150).sum())
    done("convert", "bone.dcm", "bone.seg.nrrd")
    assert done("info", "bone.seg.nrrd")["series"][0]["classes"][0]["name"] == "bone"


def test_labels_from_a_series_go_to_dicom(done: Done, series: Path, here: Path) -> None:
    done("threshold", series, "bone.dcm", "--tissue", "bone")
    (back,) = nh.read("bone.dcm")
    volume = nh.read(series)[0]
    np.testing.assert_array_equal(back.on(volume.grid).array, body() > 150)


def test_info_tells_what_scan_finds(run: Run, done: Done, series: Path) -> None:
    assert done("info", series) == nh.scan(series).to_json()
    (found,) = nh.scan(series).series
    printed = run("info", series).out
    assert found.uid in printed
    assert "12 x 32 x 40" in printed
    assert "4 x 2 x 2" in printed
    assert "HU" in printed


def test_info_of_other_files_has_the_same_keys(done: Done, series: Path, here: Path) -> None:
    done("convert", series, "ct.nii.gz")
    (of_file,), (of_series,) = done("info", "ct.nii.gz")["series"], done("info", series)["series"]
    assert of_file.keys() >= of_series.keys()
    assert (of_file["shape"], of_file["unit"], of_file["modality"]) == ([12, 32, 40], "HU", "CT")
    np.testing.assert_allclose(of_file["affine"], of_series["affine"], atol=1e-4)


def test_one_of_several_series(run: Run, done: Done, series: Path, here: Path) -> None:
    second = nh.Volume(body()[:, ::2] + np.int16(1), nh.axial_affine((4, 4, 2)), unit="HU", modality="CT")
    finish(write_series(second, here / "all" / "b", seed=5))
    (here / "all" / "a").symlink_to(series, target_is_directory=True)
    for file in series.iterdir():
        (here / "all" / file.name).write_bytes(file.read_bytes())
    refused = run("window", "all", "w.nii.gz")
    assert refused.status == 2
    assert refused.err.startswith("hounsfield: all: 2 series, choose one by --series UID")
    uid = nh.scan(here / "all" / "b").series[0].uid
    assert done("window", "all", "w.nii.gz", "--series", uid)["shape"] == [12, 16, 40]
    assert done("convert", "all", "c.nii.gz", "--series", uid)["shape"] == [12, 16, 40]
    wrong = run("window", "all", "x.nii.gz", "--series", "1.2.3")
    assert (wrong.status, wrong.err) == (2, "hounsfield: all: none of its 2 series has the chosen UID\n")


def test_warnings_are_told(run: Run, series: Path, here: Path) -> None:
    (here / "copy").mkdir()
    for file in series.iterdir():
        (here / "copy" / file.name).write_bytes(file.read_bytes())
    first = sorted(series.iterdir())[0]
    (here / "copy" / "again.dcm").write_bytes(first.read_bytes())
    printed = run("convert", "copy", "ct.nii.gz")
    assert printed.status == 0
    assert printed.err.startswith("hounsfield: warning: CT")
    said = run("convert", "copy", "ct2.nii.gz", "--json")
    assert said.err == ""
    assert len(json.loads(said.out)["warnings"]) == 1


# Bad input: one line, exit 2, nothing written.


@pytest.fixture
def refused(run: Run, here: Path) -> Callable[..., str]:
    """Run a command that must be refused; its line."""

    def refused(*words: object) -> str:
        before = files(here)
        result = run(*words)
        assert (result.status, result.out) == (2, "")
        assert result.err.startswith("hounsfield: ")
        assert result.err.count("\n") == 1
        assert str(here) not in result.err
        assert files(here) == before
        return str(result.err)[len("hounsfield: ") : -1]

    return refused


Refused = Callable[..., str]


def painted(name: str, array: np.ndarray, classes: dict[int, str] | None = None) -> str:
    nh.write(name, nh.LabelMap(array, AFFINE, classes or {}))
    return name


def test_empty_folder(refused: Refused, here: Path) -> None:
    (here / "nothing").mkdir()
    for words in (["info", "nothing"], ["convert", "nothing", "o.nii.gz"], ["threshold", "nothing", "o.nii.gz"]):
        assert refused(*words) == "nothing: empty folder, no DICOM files"


def test_folder_without_dicom(refused: Refused, here: Path) -> None:
    (here / "notes").mkdir()
    (here / "notes" / "a.txt").write_text("hello")
    for words in (["info", "notes"], ["window", "notes", "o.nii.gz"]):
        assert refused(*words).startswith("notes: no DICOM files among its 1 file(s)")


def test_truncated_slice(refused: Refused, series: Path, here: Path) -> None:
    (here / "cut").mkdir()
    for file in series.iterdir():
        content = file.read_bytes()
        (here / "cut" / file.name).write_bytes(content[:-500] if file.name == "slice-0005.dcm" else content)
    assert refused("threshold", "cut", "o.nii.gz").startswith("slice-0005.dcm: ")


def test_labels_of_another_shape(refused: Refused, series: Path) -> None:
    other = painted("other.nii.gz", np.ones((12, 32, 39), np.uint8))
    assert refused("measure", series, other).startswith("other.nii.gz: grids differ: ")
    strokes = np.zeros((12, 32, 39), np.uint8)
    strokes[3, 3, 3:9], strokes[4, 4, 3:9] = 1, 2
    assert refused("train", series, painted("strokes.nii.gz", strokes), "m.safetensors").startswith(
        "strokes.nii.gz: grids differ: "
    )
    assert "grids differ" in refused("evaluate", other, painted("third.nii.gz", np.ones((12, 31, 39), np.uint8)))


def test_no_painted_voxels(refused: Refused, series: Path) -> None:
    strokes = painted("strokes.nii.gz", np.zeros((12, 32, 40), np.uint8))
    assert refused("train", series, strokes, "m.safetensors") == "strokes.nii.gz: no painted voxels"


def test_one_class_only(refused: Refused, series: Path) -> None:
    array = np.zeros((12, 32, 40), np.uint8)
    array[3, 10:20, 10:20] = 1
    strokes = painted("strokes.nii.gz", array, {1: "lung"})
    expected = "strokes.nii.gz: only one class is painted ('lung'), at least two are needed"
    assert refused("train", series, strokes, "m.safetensors") == expected
    assert refused("samples", strokes, "s.nii.gz").startswith("strokes.nii.gz: 1 classes")


@pytest.mark.parametrize("command", ["window", "threshold", "gabor", "features", "classes"])
def test_nan_in_the_image(refused: Refused, command: str) -> None:
    array = body().astype(np.float32)
    array[3, 4, 5] = np.nan
    nh.write("holes.nii.gz", nh.Volume(array, AFFINE, unit="HU", modality="CT"))
    assert refused(command, "holes.nii.gz", "o.nii.gz") == "holes.nii.gz: 1 voxels of slice 3 are NaN or infinite"


def test_unwritable_target(refused: Refused, series: Path, here: Path) -> None:
    (here / "file").write_text("")
    (here / "folder.nii.gz").mkdir()
    assert refused("window", series, "no/o.nii.gz") == "o.nii.gz: its folder does not exist"
    assert refused("window", series, "file/o.nii.gz") == "o.nii.gz: its folder does not exist"
    assert refused("window", series, "folder.nii.gz", "--overwrite") == "folder.nii.gz: is a folder"
    assert refused("convert", series, "no/o.nii.gz") == "o.nii.gz: its folder does not exist"


def test_second_file_is_checked_too(refused: Refused, run: Run, series: Path) -> None:
    assert run("classes", series, "draft.nii.gz").status == 0
    Path("strokes.test.nii.gz").write_text("mine")
    assert refused("samples", "draft.nii.gz", "strokes.nii.gz") == "strokes.test.nii.gz: exists already; --overwrite replaces it"
    assert Path("strokes.test.nii.gz").read_text() == "mine"


def test_what_is_no_model(refused: Refused, series: Path) -> None:
    Path("m.safetensors").write_bytes(b"no model")
    assert refused("segment", series, "o.nii.gz", "--model", "m.safetensors").startswith("m.safetensors: not a safetensors file")
    assert refused("segment", series, "o.nii.gz", "--model", "none").startswith("none: ")


def test_labels_are_no_image_and_images_no_labels(refused: Refused, run: Run, series: Path) -> None:
    nh.write("half.nii.gz", nh.Volume(np.full((3, 4, 4), 0.5, np.float32), AFFINE))
    assert refused("clean", "half.nii.gz", "o.nii.gz") == "half.nii.gz: values are not whole numbers"
    assert refused("convert", "half.nii.gz", "o.seg.nrrd") == "half.nii.gz: values are not whole numbers"
    assert "labels" in refused("convert", series, "o.seg.nrrd")
    assert run("threshold", series, "bone.seg.nrrd", "--tissue", "bone").status == 0
    assert refused("window", "bone.seg.nrrd", "o.nii.gz").startswith("bone.seg.nrrd: labels, no image")


# The main job.


@pytest.mark.slow
def test_demo_on_a_small_phantom(run: Run, here: Path) -> None:
    small = ("--phantom.slices", "16", "--phantom.matrix", "48", "--iterations", "20", "--trees", "5")
    printed = run("demo", "--out", "results", *small)
    assert (printed.status, printed.err) == (0, "")
    assert printed.out.startswith("The input is a phantom")
    assert {"labels.nii.gz", "labels.dcm", "classifier.safetensors", "record.json", "figure.png"} <= files(here / "results")
    again = run("demo", "--out", "results", "--json", *small)
    assert json.loads(again.out)["input"] == "phantom", "an existing folder is used again"


def test_demo_without_reference_stops_after_the_draft(done: Done, series: Path, here: Path) -> None:
    said = done("demo", series, "--out", "results")
    assert said["note"].startswith("No reference")
    assert "classifier.safetensors" not in said["files"]


def test_demo_of_nothing(refused: Refused, here: Path) -> None:
    assert refused("demo", "none", "--out", "results") == "none: no such file or directory"
    assert refused("demo", "--reference", "labels.nii.gz", "--out", "results").startswith("a reference is given and no folder")


@pytest.mark.parametrize("absent", [["napari"], ["PyQt6", "PySide6"]])
def test_demo_in_a_viewer_says_what_is_missing(refused: Refused, monkeypatch: pytest.MonkeyPatch, absent: list[str]) -> None:
    for name in absent:
        monkeypatch.setitem(sys.modules, name, None)
    assert refused("demo", "--viewer").startswith(f"--viewer: {' or '.join(absent)} is not installed; install ")
