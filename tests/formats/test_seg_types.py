"""Types of DICOM segmentation: binary, label map, fractional; compressed; of multi-frame images; overlapping; empty classes."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_hounsfield import (
    DicomError,
    Features,
    FormatError,
    LabelError,
    LabelMap,
    Record,
    Segmentation,
    SegParams,
    WriteError,
    axial_affine,
    read,
    read_labels,
    terms,
    write,
)
from napari_hounsfield.dicom.read_params import ReadParams
from napari_hounsfield.formats.label_reading import read_maps
from napari_hounsfield.formats.writing import write_steps
from napari_hounsfield.grid import same_lattice

SHAPE = (5, 12, 10)
AXIAL = axial_affine((3, 0.7, 0.8), (-30.5, 20, -300))
TILTED = AXIAL + np.outer([0, 1, 0, 0], [1.2, 0, 0, 0])
CLASSES = {2: "left lung", 7: "liver tumor", 300: "bone"}


@pytest.fixture
def array() -> np.ndarray:
    """Classes with gaps between their numbers; the first and the last plane are empty."""
    labels = np.zeros(SHAPE, np.int32)
    labels[1:4] = np.random.default_rng(3).choice([0, 2, 7, 300], (3, *SHAPE[1:]))
    return labels


@pytest.mark.parametrize("compress", [False, True])
@pytest.mark.parametrize("kind", ["binary", "labelmap"])
def test_other_programs_read_the_same_labels(
    tmp_path: Path, ct_series: Any, dcmqi_labels: Any, dicom_errors: Any, array: np.ndarray, kind: Any, compress: bool
) -> None:
    import highdicom

    labels = LabelMap(array, AXIAL, CLASSES, source=ct_series(AXIAL, SHAPE))
    path = write(tmp_path / "s.dcm", labels, params=SegParams(type=kind, compress=compress))
    (back,) = read(path)
    assert np.array_equal(back.on(labels.grid).array, array)
    assert back.classes == CLASSES
    if kind == "binary":  # dciodvfy of 2022 does not know label maps
        assert dicom_errors(path) == []
    numbers = array if kind == "labelmap" else np.searchsorted([0, *CLASSES], array)
    theirs, affine, names = dcmqi_labels(path, tmp_path / "dcmqi")
    found = LabelMap(theirs, affine).on(labels.grid).array
    assert np.array_equal(found, numbers)
    assert [name for name in names if name != "background"] == list(CLASSES.values())
    volume = highdicom.seg.segread(path).get_volume(combine_segments=True)
    theirs = LabelMap(volume.array, volume.affine, frame_of_reference=volume.frame_of_reference_uid).on(labels.grid).array
    assert np.array_equal(theirs, numbers)


@pytest.mark.parametrize("compress", [False, True])
def test_probabilities_come_back(tmp_path: Path, ct_series: Any, dicom_errors: Any, array: np.ndarray, compress: bool) -> None:
    import highdicom

    maps = np.random.default_rng(1).random((3, *SHAPE), np.float32)
    maps[1] = 0
    maps[:, 0] = 0
    names = ("background", "lung", "liver")
    features = Features(maps, names, AXIAL, source=ct_series(AXIAL, SHAPE))
    path = write(tmp_path / "s.dcm", features, params=SegParams(compress=compress))
    assert dicom_errors(path) == []
    (back,) = read(path)
    assert isinstance(back, Features)
    assert back.names == read_maps(path).names == names
    assert same_lattice(back.grid, features.grid)
    np.testing.assert_allclose(back.array, maps, atol=0.5001 / 255)
    seg = highdicom.seg.segread(path)
    assert (seg.SegmentationType, seg.SegmentationFractionalType) == ("FRACTIONAL", "PROBABILITY")
    volume = seg.get_volume()
    first = np.array(volume.affine[:3, 3])
    theirs = volume.array if np.allclose(first, AXIAL[:3, 3]) else volume.array[::-1]
    np.testing.assert_allclose(np.moveaxis(theirs, -1, 0), back.array, atol=1e-6)
    labels = LabelMap(array, AXIAL, CLASSES, source=features.source)
    both = Segmentation(labels, features)
    (again,) = read(write(tmp_path / "t.dcm", both, params=SegParams(type="fractional")))
    assert np.array_equal(again.array, back.array)
    write(tmp_path / "u.dcm", both)
    assert (tmp_path / "u.probabilities.nii.gz").is_file()
    with pytest.raises(LabelError, match="holds probabilities, no labels"):
        read_labels(path)
    for bad in (maps + 1, maps - 1, np.full_like(maps, np.nan)):
        with pytest.raises(LabelError, match=r"probabilities are numbers from 0 to 1"):
            write(tmp_path / "v.dcm", replace(features, array=bad))
    assert not (tmp_path / "v.dcm").exists()


def test_types_that_do_not_fit_are_refused(tmp_path: Path, ct_series: Any, array: np.ndarray) -> None:
    labels = LabelMap(array, AXIAL, CLASSES, source=ct_series(AXIAL, SHAPE))
    features = Features(np.zeros((1, *SHAPE), np.float32), ("a",), AXIAL, source=labels.source)
    for data, kind, reason in (
        (labels, "fractional", "hold no probabilities"),
        (features, "binary", "written as fractional"),
        ([labels, labels], "labelmap", "only a binary segmentation can hold several layers"),
    ):
        with pytest.raises(WriteError, match=rf"^s\.dcm: .*{reason}"):
            write(tmp_path / "s.dcm", data, params=SegParams(type=kind))
    assert not (tmp_path / "s.dcm").exists()


@pytest.mark.parametrize("kind", ["binary", "labelmap"])
def test_of_enhanced_images_each_frame_names_its_own(
    tmp_path: Path, enhanced_series: Any, dicom_errors: Any, array: np.ndarray, kind: Any
) -> None:
    from pydicom import dcmread

    order = [3, 0, 4, 1, 2]
    source = enhanced_series(TILTED, SHAPE, order=order)
    (volume,) = read(source.files[0])
    assert volume.source == source
    labels = volume.label_map(array, CLASSES)
    path = write(tmp_path / "s.dcm", labels, params=SegParams(type=kind))
    assert kind == "labelmap" or dicom_errors(path) == []
    (back,) = read(path)
    assert np.array_equal(back.on(volume.grid).array, array)
    assert np.allclose(back.on(volume.grid).affine, TILTED, atol=1e-6)
    seg, image = dcmread(path), dcmread(source.files[0])
    assert len(seg.SourceImageSequence) == 1
    for frame in seg.PerFrameFunctionalGroupsSequence:
        (drawn_on,) = frame.DerivationImageSequence[0].SourceImageSequence
        theirs = image.PerFrameFunctionalGroupsSequence[drawn_on.ReferencedFrameNumber - 1]
        assert frame.PlanePositionSequence == theirs.PlanePositionSequence
    without = replace(labels, source=replace(source, files=source.files[:1], frames=()))
    assert np.array_equal(read(write(tmp_path / "t.dcm", without))[0].on(volume.grid).array, array)
    with pytest.raises(DicomError, match=r"^all\.dcm: the source image has fewer frames"):
        write(tmp_path / "u.dcm", replace(labels, source=replace(source, frames=(9,) * 5)))


def test_overlapping_segments_are_several_label_maps(
    tmp_path: Path, ct_series: Any, dicom_errors: Any, array: np.ndarray
) -> None:
    source = ct_series(AXIAL, SHAPE)
    organs = LabelMap(np.where(array, 1, 0), AXIAL, {1: "liver"}, source=source)
    lesions = LabelMap(np.where(array == 7, 2, 0) + (array == 2), AXIAL, {2: "lesion", 1: "cyst"}, source=source)
    path = write(tmp_path / "s.dcm", [organs, lesions])
    assert dicom_errors(path) == []
    found = read(path)
    assert [sorted(one.classes.values()) for one in found] == [["liver"], ["cyst", "lesion"]]
    first, second = (one.on(organs.grid) for one in found)
    assert np.array_equal(first.array != 0, organs.array != 0)
    for value, name in lesions.classes.items():
        (number,) = (v for v, n in second.classes.items() if n == name)
        assert np.array_equal(second.array == number, lesions.array == value)
    again = read(write(tmp_path / "t.dcm", [first, second], source=source))
    assert all(np.array_equal(a.array, b.array) and a.classes == b.classes for a, b in zip(found, again, strict=True))
    with pytest.raises(FormatError, match=r"^s\.dcm: its segments overlap, so that it is 2 label maps: choose one"):
        read_labels(path)
    assert read_labels(path, ReadParams(part=2)).classes == found[1].classes
    with pytest.raises(DicomError, match="there is no label map 3"):
        read(path, ReadParams(part=3))


def test_empty_classes_are_declared_when_asked(tmp_path: Path, ct_series: Any, dicom_errors: Any, array: np.ndarray) -> None:
    labels = LabelMap(array, AXIAL, {**CLASSES, 9: "spleen"}, source=ct_series(AXIAL, SHAPE))
    path = write(tmp_path / "s.dcm", labels, params=SegParams(empty_classes=True))
    assert dicom_errors(path) == []
    (back,) = read(path)
    assert back.classes == labels.classes
    assert np.array_equal(back.on(labels.grid).array, array)


@pytest.mark.parametrize("kind", ["binary", "labelmap"])
@pytest.mark.parametrize(
    "largest", [pytest.param(255, marks=pytest.mark.slow), 256, pytest.param(70_000, marks=pytest.mark.slow)]
)
def test_many_and_large_label_values(tmp_path: Path, ct_series: Any, kind: Any, largest: int) -> None:
    array = np.linspace(0, largest, 40).astype(int).reshape(1, 8, 5)
    labels = LabelMap(array, AXIAL, source=ct_series(AXIAL, array.shape))
    (back,) = read(write(tmp_path / "s.dcm", labels, params=SegParams(type=kind)))
    assert np.array_equal(back.array, array)


def test_names_terms_and_colours_survive_slicers_format_and_dicom(tmp_path: Path, ct_series: Any, array: np.ndarray) -> None:
    given = replace(terms("liver tumor")[0], colour=(10, 200, 31))
    source = ct_series(AXIAL, SHAPE)
    labels = LabelMap(array, AXIAL, CLASSES, terms={7: given, 300: terms("L5 vertebra")[0]}, source=source)
    seg = read_labels(write(tmp_path / "a.dcm", labels))
    assert seg.classes == CLASSES
    assert (seg.terms[7].kind, seg.terms[7].region, seg.terms[7].colour) == (given.kind, given.region, given.colour)
    assert (seg.terms[2].kind.meaning, seg.terms[2].side.meaning, seg.terms[2].colour) == ("Lung", "Left", (120, 180, 220))
    slicer = read_labels(write(tmp_path / "a.seg.nrrd", seg))
    assert slicer.terms == seg.terms
    assert slicer.classes == seg.classes
    again = read_labels(write(tmp_path / "b.dcm", slicer, source=source))
    assert again.terms == seg.terms
    assert np.array_equal(again.on(labels.grid).array, array)


def test_parameters_say_who_made_it(tmp_path: Path, ct_series: Any, dicom_errors: Any, array: np.ndarray) -> None:
    from pydicom import dcmread

    labels = LabelMap(array, AXIAL, CLASSES, source=ct_series(AXIAL, SHAPE), history=(Record("clean", {"largest": True}, "1"),))
    params = SegParams(
        algorithm="automatic", algorithm_name="nnU-Net", algorithm_version="2.5", series_description="Lungs", series_number=7,
        label="LUNGS", creator="Doe^Jane",
    )  # fmt: skip
    seg = dcmread(write(tmp_path / "s.dcm", labels, params=params))
    first = seg.SegmentSequence[0]
    assert (first.SegmentAlgorithmType, first.SegmentAlgorithmName) == ("AUTOMATIC", "nnU-Net")
    assert "largest" in first.SegmentationAlgorithmIdentificationSequence[0].AlgorithmParameters
    assert len({segment.TrackingUID for segment in seg.SegmentSequence}) == 3
    assert (seg.SeriesDescription, seg.SeriesNumber, seg.ContentLabel) == ("Lungs", 7, "LUNGS")
    assert str(seg.ContentCreatorName) == "Doe^Jane"
    manual = write(tmp_path / "m.dcm", labels, params=SegParams(algorithm="manual"))
    assert dicom_errors(tmp_path / "s.dcm") == dicom_errors(manual) == []
    assert "SegmentAlgorithmName" not in dcmread(manual).SegmentSequence[0]


def test_closing_leaves_nothing(tmp_path: Path, ct_series: Any, array: np.ndarray) -> None:
    steps = write_steps(tmp_path / "s.dcm", LabelMap(array, AXIAL, source=ct_series(AXIAL, SHAPE)))
    fractions = [next(steps).fraction for _ in range(5)]
    assert fractions == sorted(fractions)
    steps.close()
    assert [path.name for path in tmp_path.iterdir()] == ["series"]


def test_lossy_sources_and_odd_patients(tmp_path: Path, ct_series: Any, dicom_errors: Any, array: np.ndarray) -> None:
    from pydicom import dcmread

    odd = {"PatientSex": "unknown", "PatientBirthDate": "19500000", "StudyTime": "2960"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom's, of what it writes here
        source = ct_series(AXIAL, SHAPE, LossyImageCompression="01", LossyImageCompressionRatio="8", **odd)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        path = write(tmp_path / "s.dcm", LabelMap(array, AXIAL, source=source))
    assert dicom_errors(path) == []
    seg = dcmread(path)
    assert (seg.LossyImageCompression, seg.LossyImageCompressionRatio) == ("01", 8)
    assert (seg.PatientSex, seg.PatientBirthDate, seg.StudyTime, seg.StudyDate) == ("", "", "", "20200101")


def test_of_what_was_resampled_the_series_must_be_given(tmp_path: Path, ct_series: Any, dicom_errors: Any) -> None:
    source = ct_series(TILTED, SHAPE)
    (upright,) = read(source.files[0].parent, ReadParams(tilt="resample"))
    bright = upright.label_map((upright.array >= 2).astype(np.uint8), {1: "bright"})
    with pytest.raises(DicomError, match="were resampled when they were read: give the series as its source"):
        write(tmp_path / "s.dcm", bright)
    path = write(tmp_path / "s.dcm", bright, source=source)
    assert dicom_errors(path) == []
    (back,) = read(path)
    assert np.array_equal(back.on(upright.grid).array, bright.array)


def test_a_deflated_file_that_is_cut_off_is_refused(tmp_path: Path, ct_series: Any, array: np.ndarray) -> None:
    labels = LabelMap(array, AXIAL, source=ct_series(AXIAL, SHAPE))
    whole = write(tmp_path / "s.dcm", labels, params=SegParams(compress=True)).read_bytes()
    for part in np.linspace(400, len(whole) - 12, 9).astype(int):
        (tmp_path / "cut.dcm").write_bytes(whole[:part])
        with pytest.raises(DicomError, match=r"^cut\.dcm: "):
            read(tmp_path / "cut.dcm")
