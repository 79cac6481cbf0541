"""Bad input: one line that names the file and the reason, exit status 2, and nothing written."""

from __future__ import annotations

from collections.abc import Callable
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
def test_nan_in_the_image(body: nh.Volume, refused: Refused, command: str) -> None:
    array = body.array.astype(np.float32)
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
