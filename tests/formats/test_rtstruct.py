"""RT Structure Sets that are written: conformant, placed rightly, and the same voxels when they are read."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from skimage.draw import polygon2mask

from napari_hounsfield import (
    DicomError,
    GridError,
    LabelError,
    LabelMap,
    Record,
    WriteError,
    axial_affine,
    read,
    read_labels,
    scan,
    terms,
    write,
)

SHAPE = (5, 12, 10)
LARGE = 3_000_000
AXIAL = axial_affine((3, 0.7, 0.8), (-30.5, 20, -300))
DESCENDING = AXIAL @ np.array([[-1, 0, 0, SHAPE[0] - 1], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])
TILTED = AXIAL + np.array([[0] * 4, [np.tan(0.3) * 3, 0, 0, 0], [0] * 4, [0] * 4])
_c, _s = np.cos(0.4), np.sin(0.4)
OBLIQUE = np.array([[1, 0, 0, 0], [0, _c, -_s, 0], [0, _s, _c, 0], [0, 0, 0, 1]]) @ TILTED
AFFINES = {"axial": AXIAL, "descending": DESCENDING, "tilted": TILTED, "oblique": OBLIQUE}
NAMES = {0: "background", 2: "left lung", 7: "Łysa góra 肺", LARGE: "nodule", 5: "liver"}


@pytest.fixture
def array() -> np.ndarray:
    """Three classes with holes, islands and touching corners, up to the border; the first and the last plane are empty."""
    labels = np.zeros(SHAPE, np.int32)
    labels[1:4] = np.random.default_rng(3).choice([0, 2, 7, LARGE], (3, *SHAPE[1:]))
    return labels


@pytest.mark.parametrize("kind", AFFINES)
def test_written_and_read_back(tmp_path: Path, ct_series: Any, dicom_errors: Any, array: np.ndarray, kind: str) -> None:
    source = ct_series(AFFINES[kind], SHAPE)
    labels = LabelMap(array, AFFINES[kind], NAMES, source=source, history=(Record("threshold", {"lower": 150.0}, "1"),))
    path = write(tmp_path / "Lunge und Łata.rtstruct.dcm", labels)
    assert dicom_errors(path) == []
    (back,) = read(path)
    assert isinstance(back, LabelMap)
    assert np.array_equal(back.on(labels.grid).array, array)
    assert back.classes == {2: "left lung", 5: "liver", 7: "Łysa góra 肺", LARGE: "nodule"}, "empty classes keep their name"
    assert back.source is not None
    assert back.source.series_uid == source.series_uid
    assert back.frame_of_reference
    assert back.warnings == ()


@pytest.mark.parametrize("kind", ["tilted", "oblique"])
def test_contours_lie_in_the_slices_that_they_refer_to(tmp_path: Path, ct_series: Any, array: np.ndarray, kind: str) -> None:
    from pydicom import dcmread

    source = ct_series(AFFINES[kind], SHAPE)
    written = dcmread(write(tmp_path / "a.rtstruct.dcm", LabelMap(array, AFFINES[kind], NAMES, source=source)))
    images = {image.SOPInstanceUID: (z, image) for z, image in enumerate(map(dcmread, source.files))}
    found = np.zeros_like(array)
    for region in written.ROIContourSequence:
        for contour in region.get("ContourSequence", []):
            z, image = images[contour.ContourImageSequence[0].ReferencedSOPInstanceUID]
            away = np.array(contour.ContourData, float).reshape(-1, 3) - np.array(image.ImagePositionPatient, float)
            row, column = np.array(image.ImageOrientationPatient, float).reshape(2, 3)
            assert np.abs(away @ np.cross(row, column)).max() < 1e-5
            corners = np.column_stack([away @ column, away @ row]) / np.array(image.PixelSpacing, float)
            found[z][polygon2mask(SHAPE[1:], corners)] += int(region.ReferencedROINumber)
            assert all(len(str(v)) <= 16 for v in contour.ContourData)
    assert np.array_equal(found, array), "as scikit-image fills them, one after the other"
    frame = written.ReferencedFrameOfReferenceSequence[0]
    assert frame.FrameOfReferenceUID == written.StructureSetROISequence[0].ReferencedFrameOfReferenceUID
    series = frame.RTReferencedStudySequence[0].RTReferencedSeriesSequence[0]
    assert series.SeriesInstanceUID == source.series_uid
    assert {item.ReferencedSOPInstanceUID for item in series.ContourImageSequence} == set(images)


def test_what_is_said_of_regions(tmp_path: Path, ct_series: Any, array: np.ndarray) -> None:
    from pydicom import dcmread

    source = ct_series(AXIAL, SHAPE)
    labels = LabelMap(
        array, AXIAL, NAMES | {7: "a\\b" + 70 * "c"}, source=source, terms={2: replace(terms("left lung")[0], colour=(1, 2, 3))}
    )
    written = dcmread(write(tmp_path / "a.rtstruct.dcm", labels))
    assert [(r.ROINumber, r.ROIName) for r in written.StructureSetROISequence] == [
        (2, "left lung"), (5, "liver"), (7, "a/b" + 61 * "c"), (LARGE, "nodule"),
    ]  # fmt: skip
    assert written.ROIContourSequence[0].ROIDisplayColor == [1, 2, 3]
    assert written.ROIContourSequence[1].ROIDisplayColor == [221, 130, 101]
    assert [o.RTROIInterpretedType for o in written.RTROIObservationsSequence] == ["ORGAN", "ORGAN", "", ""]
    assert written.RTROIObservationsSequence[0].RTROIIdentificationCodeSequence[0].CodeValue == "39607008"
    assert (written.PatientID, str(written.PatientName), written.StudyID) == ("CANARY-ID", "Canary^Patient", "1")
    (back,) = read(tmp_path / "a.rtstruct.dcm")
    assert back.terms[2].colour == (1, 2, 3)


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    angles=st.tuples(*[st.floats(-3, 3)] * 3),
    spacing=st.tuples(*[st.floats(0.05, 5)] * 3),
    tilt=st.floats(-0.5, 0.5),
    order=st.permutations(range(3)),
    seed=st.integers(0, 99),
)
def test_any_series_and_any_order_of_voxels(
    tmp_path: Path, ct_series: Any, angles: Any, spacing: Any, tilt: float, order: Any, seed: int
) -> None:
    affine = axial_affine(spacing, (-100, 50, -900))
    affine[1, 0] = tilt * spacing[0]
    for (i, j), angle in zip([(0, 1), (1, 2), (0, 2)], angles, strict=True):
        turn = np.eye(4)
        turn[[i, i, j, j], [i, j, i, j]] = np.cos(angle), -np.sin(angle), np.sin(angle), np.cos(angle)
        affine = turn @ affine
    array = np.random.default_rng(seed).integers(0, 3, (3, 5, 4))
    array[0, 0, 0] = 1
    turned = LabelMap(array.transpose(order), affine @ np.eye(4)[:, [*order, 3]], {1: "a", 2: "b"})
    source = ct_series(affine, array.shape, folder=f"s{len(list(tmp_path.iterdir()))}")
    (back,) = read(write(tmp_path / "a.rtstruct.dcm", turned, source=source, overwrite=True), source=source)
    assert np.array_equal(back.on(turned.grid).array, turned.array)


def test_of_enhanced_images_each_contour_names_its_frame(
    tmp_path: Path, enhanced_series: Any, dicom_errors: Any, array: np.ndarray
) -> None:
    from pydicom import dcmread

    source = enhanced_series(TILTED, SHAPE, order=[3, 0, 4, 1, 2])
    path = write(tmp_path / "a.rtstruct.dcm", LabelMap(array, TILTED, NAMES, source=source))
    assert dicom_errors(path) == []
    (back,) = read(path)
    assert np.array_equal(back.on(LabelMap(array, TILTED).grid).array, array)
    contour = dcmread(path).ROIContourSequence[0].ContourSequence[0]
    assert contour.ContourImageSequence[0].ReferencedFrameNumber == source.frames[1], "the first slice that has any"


def test_it_lies_with_its_series_in_a_folder(tmp_path: Path, ct_series: Any, array: np.ndarray) -> None:
    source = ct_series(AXIAL, SHAPE)
    folder = source.files[0].parent
    write(folder / "a.rtstruct.dcm", LabelMap(array, AXIAL, NAMES, source=source))
    volume, labels = sorted(read(folder), key=lambda data: type(data).__name__, reverse=True)
    assert np.array_equal(labels.on(volume.grid).array, array)
    described = {series["modality"]: series["status"] for series in scan(folder).to_json()["series"]}
    assert described == {"CT": "readable", "RTSTRUCT": "readable"}
    assert np.array_equal(read_labels(folder / "a.rtstruct.dcm").array, array)
    again = write(tmp_path / "again.rtstruct.dcm", labels)
    assert np.array_equal(read(again)[0].array, array)
    with pytest.raises(WriteError, match="exists already"):
        write(again, labels)


def test_a_contour_of_many_points(tmp_path: Path, ct_series: Any, dicom_errors: Any) -> None:
    from pydicom import dcmread

    array = (np.random.default_rng(0).random((1, 90, 90)) < 0.7).astype(np.uint8)
    path = write(tmp_path / "a.rtstruct.dcm", LabelMap(array, AXIAL, {1: "a"}, source=ct_series(AXIAL, array.shape)))
    contours = dcmread(path).ROIContourSequence[0].ContourSequence
    assert max(len(contour.get_item("ContourData").value) for contour in contours) > 65536, "more than an explicit VR can hold"
    assert dicom_errors(path) == []
    assert np.array_equal(read(path)[0].array, array)


def test_refusals(tmp_path: Path, ct_series: Any, array: np.ndarray) -> None:
    target = tmp_path / "a.rtstruct.dcm"
    labels = LabelMap(array, AXIAL, NAMES)
    with pytest.raises(DicomError, match="give its source"):
        write(target, labels)
    source = ct_series(AXIAL, SHAPE)
    with pytest.raises(LabelError, match="no labelled voxel"):
        write(target, LabelMap(array * 0, AXIAL, {0: "background"}), source=source)
    with pytest.raises(LabelError, match="too large"):
        write(target, LabelMap(array.astype(np.int64) * 1000, AXIAL), source=source)
    with pytest.raises(GridError, match="is not the grid of the source"):
        write(target, replace(labels, affine=axial_affine((3, 0.7, 0.8))), source=source)
    moved = np.array(AXIAL)
    moved[0, 3] += 0.4
    with pytest.raises(GridError, match=r"their centres 0\.4 mm apart; match brings them onto it"):
        write(target, replace(labels, affine=moved), source=source)
    source.files[2].unlink()
    with pytest.raises(DicomError, match=r"^998\.dcm: the source image"):
        write(target, labels, source=source)
    assert not list(tmp_path.glob("*.dcm"))


def test_nothing_is_left_when_the_disk_is_full(tmp_path: Path, ct_series: Any, array: np.ndarray, small_files: Any) -> None:
    labels = LabelMap(array, AXIAL, NAMES, source=ct_series(AXIAL, SHAPE))
    with small_files(4000), pytest.raises(WriteError, match=r"^a\.rtstruct\.dcm: "):
        write(tmp_path / "a.rtstruct.dcm", labels)
    assert [path.name for path in tmp_path.iterdir()] == ["series"]


def test_dcmtk_reads_it(tmp_path: Path, ct_series: Any, array: np.ndarray) -> None:
    from shutil import which

    if which("dcmdump") is None:
        pytest.skip("dcmtk is not installed")
    path = write(tmp_path / "a.rtstruct.dcm", LabelMap(array, AXIAL, NAMES, source=ct_series(AXIAL, SHAPE)))
    done = subprocess.run(["dcmdump", "-Un", str(path)], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0
    assert done.stderr == ""
    assert "[Łysa góra 肺]" in done.stdout
