"""What the command line reads and writes: series, other files, several series, warnings."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import napari_hounsfield as nh
from napari_hounsfield.demo.series_writer import write_series
from napari_hounsfield.operation import finish

Run = Callable[..., SimpleNamespace]
Done = Callable[..., dict[str, Any]]
Refused = Callable[..., str]


def test_series_becomes_nifti_and_back_as_labels(body: nh.Volume, run: Run, done: Done, series: Path, here: Path) -> None:
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
    assert said["classes"][0]["voxels"] == int((body.array > 150).sum())
    done("convert", "bone.dcm", "bone.seg.nrrd")
    assert done("info", "bone.seg.nrrd")["series"][0]["classes"][0]["name"] == "bone"


def test_contours_go_out_and_come_back(body: nh.Volume, done: Done, refused: Refused, series: Path, here: Path) -> None:
    done("threshold", series, "bone.nii.gz", "--tissue", "bone")
    assert refused("convert", "bone.nii.gz", "bone.rtstruct.dcm").startswith(
        "bone.rtstruct.dcm: labels in DICOM refer to the ser"
    )
    done("convert", "bone.nii.gz", "bone.rtstruct.dcm", "--source", series)
    said = done("measure", series, "bone.rtstruct.dcm")  # whose grid the contours take, wherever they lie
    assert (said["classes"][0]["name"], said["warnings"]) == ("bone", [])
    assert said["classes"][0]["voxels"] == int((body.array > 150).sum())
    said = done("convert", "bone.rtstruct.dcm", "back.nii.gz", "--source", series)
    assert said["warnings"] == []
    np.testing.assert_array_equal(nh.read_labels("back.nii.gz").array, nh.read_labels("bone.nii.gz").array)
    (here / "far" / "away").mkdir(parents=True)
    (here / "bone.rtstruct.dcm").rename(here / "far" / "away" / "alone.dcm")
    (warning,) = done("convert", "far/away/alone.dcm", "alone.nii.gz")["warnings"]
    assert warning.startswith("alone.dcm: Its images are not there")


def test_types_of_segmentations_and_what_they_carry(body: nh.Volume, run: Run, done: Done, series: Path, here: Path) -> None:
    from pydicom import dcmread

    done("threshold", series, "bone.nii.gz", "--tissue", "bone")
    words = ("--source", series, "--type", "labelmap", "--compress", "--series-description", "Bones")
    written = run("convert", "bone.nii.gz", "bone.dcm", *words)
    assert written.status == 0
    assert written.err == "hounsfield: note: bone.dcm carries the patient's name and number, as DICOM demands\n"
    seg = dcmread("bone.dcm")
    assert (seg.SegmentationType, seg.SeriesDescription) == ("LABELMAP", "Bones")
    assert done("measure", series, "bone.dcm")["classes"][0]["voxels"] == int((body.array > 150).sum())
    unlike = run("convert", "bone.nii.gz", "x.dcm", "--source", series, "--type", "fractional")
    assert (unlike.status, unlike.err) == (2, "hounsfield: x.dcm: labels hold no probabilities to write\n")
    (image,) = nh.read(series)
    chance = (image.array > 150).astype(np.float32)[np.newaxis]
    nh.write("chance.dcm", nh.Features(chance, ("bone",), image.affine, source=image.source))
    done("convert", "chance.dcm", "chance.nii.gz")
    np.testing.assert_array_equal(nh.read("chance.nii.gz")[0].array.squeeze(), chance[0])
    everything = image.label_map(np.ones(image.array.shape, int), {1: "all"})
    nh.write("both.dcm", [everything, nh.read("bone.dcm")[0].on(image.grid)])
    assert "choose one (part=1, --part 1)" in run("convert", "both.dcm", "one.nii.gz").err
    before = "both.dcm"
    for after in ("both.seg.nrrd", "both.rtstruct.dcm", "again.dcm"):
        assert [each["name"] for each in done("convert", before, after, "--source", series)["classes"]] == ["all", "bone"]
        before = after
    assert [labels.classes for labels in nh.read("again.dcm")] == [labels.classes for labels in nh.read("both.dcm")]
    sent = done("to-slicer", series, "both.dcm", "slicer")
    assert sent["files"] == ["image.nrrd", "segmentation.seg.nrrd"]
    assert sent["warnings"] == ["measurements.csv: not written, since it takes one label map on the grid of the image"]
    assert done("convert", "both.dcm", "one.seg.nrrd", "--part", "1")["classes"][0]["name"] == "all"


def test_labels_from_a_series_go_to_dicom(body: nh.Volume, done: Done, series: Path, here: Path) -> None:
    done("threshold", series, "bone.dcm", "--tissue", "bone")
    (back,) = nh.read("bone.dcm")
    volume = nh.read(series)[0]
    np.testing.assert_array_equal(back.on(volume.grid).array, body.array > 150)


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


def test_one_of_several_series(body: nh.Volume, run: Run, done: Done, series: Path, here: Path) -> None:
    second = nh.Volume(body.array[:, ::2] + np.int16(1), nh.axial_affine((4, 4, 2)), unit="HU", modality="CT")
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


@pytest.fixture
def two(body: nh.Volume, series: Path, here: Path) -> str:
    """A folder `two` of two series; the UID of the one of 16 rows."""
    second = nh.Volume(body.array[:, ::2], nh.axial_affine((4, 4, 2), (-40, -50, 100)), unit="HU", modality="CT")
    finish(write_series(second, here / "two", seed=5))
    uid = nh.scan(here / "two").series[0].uid
    for file in series.iterdir():
        (here / "two" / f"first {file.name}").write_bytes(file.read_bytes())
    return uid


def test_info_of_one_of_several_series(done: Done, refused: Refused, two: str) -> None:
    assert len(done("info", "two")["series"]) == 2
    (found,) = done("info", "two", "--series", two)["series"]
    assert (found["uid"], found["shape"]) == (two, [12, 16, 40])
    assert refused("info", "two", "--series", "1.2.3") == "two: none of its 2 series has the chosen UID"


def test_source_is_the_series_that_a_file_is_of(done: Done, refused: Refused, two: str, here: Path) -> None:
    done("threshold", "two", "bone.nii.gz", "--tissue", "bone", "--series", two)
    assert refused("convert", "bone.nii.gz", "bone.dcm", "--source", "two").startswith("two: 2 series")
    (series,) = nh.scan(here / "two").chosen(two)
    one = series.planes[3].path.relative_to(here)
    done("convert", "bone.nii.gz", "bone.dcm", "--source", one)
    (back,) = nh.read("bone.dcm")
    assert back.source is not None
    assert back.source.series_uid == two
    assert back.grid.shape == (12, 16, 40)
    assert refused("convert", "bone.nii.gz", "x.dcm", "--source", "bone.dcm") == "bone.dcm: holds labels, no image"
    (here / "note").write_text("no image")
    assert refused("convert", "bone.nii.gz", "x.dcm", "--source", "note") == "note: not DICOM"


def test_unit_is_given_to_a_file_that_has_none(body: nh.Volume, done: Done, here: Path) -> None:
    nh.write("ct.nii.gz", nh.Volume(body.array, body.affine))
    (here / "ct.json").write_text('{"Modality": "CT", "SeriesNumber": 40, "SliceThickness": 4}')
    said = done("convert", "ct.nii.gz", "ct.nrrd", "--unit", "HU")
    assert said["unit"] == "HU"
    (image,) = nh.read("ct.nrrd")
    assert isinstance(image, nh.Volume)
    assert (image.unit, image.modality) == ("HU", "CT")


def test_names_beside_labels_are_kept(body: nh.Volume, done: Done, here: Path) -> None:
    nh.write("a.nii.gz", nh.LabelMap((body.array > 150).astype(np.uint8), body.affine))
    (here / "a.json").write_text('{"bone": 1}')
    assert [item["name"] for item in done("convert", "a.nii.gz", "a.nrrd")["classes"]] == ["bone"]


def test_info_of_a_segmentation_beside_its_series(run: Run, done: Done, series: Path, here: Path) -> None:
    done("threshold", series, "bone.dcm", "--tissue", "bone")
    folder = here / "both"
    folder.mkdir()
    for file in (*series.iterdir(), here / "bone.dcm"):
        (folder / file.name).write_bytes(file.read_bytes())
    assert [item["status"] for item in done("info", "both")["series"]] == ["readable", "readable"]
    printed = run("info", "both").out
    assert "1 file(s) of labels" in printed
    assert "refused" not in printed
    assert done("window", "both", "w.nii.gz")["shape"] == [12, 32, 40], "the only image is chosen"


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


def test_what_is_left_out_of_a_file_is_told(body: nh.Volume, run: Run, done: Done, series: Path, here: Path) -> None:
    bone = nh.LabelMap((body.array > 150).astype(np.uint8), body.affine, {1: "bone", 2: "cyst"})
    nh.write("two.seg.nrrd", bone)
    told = "1 classes without voxels are left out: cyst"
    assert run("convert", "two.seg.nrrd", "a.dcm", "--source", series).err.startswith(f"hounsfield: warning: {told}\n")
    assert done("convert", "two.seg.nrrd", "b.dcm", "--source", series)["warnings"] == [told]
