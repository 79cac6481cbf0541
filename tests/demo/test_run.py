import json
from dataclasses import replace

import highdicom
import nibabel
import numpy as np
import pytest
from sklearn.metrics import f1_score, recall_score

import napari_hounsfield as nh
from napari_hounsfield.demo.comparison import named_by, together
from napari_hounsfield.demo.phantom import CLASSES, PhantomParams, chest_phantom
from napari_hounsfield.demo.run import DemoParams, run
from napari_hounsfield.demo.series_writer import write_series
from napari_hounsfield.demo.strokes import StrokeParams
from napari_hounsfield.errors import DicomError, FormatError, GridError, WriteError
from napari_hounsfield.grid import axial_affine
from napari_hounsfield.operation import finish
from napari_hounsfield.results import Samples
from napari_hounsfield.volume import LabelMap

FILES = {"labels.nii.gz", "labels.dcm", "strokes.nii.gz", "classifier.safetensors", "figure.png", "record.json"}
SMALL = DemoParams(
    phantom=PhantomParams(slices=16, matrix=64),
    train=nh.TrainParams(bp=nh.BPParams(iterations=200), forest={"trees": 10}),
    strokes=StrokeParams(slices=4, voxels=600),
)


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    return tmp_path_factory.mktemp("demo") / "out"


@pytest.fixture(scope="module")
def result(out):
    return finish(run(out=out, params=SMALL))


def test_four_ways_are_compared_and_the_input_is_called_a_phantom(result):
    lines = result.table()
    assert "phantom" in lines[0]
    assert [row.method for row in result.comparison.rows] == [
        "HU threshold",
        "random forest, draft and strokes",
        "Gabor and BP, draft alone",
        "Gabor and BP, draft and strokes",
    ]
    for row in result.comparison.rows:
        assert any(line.startswith(row.method) for line in lines)
        assert 0 < row.dice <= 1
        assert row.seconds > 0
        assert [c["name"] for c in row.classes] == list(CLASSES.values())


def test_figures_are_those_of_scikit_learn_on_the_judged_voxels(result):
    row = result.comparison.rows[-1]
    judged = result.reference.array > 0
    truth, found = result.reference.array[judged], result.labels.array[judged]
    assert result.labels.classes == CLASSES
    assert row.dice == pytest.approx(f1_score(truth, found, average="macro"))
    assert row.sensitivity == pytest.approx(recall_score(truth, found, average="macro"))


def test_threshold_finds_no_fibrosis_and_the_draft_alone_neither(result):
    fibrosis = {row.method: next(c for c in row.classes if c["name"] == "fibrosis") for row in result.comparison.rows}
    assert fibrosis["HU threshold"]["tp"] == 0
    assert fibrosis["Gabor and BP, draft alone"]["tp"] == 0
    assert fibrosis["Gabor and BP, draft and strokes"]["tp"] > 0


def test_files_hold_the_result(result, out):
    assert {f.name for f in result.files} == FILES
    assert {f.name for f in out.iterdir()} == FILES | {"phantom-dicom", "phantom-reference.nii.gz"}
    image = nibabel.load(out / "labels.nii.gz")
    assert np.asarray(image.dataobj).sum() == result.labels.array.sum()
    segmentation = highdicom.seg.segread(out / "labels.dcm")
    assert {s.SegmentLabel for s in segmentation.SegmentSequence} == set(CLASSES.values())
    assert nh.load_model(out / "classifier.safetensors").classes == result.comparison.classifier.classes
    assert (out / "figure.png").read_bytes().startswith(b"\x89PNG")


def test_record_holds_everything_and_nothing_private(result, out):
    text = (out / "record.json").read_text()
    record = json.loads(text)
    assert record["input"] == "phantom"
    assert {"numpy", "torch", "python", "napari-hounsfield"} <= set(record["versions"])
    assert record["parameters"]["phantom"]["seed"] == SMALL.phantom.seed
    assert any(r["operation"] == "train" and r["parameters"]["features"]["gabor"]["wavelengths"] for r in record["resolved"])
    assert record["rows"][0]["classes"][0]["tp"] >= 0
    assert record["stroke_voxels"] <= 600
    assert str(out) not in text
    assert record == json.loads(json.dumps(result.to_json()))


