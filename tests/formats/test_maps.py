"""Feature maps and probabilities: written beside labels and read back, ours and those of other programs."""

from __future__ import annotations

import nibabel
import numpy as np
import pytest
import SimpleITK

import napari_hounsfield as nh
from napari_hounsfield.errors import FormatError, WriteError
from napari_hounsfield.formats.label_reading import read_maps
from napari_hounsfield.formats.writing import probabilities_path

AFFINE = nh.axial_affine((3, 1, 2), (4, 5, 6))
SUFFIXES = [".nii", ".nii.gz", ".nrrd", ".mha"]


def maps(names=("background", "Łunge, links", "a = b"), valid=None):
    array = np.random.default_rng(0).dirichlet(np.ones(len(names) + 1), (3, 5, 4)).astype(np.float32)[..., :-1]
    array = np.ascontiguousarray(np.moveaxis(array, -1, 0))
    if valid is not None:
        array[:, ~valid] = 0
    return nh.Features(array, names, AFFINE, valid=valid)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("names", [("lung",), ("background", "Łunge, links", "a = b")])
def test_names_and_padding_come_back(tmp_path, suffix, names):
    valid = np.random.default_rng(1).random((3, 5, 4)) < 0.7
    for given in (maps(names), maps(names, valid)):
        back = read_maps(nh.write(tmp_path / f"m{suffix}", given, overwrite=True))
        np.testing.assert_array_equal(back.array, given.array)
        np.testing.assert_allclose(back.affine, given.affine, atol=1e-5)
        assert back.names == names
        assert given.valid is back.valid is None or np.array_equal(back.valid, valid)


def test_maps_that_are_not_0_in_the_padding_do_not_tell_it(tmp_path):
    valid = np.random.default_rng(1).random((3, 5, 4)) < 0.7
    given = nh.Features(maps().array, maps().names, AFFINE, valid=valid)
    assert read_maps(nh.write(tmp_path / "m.nrrd", given)).valid is None


@pytest.mark.parametrize("suffix", [".nii.gz", ".nrrd", ".mha", ".seg.nrrd", ".dcm"])
def test_a_segmentation_puts_them_where_they_can_be_read(tmp_path, suffix):
    beside = probabilities_path(tmp_path / f"lung{suffix}")
    nh.write(beside, maps())
    assert read_maps(beside).names == maps().names


def test_files_of_other_programs_have_no_names(tmp_path):
    many, one = np.random.default_rng(2).random((4, 5, 3, 2)), np.random.default_rng(3).random((4, 5, 3))
    nibabel.Nifti1Image(many, np.eye(4)).to_filename(tmp_path / "many.nii.gz")
    nibabel.Nifti1Image(one, np.eye(4)).to_filename(tmp_path / "one.nii.gz")
    found, single = read_maps(tmp_path / "many.nii.gz"), read_maps(tmp_path / "one.nii.gz")
    assert (found.names, single.names) == (("", ""), ("",))
    np.testing.assert_array_equal(found.array, many.T.astype(np.float32))
    np.testing.assert_array_equal(single.array[0], one.T.astype(np.float32))
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(many.astype(np.float32), isVector=False), tmp_path / "many.mha")
    assert read_maps(tmp_path / "many.mha").array.shape == many.shape


def test_colours_labels_and_nothing_are_refused(tmp_path):
    nh.write(tmp_path / "c.nrrd", nh.Volume(np.zeros((2, 3, 4, 3), np.uint8), AFFINE, axes="zyxc"))
    nh.write(tmp_path / "l.seg.nrrd", nh.LabelMap(np.ones((2, 3, 4), np.uint8), AFFINE, {1: "lung"}))
    for name, reason in (("c.nrrd", "colours"), ("l.seg.nrrd", "maps are read from"), ("no.nrrd", "no such file")):
        with pytest.raises(FormatError, match=reason):
            read_maps(tmp_path / name)


def test_metaimage_refuses_more_names_than_it_can_hold(tmp_path):
    names = tuple(f"{'long name ' * 15}{i}" for i in range(200))
    given = nh.Features(np.zeros((200, 1, 2, 2), np.float32), names, AFFINE)
    assert read_maps(nh.write(tmp_path / "m.nrrd", given)).names == tuple(n.strip() for n in names)
    with pytest.raises(WriteError, match="no room for so many names"):
        nh.write(tmp_path / "m.mha", given)
