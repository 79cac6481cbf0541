"""The whole chain on a small series, by commands alone; tables, and many cases."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import napari_hounsfield as nh

Run = Callable[..., SimpleNamespace]
Done = Callable[..., dict[str, Any]]
Refused = Callable[..., str]

AFFINE = nh.axial_affine((4, 2, 2), (-40, -50, 100))


def test_threshold_clean_measure(body: nh.Volume, done: Done, series: Path, here: Path) -> None:
    array = body.array
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
    assert said["warnings"] == []
    nh.write(here / "unknown.nrrd", replace(nh.read(series)[0], modality=""))
    said = done("segment", "unknown.nrrd", "unknown.nii.gz", "--model", "model.safetensors")
    assert any("is taken as CT in HU" in line for line in said["warnings"])
    agreement = done("evaluate", "result.nii.gz", "draft.nii.gz", "--region", "strokes.test.nii.gz")
    assert agreement["voxels"] == int((test > 0).sum())
    by_name = {c["name"]: c for c in agreement["classes"]}
    expected = {c["name"]: c for c in trained["figures"]["classes"]}
    for name, figures in expected.items():
        for figure in ("tp", "fp", "fn", "tn", "sensitivity", "specificity", "accuracy", "dice"):
            assert by_name[name][figure] == figures[figure], "what training said of the test samples"


def test_a_draft_keeps_how_sure_it_is(done: Done, refused: Refused, series: Path, here: Path) -> None:
    drafted = done("classes", series, "draft.nii.gz")
    assert drafted["files"] == ["draft.nii.gz", "draft.sureness.nii.gz"]
    done("samples", "draft.nii.gz", "strokes.nii.gz", "--per-class", "80")
    wanted = nh.samples(nh.classes(nh.read(series)[0]), nh.SampleParams(per_class=80))
    np.testing.assert_array_equal(nh.read("strokes.nii.gz")[0].array, wanted.array)
    (here / "draft.nii.gz").unlink()
    assert refused("classes", series, "draft.nii.gz").startswith("draft.sureness.nii.gz: exists already")


def test_the_number_of_classes_is_suggested_used_and_recorded(run: Run, done: Done, series: Path, here: Path) -> None:
    words = ("--no-texture", "--method", "kmeans")
    said = done("suggest-classes", series, *words, "--out", "curve.csv")
    assert said["parameters"]["criterion"] == "knee"
    rows = list(csv.DictReader(Path("curve.csv").read_text().splitlines()))
    assert [int(row["count"]) for row in rows] == [figures["count"] for figures in said["curve"]] == list(range(2, 13))
    assert [row["count"] for row in rows if row["suggested"] == "True"] == [str(said["suggested"])]
    drafted = done("classes", series, "draft.nii.gz", *words)
    assert drafted["parameters"]["count"] == len(drafted["classes"]) == said["suggested"]
    done("classes", series, "again.nii.gz", *words, "--count", said["suggested"])
    np.testing.assert_array_equal(nh.read("again.nii.gz")[0].array, nh.read("draft.nii.gz")[0].array)
    assert run("suggest-classes", series, *words).out.splitlines()[-1] == f"suggested by knee: {said['suggested']} classes"


def test_isodata_its_thresholds_and_memberships(done: Done, series: Path, here: Path) -> None:
    said = done("classes", series, "d.nii.gz", "--method", "isodata", "--no-texture", "--most", "3", "--probabilities")
    assert said["parameters"]["isodata"]["most"] == 3
    assert 2 <= said["parameters"]["count"] == len(said["classes"]) <= 3
    assert said["files"] == ["d.nii.gz", "d.probabilities.nii.gz", "d.sureness.nii.gz"]
    drawn = done("samples", "d.nii.gz", "strokes.nii.gz", "--per-class", "60", "--brush", "12")
    assert drawn["parameters"]["brush"] == 12.0


def test_window_gabor_features(body: nh.Volume, done: Done, series: Path, here: Path) -> None:
    said = done("window", series, "w.nii.gz", "--preset", "seed")
    assert said["parameters"]["lower"] == -2000.0
    np.testing.assert_allclose(nh.read("w.nii.gz")[0].array, (body.array + 2000) / 2500, atol=1e-6)
    said = done("gabor", series, "g.nii.gz", "--orientations", "-30,30", "--wavelengths", "12", "--response", "real")
    assert said["parameters"]["orientations"] == [-30.0, 30.0]
    assert len(said["names"]) == 2
    said = done("features", series, "f.nii.gz", "--no-texture", "--windows", "one", "--gaussian", "2", "--gaussian", "4")
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
        (
            "case,prediction\na,b\n",
            "has no column reference; it takes case, prediction, reference, region, probabilities, patient, method",
        ),
        ("case,prediction,reference\na,b,\n", "line 2 has no reference"),
        ("case,prediction,reference\na,b,c\na,b,c\n", "line 3 repeats a case"),
        ("case,prediction,reference\na,b.nii,c.nii\n", None),
    ],
)
def test_bad_table_of_cases(run: Run, here: Path, text: str, reason: str | None) -> None:
    Path("cases.csv").write_text(text)
    result = run("evaluate", "--cases", "cases.csv")
    assert (result.status, result.out) == (2, "")
    missing = "hounsfield: cases.csv: line 2: b.nii: no such file or directory (and 1 more that are missing)\n"
    assert result.err == (f"hounsfield: cases.csv: {reason}\n" if reason else missing)