def test_same_parameters_same_labels(result, out, tmp_path):
    again = finish(run(out=tmp_path, params=SMALL))
    np.testing.assert_array_equal(again.labels.array, result.labels.array)


@pytest.fixture(scope="module")
def series(result, out):
    return out / "phantom-dicom"


def test_folder_without_reference_stops_after_the_draft(series, tmp_path):
    result = finish(run(series, out=tmp_path / "new", params=SMALL))
    text = "\n".join(result.table())
    assert "phantom" not in result.table()[0]
    assert "No reference" in text
    record = result.to_json()
    assert "rows" not in record
    assert record["draft"]["classes"]
    assert "sensitivity" not in json.dumps(record)
    assert {f.name for f in (tmp_path / "new").iterdir()} == {"labels.nii.gz", "labels.dcm", "figure.png", "record.json"}


def test_one_of_several_series_is_chosen_and_its_uid_not_recorded(series, result, tmp_path):
    both = tmp_path / "both"
    finish(write_series(chest_phantom(PhantomParams(slices=8, matrix=32)).volume, both, seed=9))
    uid = nh.scan(both).series[0].uid
    for file in series.iterdir():
        (both / f"first {file.name}").write_bytes(file.read_bytes())
    with pytest.raises(DicomError, match="both: 2 series, choose one by its UID"):
        finish(run(both, out=tmp_path / "none", params=SMALL))
    params = SMALL.model_copy(update={"read": nh.ReadParams(series=uid)})
    found = finish(run(both, out=tmp_path / "out", params=params))
    assert found.volume.grid.shape == (8, 32, 32)
    assert uid not in (tmp_path / "out" / "record.json").read_text()


def test_rerun_removes_what_belongs_to_an_earlier_result(series, tmp_path):
    finish(run(series, series.parent / "phantom-reference.nii.gz", tmp_path, SMALL))
    assert (tmp_path / "classifier.safetensors").exists()
    finish(run(series, out=tmp_path, params=SMALL))
    assert not (tmp_path / "classifier.safetensors").exists()
    assert not [f for f in tmp_path.iterdir() if f.name.startswith(".")]


def test_folder_with_reference_gives_the_whole_comparison(series, result, tmp_path):
    lungs = np.isin(result.reference.array, (2, 3))
    reference = LabelMap(lungs, result.volume.affine, {1: "lung"})
    nh.write(tmp_path / "lungs.nii.gz", reference)
    found = finish(run(series, tmp_path / "lungs.nii.gz", tmp_path / "out", SMALL))
    assert not found.phantom
    assert len(found.comparison.rows) == 4
    assert [c["name"] for c in found.comparison.rows[-1].classes] == ["lung"]
    assert found.comparison.rows[-1].dice > 0.5


def test_cancelled_run_leaves_no_half_written_file(tmp_path):
    steps = run(out=tmp_path, params=SMALL)
    for _ in range(8):
        next(steps)
    steps.close()
    assert not [f for f in tmp_path.rglob("*") if f.name.startswith(".")]
    assert not (tmp_path / "record.json").exists()


def test_reference_of_another_grid_is_refused(series, tmp_path):
    nh.write(tmp_path / "other.nii.gz", LabelMap(np.ones((3, 4, 5), np.uint8), axial_affine((1, 1, 1)), {1: "lung"}))
    with pytest.raises(GridError, match="other"):
        finish(run(series, tmp_path / "other.nii.gz", tmp_path / "out", SMALL))


def test_reference_without_folder_is_refused(tmp_path):
    with pytest.raises(FormatError, match="folder"):
        finish(run(None, tmp_path / "labels.nii.gz", tmp_path / "out", SMALL))


