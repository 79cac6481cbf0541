"""`hounsfield evaluate` for many cases: statistics, the summary beside the table, and the report."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

import napari_hounsfield as nh

AFFINE = nh.axial_affine((3, 1, 1))


@pytest.fixture
def table(here):
    """Four cases of two patients by two methods."""
    random = np.random.default_rng(1)
    (here / "maps").mkdir()
    lines = ["case,patient,method,prediction,reference"]
    for number in range(4):
        reference = random.integers(0, 3, (2, 6, 6), np.uint8)
        nh.write(here / "maps" / f"r{number}.nii.gz", nh.LabelMap(reference, AFFINE, {1: "lung", 2: "tumour"}))
        for method in ("a", "b"):
            prediction = np.where(random.random(reference.shape) < 0.3, 0, reference).astype(np.uint8)
            nh.write(here / "maps" / f"{method}{number}.nii.gz", nh.LabelMap(prediction, AFFINE, {1: "lung", 2: "tumour"}))
            lines.append(f"c{number},Smith{number % 2},{method},{method}{number}.nii.gz,r{number}.nii.gz")
    path = here / "maps" / "cases.csv"
    path.write_text("\n".join(lines))
    return path


def test_json_has_cases_classes_and_comparisons(done, table):
    said = done("evaluate", "--cases", table, "--resamples", 200, "--no-surface", "--interval", "bca")
    assert [(c["case"], c["method"]) for c in said["cases"]] == [(f"c{i}", m) for i in range(4) for m in "ab"]
    assert [(c["method"], c["label"], c["name"]) for c in said["classes"]] == [
        (m, label, name) for m in "ab" for label, name in ((1, "lung"), (2, "tumour"))
    ]
    dice = said["classes"][0]["figures"]["dice"]
    assert dice["n"] == 4
    assert dice["mean"] == pytest.approx(np.mean([c["classes"][0]["dice"] for c in said["cases"] if c["method"] == "a"]))
    assert dice["mean_interval"][0] <= dice["mean"] <= dice["mean_interval"][1]
    assert {c["figure"] for c in said["comparisons"]} >= {"dice", "sensitivity"}
    assert said["parameters"]["statistics"]["interval"] == "bca"
    assert said["parameters"]["evaluate"]["surface"] is False
    assert "Smith" not in json.dumps(said)


def test_tables_and_report_are_written(run, table):
    options = ("--resamples", 100, "--no-surface", "--out", "all.csv", "--report", "report.html")
    result = run("evaluate", "--cases", table, *options)
    assert (result.status, result.err) == (0, "")
    names = ("all.csv", "all.summary.csv", "all.comparisons.csv", "report.html")
    assert result.out.splitlines()[-4:] == [f"wrote {name}" for name in names]
    rows = list(csv.DictReader(Path("all.csv").read_text().splitlines()))
    assert [(r["case"], r["method"], r["name"]) for r in rows[:3]] == [
        ("c0", "a", "lung"),
        ("c0", "a", "tumour"),
        ("c0", "b", "lung"),
    ]
    summary = list(csv.DictReader(Path("all.summary.csv").read_text().splitlines()))
    assert {r["figure"] for r in summary} >= {"dice", "sensitivity"}
    text = Path("report.html").read_text(encoding="utf-8")
    assert "Smith" not in text
    assert "maps" not in text
    again = run("evaluate", "--cases", table, *options)
    assert (again.status, again.err) == (2, "hounsfield: all.csv: exists already; --overwrite replaces it\n")
    assert run("evaluate", "--cases", table, *options, "--overwrite").status == 0
    assert Path("report.html").read_text(encoding="utf-8") == text


def test_json_file_holds_what_is_printed(done, table):
    said = done("evaluate", "--cases", table, "--resamples", 100, "--no-surface", "--out", "all.json")
    written = json.loads(Path("all.json").read_text())
    assert {name: said[name] for name in ("cases", "classes", "comparisons", "notes")} == written
    assert not Path("all.summary.json").exists()


def test_report_of_one_case(run, table):
    words = ("evaluate", "maps/a0.nii.gz", "maps/r0.nii.gz", "--no-surface")
    result = run(*words, "--report", "one.html")
    assert (result.status, result.out.splitlines()[-1]) == (0, "wrote one.html")
    assert "a0.nii.gz" in Path("one.html").read_text(encoding="utf-8")
    assert run(*words, "--report", "two.html", "--pseudonyms").status == 0
    assert "a0.nii.gz" not in Path("two.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--report", "report.txt"), "report.txt: .txt is none of .html"),
        (("--report", "no/report.html"), "report.html: its folder does not exist"),
        (("--confidence", "1"), "--confidence"),
        (("--resamples", "5"), "--resamples"),
        (("--interval", "t"), "--interval"),
        (("maps/a0.nii.gz",), "--cases: the inputs come from the table"),
    ],
)
def test_refused(refused, table, words, reason):
    assert reason in refused("evaluate", "--cases", table, *words)


def test_a_case_on_another_grid_is_named(refused, table):
    other = nh.LabelMap(np.ones((2, 6, 6), np.uint8), nh.axial_affine((3, 2, 2)))
    nh.write("maps/a1.nii.gz", other, overwrite=True)
    assert refused("evaluate", "--cases", table).startswith("cases.csv: line 4: ")


def test_cases_that_fail_may_be_left_out(run, table):
    other = nh.LabelMap(np.ones((2, 6, 6), np.uint8), nh.axial_affine((3, 2, 2)))
    nh.write("maps/a1.nii.gz", other, overwrite=True)
    words = ("--no-surface", "--resamples", 100, "--keep-going", "--out", "most.csv")
    result = run("evaluate", "--cases", table, *words)
    assert result.status == 2
    assert "1 cases failed and were left out: cases.csv: line 4: " in result.err
    rows = list(csv.DictReader(Path("most.csv").read_text().splitlines()))
    assert [(r["case"], r["method"]) for r in rows[::2]] == [(f"c{i}", m) for i in range(4) for m in "ab" if (i, m) != (1, "a")]


def test_a_table_that_is_not_there(refused, here):
    assert refused("evaluate", "--cases", "no.csv") == "no.csv: No such file or directory"


def test_a_missing_file_is_found_before_any_work(refused, table):
    Path("maps/b3.nii.gz").unlink()
    assert refused("evaluate", "--cases", table) == "cases.csv: line 9: b3.nii.gz: no such file or directory"


@pytest.fixture
def probable(here):
    """A segmentation with probabilities, written as `segment` writes it, and its reference."""
    random = np.random.default_rng(3)
    names = {0: "background", 1: "lung", 2: "tumour"}
    reference = nh.LabelMap(random.integers(0, 3, (3, 6, 7), np.uint8), AFFINE, names)
    scores = random.dirichlet(np.ones(3), reference.array.shape) + 0.3 * np.eye(3)[reference.array]
    scores = np.moveaxis(scores / 1.3, -1, 0).astype(np.float32)
    valid = random.random(reference.array.shape) < 0.8
    scores[:, ~valid] = 0
    order = [2, 0, 1]  # of the classifier's classes, which is not that of the values
    maps = nh.Features(np.ascontiguousarray(scores[order]), [names[i] for i in order], AFFINE, valid=valid)
    found = nh.Segmentation(nh.LabelMap(scores.argmax(axis=0).astype(np.uint8), AFFINE, names), maps)
    nh.write(here / "r.nii.gz", reference)
    return found, reference


@pytest.mark.parametrize("suffix", [".nii.gz", ".nrrd", ".mha"])
def test_probabilities_of_a_file_are_those_of_the_segmentation(done, probable, suffix):
    found, reference = probable
    nh.write(f"p{suffix}", found)
    said = done("evaluate", f"p{suffix}", "r.nii.gz", "--probabilities", f"p.probabilities{suffix}", "--no-surface")
    expected = json.loads(json.dumps(nh.evaluate(found, reference, nh.EvaluateParams(surface=False)).to_json()))
    assert said["curves"] == expected["curves"]
    assert said["overall"] == expected["overall"]
    for one, other in zip(said["classes"], expected["classes"], strict=True):
        assert {k: one[k] for k in ("auc", "average_precision", "brier", "ece")} == {
            k: other[k] for k in ("auc", "average_precision", "brier", "ece")
        }


def test_probabilities_are_in_the_tables_and_the_report(run, done, probable):
    nh.write("p.nii.gz", probable[0])
    words = ("--no-surface", "--out", "one.csv", "--report", "one.html")
    assert run("evaluate", "p.nii.gz", "r.nii.gz", "--probabilities", "p.probabilities.nii.gz", *words).status == 0
    lung = next(csv.DictReader(Path("one.csv").read_text().splitlines()))
    assert 0.5 < float(lung["auc"]) < 1
    text = Path("one.html").read_text()
    assert "lung: ROC curve" in text
    assert "p.probabilities.nii.gz" in text
    Path("cases.csv").write_text(
        "case,prediction,reference,probabilities\na,p.nii.gz,r.nii.gz,p.probabilities.nii.gz\nb,p.nii.gz,r.nii.gz,\n"
    )
    said = done("evaluate", "--cases", "cases.csv", "--no-surface", "--resamples", 100, "--report", "many.html")
    assert [c["classes"][0]["auc"] for c in said["cases"]] == [float(lung["auc"]), None]
    assert said["classes"][0]["figures"]["auc"]["n"] == 1
    assert "lung: ROC curve" in Path("many.html").read_text()


def test_probabilities_that_do_not_fit_are_refused(refused, probable):
    nh.write("p.nii.gz", probable[0])
    words = ("evaluate", "p.nii.gz", "r.nii.gz", "--probabilities")
    assert refused(*words, "no.nii.gz") == "no.nii.gz: no such file or directory"
    other = nh.Features(np.zeros((1, 2, 2, 2), np.float32), ("lung",), AFFINE)
    nh.write("other.nii.gz", other)
    assert "grids differ" in refused(*words, "other.nii.gz")
    maps = probable[0].probabilities
    nh.write("bad.nii.gz", nh.Features(np.where(maps.array > 0.5, np.nan, maps.array), maps.names, AFFINE))
    assert refused(*words, "bad.nii.gz").startswith("bad.nii.gz: probabilities of 'background' hold NaN")
    nh.write("four.nrrd", nh.Volume(np.zeros((4, *maps.array.shape[1:]), np.float32), AFFINE, axes="tzyx"))
    assert "4 maps of probabilities without names" in refused(*words, "four.nrrd")
    Path("cases.csv").write_text("case,prediction,reference\na,p.nii.gz,r.nii.gz\n")
    line = refused("evaluate", "--cases", "cases.csv", "--probabilities", "p.probabilities.nii.gz")
    assert "come from the table" in line


@pytest.mark.parametrize("name", ["patinet", "methods", "regoin", "probability"])
def test_a_mistyped_column_is_refused(refused, table, name):
    rows = table.read_text().replace("patient", "who").replace("method", name, 1).splitlines()
    table.write_text("\n".join(rows))
    line = refused("evaluate", "--cases", table)
    assert line.startswith(f"cases.csv: the column '{name}' is not known; is it ")


def test_columns_that_mean_nothing_are_told(done, table):
    table.write_text(table.read_text().replace("patient", "who"))
    said = done("evaluate", "--cases", table, "--resamples", 100, "--no-surface")
    assert "Columns of the table that were not read: who." in said["notes"]


def test_measuring_many_cases_lists_objects_and_no_background_of_empty_labels(run, done, here):
    image, labels = np.ones((2, 6, 6), np.float32), np.zeros((2, 6, 6), np.uint8)
    nh.write("ct.nii.gz", nh.Volume(image, AFFINE))
    nh.write("empty.nii.gz", nh.LabelMap(labels, AFFINE, {1: "lung"}))
    nh.write("none.nii.gz", nh.LabelMap(labels, AFFINE))
    labels[0, 0, 0] = labels[1, 4, 4] = 1
    nh.write("two.nii.gz", nh.LabelMap(labels, AFFINE, {1: "lung"}))
    Path("cases.csv").write_text("case;image;labels\na;ct.nii.gz;two.nii.gz\n\nb;ct.nii.gz;none.nii.gz\n")
    said = done("measure", "--cases", "cases.csv", "--objects", "--out", "all.csv")
    assert "empty" in said["cases"][1]["notes"][0]
    rows = list(csv.DictReader(Path("all.csv").read_text().splitlines()))
    assert [(r["case"], r["name"], r["object"]) for r in rows] == [("a", "lung", ""), ("a", "lung", "1"), ("a", "lung", "2")]
