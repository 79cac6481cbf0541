"""*Send to 3D Slicer*: three files that slicerio, pynrrd and SimpleITK read, all of them or none."""

from __future__ import annotations

import csv

import numpy as np
import pytest
import SimpleITK
import slicerio

import napari_hounsfield as nh
from napari_hounsfield import cli

from .generated import AFFINE, voxels

IMAGE = nh.Volume(voxels("i2", (6, 20, 18)) // 40, AFFINE, unit="HU", modality="CT")
LABELS = nh.LabelMap((IMAGE.array > 0).astype(np.uint8) * 3, AFFINE, {3: "left lung"})
FILES = ["image.nrrd", "measurements.csv", "segmentation.seg.nrrd"]


def names(folder):
    return sorted(p.name for p in folder.iterdir())


def test_every_file_is_read_by_others_at_the_same_place(tmp_path):
    folder = nh.send_to_slicer(tmp_path / "für Slicer 肺", IMAGE, LABELS)
    assert names(folder) == FILES
    image = slicerio.read_volume(str(folder / "image.nrrd"))
    segmentation = slicerio.read_segmentation(str(folder / "segmentation.seg.nrrd"))
    assert np.array_equal(image["voxels"].transpose(2, 1, 0), IMAGE.array)
    assert np.array_equal(segmentation["voxels"].transpose(2, 1, 0), LABELS.array)
    np.testing.assert_allclose(image["ijkToLPS"], segmentation["ijkToLPS"])
    segment = slicerio.segment_from_name(segmentation, "left lung")
    assert segment["labelValue"] == 3
    assert np.array_equal(SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(folder / "image.nrrd"))), IMAGE.array)
    with open(folder / "measurements.csv", encoding="utf-8", newline="") as stream:
        (row,) = csv.DictReader(stream)
    assert row["name"] == "left lung"
    assert float(row["volume_ml"]) == pytest.approx((LABELS.array > 0).sum() * 3 * 0.7 * 0.8 / 1000)


def test_labels_of_another_grid_go_without_a_table(tmp_path):
    labels = nh.LabelMap(LABELS.array[:3], AFFINE, LABELS.classes)
    assert names(nh.send_to_slicer(tmp_path / "s", IMAGE, labels)) == [FILES[0], FILES[2]]
    table = nh.measure(IMAGE, LABELS)
    assert names(nh.send_to_slicer(tmp_path / "t", IMAGE, labels, table)) == FILES


def test_all_files_or_none(tmp_path):
    folder = tmp_path / "s"
    folder.mkdir()
    (folder / "measurements.csv").write_text("mine")
    with pytest.raises(nh.WriteError, match=r"^measurements\.csv: exists"):
        nh.send_to_slicer(folder, IMAGE, LABELS)
    assert names(folder) == ["measurements.csv"]
    assert names(nh.send_to_slicer(folder, IMAGE, LABELS, overwrite=True)) == FILES
    with pytest.raises(nh.WriteError, match="cannot be made"):
        nh.send_to_slicer(tmp_path / "no" / "s", IMAGE, LABELS)
    with pytest.raises(nh.WriteError, match=r": a name in it has characters"):
        nh.send_to_slicer(tmp_path / "u", IMAGE, nh.LabelMap(LABELS.array, AFFINE, {3: "\ud800"}))
    assert names(tmp_path) == ["s"]


def test_on_the_command_line(tmp_path, capsys):
    image, labels = nh.write(tmp_path / "ct.nii.gz", IMAGE), nh.write(tmp_path / "lung.nrrd", LABELS)
    assert cli.main(["to-slicer", str(image), str(labels), str(tmp_path / "out")]) == 0
    assert "image.nrrd, measurements.csv, segmentation.seg.nrrd" in capsys.readouterr().out
    assert cli.main(["to-slicer", str(image), str(labels), str(tmp_path / "out")]) == 2
    assert "exists" in capsys.readouterr().err
