"""Real series, labels and segmentations of other makers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_hounsfield import LabelMap, UnsupportedDicomError, Volume, read, write
from napari_hounsfield.formats.reading import read_labels, read_volume

pytestmark = pytest.mark.slow
CHEST = "01_chest_ct_lung_labels/Testing/Data/Input"
TRUNK = "02_trunk_ct_multiorgan/tests/reference_files"
DCMQI = "08_dicom_seg/dcmqi/segmentations"
HIGHDICOM = "08_dicom_seg/highdicom/test_files"


@pytest.mark.parametrize(
    ("series", "reference", "names"),
    [
        (f"{CHEST}/ct-64Dicom", f"{CHEST}/wholeLung-64.nrrd", {1: "lung"}),
        (f"{TRUNK}/example_ct_dicom", f"{TRUNK}/example_seg_dicom.nii.gz", None),
    ],
)
def test_segmentations_of_real_series(
    shared_data: Path, tmp_path: Path, dicom_errors: Any, series: str, reference: str, names: Any
) -> None:
    import highdicom

    image = read_volume(shared_data / series)
    labels = read_labels(shared_data / reference)
    labels = replace(labels, classes=names or labels.classes)
    path = write(tmp_path / "seg.dcm", labels, source=image)
    assert dicom_errors(path) == []
    (back,) = read(path)
    assert np.array_equal(back.on(image.grid).array, labels.on(image.grid).array)
    present = [int(v) for v in np.unique(labels.array) if v]
    assert back.classes == labels.classes
    assert list(back.classes) == present
    volume = highdicom.seg.segread(path).get_volume(combine_segments=True)
    theirs = LabelMap(volume.array, volume.affine, frame_of_reference=volume.frame_of_reference_uid).on(image.grid)
    assert np.array_equal(theirs.array, np.searchsorted([0, *present], labels.on(image.grid).array))


@pytest.mark.parametrize("suffix", [".nii.gz", ".nrrd", ".seg.nrrd", ".mha"])
@pytest.mark.parametrize(
    "name", [f"{CHEST}/lm-64.nrrd", f"{TRUNK}/example_seg_fast_force_split.nii.gz", "10_mr_pyradiomics/brain1_label.nrrd"]
)
def test_label_maps_through_every_format(shared_data: Path, tmp_path: Path, name: str, suffix: str) -> None:
    labels = read_labels(shared_data / name)
    back = read_labels(write(tmp_path / f"a{suffix}", labels))
    assert np.array_equal(back.array, labels.array)
    np.testing.assert_allclose(back.affine, labels.affine, atol=1e-4)
    assert back.classes == labels.classes


def test_names_of_totalsegmentator_are_found(shared_data: Path) -> None:
    labels = read_labels(shared_data / TRUNK / "example_seg_dicom.nii.gz")
    assert (labels.classes[1], labels.classes[5], labels.classes[52]) == ("spleen", "liver", "aorta")
    assert len(labels.classes) == 31


def test_images_agree_with_simpleitk(shared_data: Path) -> None:
    import SimpleITK

    for name in (f"{CHEST}/ct-64.nrrd", f"{TRUNK}/example_ct.nii.gz", "10_mr_pyradiomics/brain1_image.nrrd"):
        volume = read_volume(shared_data / name)
        image = SimpleITK.ReadImage(str(shared_data / name))
        assert np.array_equal(volume.array, SimpleITK.GetArrayFromImage(image))
        far = tuple(n - 1 for n in image.GetSize())
        np.testing.assert_allclose(
            volume.grid.positions([far[::-1]])[0], image.TransformContinuousIndexToPhysicalPoint(far), atol=1e-3
        )


@pytest.mark.parametrize(
    ("seg", "reference"), [("liver.dcm", "liver_seg.nrrd"), ("24x38x3/seg/label.seg", "24x38x3/nrrd/label.nrrd")]
)
def test_segmentations_of_dcmqi_equal_their_labels(shared_data: Path, seg: str, reference: str) -> None:
    (labels,) = read(shared_data / DCMQI / seg)
    expected = read_labels(shared_data / DCMQI / reference)
    assert list(labels.classes.values()) == ["Liver"]
    assert np.array_equal(labels.on(expected.grid).array != 0, expected.array != 0)


def test_segmentations_of_highdicom(shared_data: Path) -> None:
    import highdicom

    (labels,) = read(shared_data / HIGHDICOM / "seg_image_ct_binary.dcm")
    volume = highdicom.seg.segread(shared_data / HIGHDICOM / "seg_image_ct_binary.dcm").get_volume(combine_segments=True)
    theirs = LabelMap(volume.array, volume.affine, frame_of_reference=volume.frame_of_reference_uid)
    assert np.array_equal(theirs.on(labels.grid).array, labels.array)
    for name, reason in [
        ("seg_image_ct_binary_overlap.dcm", "overlap"),
        ("seg_image_ct_true_fractional.dcm", "fractional"),
        ("seg_image_sm_dots.dcm", "slides"),
        ("seg_image_cr_binary.dcm", "projections"),
    ]:
        with pytest.raises(UnsupportedDicomError, match=rf"^{name}: .*{reason}"):
            read(shared_data / HIGHDICOM / name)


def test_a_real_volume_through_every_format(shared_data: Path, tmp_path: Path) -> None:
    volume = read_volume(shared_data / TRUNK / "example_ct_dicom")
    assert volume.unit == "HU"
    for suffix in (".nii.gz", ".nrrd", ".mha"):
        back = read_volume(write(tmp_path / f"ct{suffix}", volume))
        assert isinstance(back, Volume)
        assert np.array_equal(back.array, volume.array)
        assert back.array.dtype == np.int16
        np.testing.assert_allclose(back.affine, volume.affine, atol=1e-3)


@pytest.mark.parametrize("folder", ["04_pet_ct_mr_sts/dicom/STS_002/CT", "08_dicom_seg/dcmqi/segmentations/ct-3slice"])
def test_careless_headers_of_the_source_do_not_reach_the_segmentation(
    shared_data: Path, tmp_path: Path, dicom_errors: Any, folder: str
) -> None:
    """A Study ID that is too long, an empty character set."""
    image = read_volume(shared_data / folder)
    bright = image.label_map((image.array > image.array.mean()).astype(np.uint8), {1: "bright"})
    path = write(tmp_path / "seg.dcm", bright, source=image)
    assert dicom_errors(path) == []
    assert np.array_equal(read_labels(path).on(image.grid).array, bright.array)