def test_unwritable_target_is_refused_at_once(tmp_path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(WriteError, match="taken"):
        next(run(out=tmp_path / "taken", params=SMALL))


def test_strokes_win_over_the_draft_and_classes_join_by_name():
    affine = axial_affine((1, 1, 1))
    drafted = LabelMap(np.array([[[1, 2, 0, 2]]]), affine, {1: "air", 2: "lung"})
    test = replace(drafted, array=np.array([[[0, 0, 1, 0]]]))
    strokes = LabelMap(np.array([[[0, 0, 0, 1]]]), affine, {1: "fibrosis", 5: "lung"})
    joined = together(Samples(drafted.array, affine, drafted.classes, test=test), strokes)
    names = [[joined.classes.get(int(v), "") for v in m.array.ravel()] for m in (joined, joined.test)]
    assert names == [["air", "lung", "", "fibrosis"], ["", "", "air", ""]]


def test_draft_classes_without_a_name_in_the_reference_are_named_by_the_strokes():
    affine = axial_affine((1, 1, 1))
    draft = LabelMap(np.array([[[1, 1, 1, 2, 2, 3, 0, 4]]], np.uint8), affine, {1: "soft tissue", 2: "bone", 3: "fat", 4: "air"})
    strokes = LabelMap(np.array([[[300, 300, 5, 5, 0, 0, 0, 0]]]), affine, {300: "liver", 5: "bone", 6: "background"})
    named = named_by(draft, strokes)
    names = [named.classes.get(int(v), "") for v in named.array.ravel()]
    assert names == ["liver"] * 3 + ["bone"] * 2 + ["background", "", "background"]


def test_unnamed_reference_is_compared_by_what_was_painted(series, result, tmp_path):
    body = np.isin(result.reference.array, (4, 5, 6))
    nh.write(tmp_path / "body.nii.gz", LabelMap(body, result.volume.affine))
    found = finish(run(series, tmp_path / "body.nii.gz", tmp_path / "out", SMALL))
    threshold = found.comparison.rows[0]
    assert [c["name"] for c in threshold.classes] == ["label 1"]
    assert threshold.dice > 0.8


@pytest.mark.slow
def test_full_demo_reaches_what_it_promises(tmp_path):
    result = finish(run(out=tmp_path))
    threshold, forest, draft, strokes = result.comparison.rows
    assert strokes.dice > threshold.dice + 0.05
    assert strokes.dice > forest.dice - 0.03
    assert draft.dice > threshold.dice - 0.05
    fibrosis = next(c for c in strokes.classes if c["name"] == "fibrosis")
    assert fibrosis["dice"] > 0.4  # a threshold: 0


def test_the_folder_that_is_read_is_never_written_to(tmp_path):
    finish(write_series(chest_phantom(SMALL.phantom).volume, tmp_path / "ct"))
    before = sorted(tmp_path.rglob("*"))
    for inside in (tmp_path / "ct", tmp_path / "ct" / "results"):
        with pytest.raises(WriteError, match="lies in the folder that is read"):
            finish(run(tmp_path / "ct", out=inside, params=SMALL))
    assert sorted(tmp_path.rglob("*")) == before


def test_files_of_others_are_never_replaced(tmp_path):
    (tmp_path / "labels.nii.gz").write_bytes(b"mine")
    with pytest.raises(WriteError, match=r"labels\.nii\.gz, which no demonstration wrote"):
        finish(run(out=tmp_path, params=SMALL))
    assert (tmp_path / "labels.nii.gz").read_bytes() == b"mine"


def test_a_series_that_no_segmentation_can_refer_to_gets_the_rest(tmp_path):
    import pydicom

    finish(write_series(chest_phantom(SMALL.phantom).volume, tmp_path / "ct"))
    for file in (tmp_path / "ct").iterdir():
        dataset = pydicom.dcmread(file)
        del dataset.FrameOfReferenceUID
        dataset.save_as(file)
    result = finish(run(tmp_path / "ct", out=tmp_path / "out", params=SMALL))
    assert {file.name for file in result.files} == {"labels.nii.gz", "figure.png", "record.json"}
    assert any(line.startswith("No DICOM segmentation: ") for line in result.table())
