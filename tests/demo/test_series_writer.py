import shutil
import subprocess
from dataclasses import replace

import numpy as np
import pydicom
import pytest
import SimpleITK

from napari_hounsfield.demo.phantom import PADDING, PhantomParams, chest_phantom
from napari_hounsfield.demo.series_writer import write_series
from napari_hounsfield.errors import IntensityError, WriteError
from napari_hounsfield.grid import axial_affine
from napari_hounsfield.operation import finish
from napari_hounsfield.volume import Volume


@pytest.fixture(scope="module")
def small():
    return chest_phantom(PhantomParams(slices=10, matrix=40)).volume


def test_series_reads_back_voxel_for_voxel(small, tmp_path):
    files = finish(write_series(small, tmp_path / "series"))
    reader = SimpleITK.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(tmp_path / "series")))
    image = reader.Execute()
    np.testing.assert_array_equal(SimpleITK.GetArrayFromImage(image), small.array)
    np.testing.assert_allclose(image.GetSpacing(), small.spacing[::-1], rtol=1e-6)
    np.testing.assert_allclose(image.GetOrigin(), small.affine[:3, 3], atol=1e-5)
    np.testing.assert_allclose(image.GetDirection(), np.eye(3).ravel(), atol=1e-9)
    assert [f.name for f in files] == sorted(f.name for f in (tmp_path / "series").iterdir())


def test_stored_as_scanners_do(small, tmp_path):
    first = pydicom.dcmread(finish(write_series(small, tmp_path))[0])
    assert (first.RescaleIntercept, first.RescaleSlope, first.RescaleType) == (-1024, 1, "HU")
    assert first.PixelPaddingValue == PADDING + 1024
    assert first.pixel_array.dtype == np.int16
    assert str(first.PatientName).startswith("PHANTOM")


def test_oblique_volume_keeps_its_place(tmp_path):
    angle = np.deg2rad(20)
    turn = np.array([[1, 0, 0], [0, np.cos(angle), -np.sin(angle)], [0, np.sin(angle), np.cos(angle)]])
    affine = axial_affine((2.5, 0.8, 0.7), (10, -20, 30))
    affine[:3, :3] = turn @ affine[:3, :3]
    volume = Volume(np.arange(4 * 5 * 6, dtype=np.int16).reshape(4, 5, 6), affine, unit="HU", modality="CT")
    reader = SimpleITK.ImageSeriesReader()
    reader.SetFileNames([str(f) for f in finish(write_series(volume, tmp_path))])
    image = reader.Execute()
    corner = image.TransformIndexToPhysicalPoint((5, 4, 3))
    np.testing.assert_allclose(corner, volume.grid.positions([[3, 4, 5]])[0], atol=1e-4)


@pytest.mark.skipif(not shutil.which("dciodvfy"), reason="dicom3tools is not installed")
def test_conforms_to_the_standard(small, tmp_path):
    for file in finish(write_series(small, tmp_path))[::4]:
        check = subprocess.run(["dciodvfy", "-new", str(file)], capture_output=True, text=True, check=False)
        assert "CTImage" in check.stderr
        assert "Error" not in check.stderr


def test_same_seed_same_bytes_another_seed_another_series(small, tmp_path):
    runs = [finish(write_series(small, tmp_path / name, seed)) for name, seed in (("a", 1), ("b", 1), ("c", 2))]
    assert runs[0][3].read_bytes() == runs[1][3].read_bytes()
    uids = [{pydicom.dcmread(f, stop_before_pixels=True).SOPInstanceUID for f in files} for files in runs]
    assert len(uids[0]) == 10
    assert not uids[0] & uids[2]


def test_shorter_series_leaves_no_slice_of_the_longer_one(small, tmp_path):
    finish(write_series(small, tmp_path))
    (tmp_path / "note.txt").write_text("mine")
    shorter = replace(small, array=small.array[:4], valid=small.valid[:4])
    files = finish(write_series(shorter, tmp_path))
    assert sorted(tmp_path.iterdir()) == sorted([*files, tmp_path / "note.txt"])


def test_cancelling_leaves_the_earlier_series_alone(small, tmp_path):
    files = finish(write_series(small, tmp_path))
    before = {f: f.read_bytes() for f in files}
    steps = write_series(small, tmp_path, seed=5)
    for _ in range(3):
        next(steps)
    steps.close()
    assert {f: f.read_bytes() for f in tmp_path.iterdir()} == before


@pytest.mark.parametrize(("value", "word"), [(0.5, "whole"), (40000, "16 bits")])
def test_values_that_do_not_fit_are_refused(value, word, tmp_path):
    volume = Volume(np.full((2, 3, 3), value), axial_affine((1, 1, 1)), unit="HU")
    with pytest.raises(IntensityError, match=word):
        finish(write_series(volume, tmp_path / "never"))
    assert not (tmp_path / "never").exists()


def test_folder_that_is_a_file_is_refused(small, tmp_path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(WriteError, match="taken"):
        finish(write_series(small, tmp_path / "taken"))
