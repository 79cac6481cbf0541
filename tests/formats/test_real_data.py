"""Real series, labels and segmentations of other makers."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_hounsfield import LabelMap, SegParams, UnsupportedDicomError, Volume, read, write
from napari_hounsfield.formats.label_reading import read_labels
from napari_hounsfield.formats.reading import read_volume
from napari_hounsfield.grid import reordered

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
    with pytest.raises(UnsupportedDicomError, match=r"^seg_image_sm_dots\.dcm: .*slides"):
        read(shared_data / HIGHDICOM / "seg_image_sm_dots.dcm")


def test_overlapping_fractional_and_flat_segmentations_of_highdicom(shared_data: Path) -> None:
    import highdicom

    folder = shared_data / HIGHDICOM
    seg = highdicom.seg.segread(folder / "seg_image_ct_binary_overlap.dcm")
    theirs = seg.get_volume()
    found = read(folder / "seg_image_ct_binary_overlap.dcm")
    assert len(found) == 2
    masks = [layer.array == value for layer in found for value in np.unique(layer.array) if value]
    grid = LabelMap(theirs.array[..., 0], theirs.affine).grid
    assert len(masks) == theirs.array.shape[-1]
    for number, mask in enumerate(masks):
        assert np.array_equal(LabelMap(mask, found[0].affine).on(grid).array, theirs.array[..., number])
    (maps,) = read(folder / "seg_image_ct_true_fractional.dcm")
    volume = highdicom.seg.segread(folder / "seg_image_ct_true_fractional.dcm").get_volume()
    assert maps.names == ("first segment",) or len(maps.names) == volume.array.shape[-1]
    for number, one in enumerate(maps.array):
        placed = Volume(volume.array[..., number], volume.affine)
        assert np.allclose(reordered(one, maps.grid, placed.grid), placed.array, atol=1e-6)
    (flat,) = read(folder / "seg_image_cr_binary.dcm")
    assert flat.grid.shape[0] == 1
    raw = highdicom.seg.segread(folder / "seg_image_cr_binary.dcm")
    assert np.array_equal(flat.array[0] != 0, raw.pixel_array.reshape(-1, *flat.array.shape[1:]).any(axis=0))


@pytest.mark.parametrize("kind", ["binary", "labelmap"])
@pytest.mark.parametrize(
    "name",
    [
        f"{CHEST}/lm-64.nrrd",
        f"{TRUNK}/example_seg.nii.gz",
        f"{TRUNK}/example_seg_fast_force_split.nii.gz",
        f"{DCMQI}/liver_spine_seg.nrrd",
        "04_pet_ct_mr_sts/nifti",
    ],
)
def test_real_label_maps_through_dicom(
    shared_data: Path, tmp_path: Path, ct_series: Any, dicom_errors: Any, dcmqi_labels: Any, name: str, kind: Any
) -> None:
    """Of the series that they were drawn on, or of one made on their grid; dcmqi reads the same voxels and names."""
    path = shared_data / name
    if path.is_dir():
        path = sorted(path.rglob("*mask*.nii*"))[0]
    labels = read_labels(path)
    source = ct_series(labels.affine, labels.array.shape)
    written = write(tmp_path / "s.dcm", labels, source=source, params=SegParams(type=kind, compress=True))
    assert kind == "labelmap" or dicom_errors(written) == []
    (back,) = read(written)
    assert np.array_equal(back.on(labels.grid).array, labels.array)
    present = [int(v) for v in np.unique(labels.array) if v]
    assert list(back.terms) == present
    theirs, affine, names = dcmqi_labels(written, tmp_path / "dcmqi")
    numbers = labels.array if kind == "labelmap" else np.searchsorted([0, *present], labels.array)
    assert np.array_equal(LabelMap(theirs, affine).on(labels.grid).array, numbers)
    assert [n for n in names if n != "background"] == [labels.class_name(value)[:64] for value in present]


def test_a_multi_frame_series_of_another_maker(shared_data: Path, tmp_path: Path, dicom_errors: Any) -> None:
    image = read_volume(shared_data / DCMQI / "24x38x3/multiframe/mf.dcm")
    labels = image.label_map(np.arange(image.array.size).reshape(image.array.shape) % 5, {1: "a"})
    path = write(tmp_path / "s.dcm", labels)
    assert dicom_errors(path) == []
    assert np.array_equal(read(path)[0].on(image.grid).array, labels.array)


@pytest.mark.parametrize("modality", ["PT", "MR"])
def test_of_pet_and_mr(shared_data: Path, tmp_path: Path, dicom_errors: Any, modality: str) -> None:
    from napari_hounsfield import scan

    found = (series for series in scan(shared_data / "04_pet_ct_mr_sts/dicom").chosen() if series.modality == modality)
    image = next(found).read()
    bright = image.label_map((image.array > image.array.mean()).astype(np.uint8), {1: "lesion"})
    path = write(tmp_path / "seg.dcm", bright)
    assert dicom_errors(path) == []
    assert np.array_equal(read_labels(path).on(image.grid).array, bright.array)


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


@pytest.mark.parametrize("image", ["CT", "MR_T1", "PET"])
@pytest.mark.parametrize("patient", ["STS_002", "STS_025"])
def test_contours_of_another_maker_equal_their_masks(shared_data: Path, patient: str, image: str) -> None:
    folder = shared_data / "04_pet_ct_mr_sts"
    masked = read_labels(folder / "nifti" / patient / f"{image}_mask.nii.gz")
    series = folder / "dicom" / patient / image
    (alone,) = read(series / "mask" / "RS.dcm")
    volume, beside = sorted(read(series), key=lambda data: isinstance(data, LabelMap))
    for labels in (alone, beside):
        assert labels.classes == {1: f"GTV_Mass_{image}"}
        assert labels.warnings == ()
        assert np.array_equal(labels.on(volume.grid).array, masked.on(volume.grid).array)


def test_61_organs_through_contours(shared_data: Path, tmp_path: Path, ct_series: Any, dicom_errors: Any) -> None:
    labels = read_labels(shared_data / TRUNK / "example_seg_fast_force_split.nii.gz")
    source = ct_series(labels.affine, labels.array.shape)
    path = write(tmp_path / "organs.rtstruct.dcm", labels, source=source)
    assert dicom_errors(path) == []
    (back,) = read(path)
    assert np.array_equal(back.on(labels.grid).array, labels.array)
    assert back.classes == labels.classes


def test_plastimatch_fills_our_contours_alike(shared_data: Path, tmp_path: Path) -> None:
    program = shutil.which("plastimatch")
    if program is None:
        pytest.skip("plastimatch is not installed")
    image = read_volume(shared_data / TRUNK / "example_ct_dicom")
    labels = read_labels(shared_data / TRUNK / "example_seg_dicom.nii.gz").on(image.grid)
    path = write(tmp_path / "organs.rtstruct.dcm", labels, source=image)
    grid = write(tmp_path / "grid.nii.gz", labels)
    command = [program, "convert", "--input", path, "--fixed", grid, "--output-prefix", tmp_path, "--prefix-format", "nii.gz"]
    subprocess.run([str(word) for word in command], check=True, capture_output=True, timeout=300)
    for value in np.unique(labels.array)[1:].tolist():
        theirs = read_labels(tmp_path / f"{labels.classes[value]}.nii.gz")
        assert np.array_equal(theirs.on(labels.grid).array > 0, labels.array == value), labels.classes[value]


@pytest.mark.parametrize("name", ["liver_rle.dcm", "liver_deflate.dcm"])
def test_compressed_bits_are_those_that_were_compressed(shared_data: Path, name: str) -> None:
    folder = shared_data / "05_transfer_syntax/pydicom-data/data"
    (plain,), (compressed,) = read(folder / "liver.dcm"), read(folder / name)
    assert np.array_equal(compressed.array, plain.array)
    assert np.array_equal(compressed.affine, plain.affine)
    assert compressed.classes == plain.classes
