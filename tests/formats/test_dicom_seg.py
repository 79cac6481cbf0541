"""DICOM segmentations: conformant, placed rightly, and readable by highdicom and by us."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from napari_hounsfield import (
    DicomError,
    GridError,
    LabelError,
    LabelMap,
    Record,
    SegParams,
    Source,
    UnsupportedDicomError,
    Volume,
    WriteError,
    axial_affine,
    read,
    scan,
    write,
)
from napari_hounsfield.formats.dicom_seg_reading import read_dicom_seg
from napari_hounsfield.formats.label_reading import read_labels
from napari_hounsfield.grid import same_lattice

SHAPE = (6, 12, 10)
LARGE = 3_000_000
AXIAL = axial_affine((3, 0.7, 0.8), (-30.5, 20, -300))
DESCENDING = AXIAL @ np.array([[-1, 0, 0, SHAPE[0] - 1], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])


def _oblique() -> np.ndarray:
    angle = np.deg2rad(25)
    turn = np.array([[1, 0, 0], [0, np.cos(angle), -np.sin(angle)], [0, np.sin(angle), np.cos(angle)]])
    roll = np.array([[np.cos(0.2), -np.sin(0.2), 0], [np.sin(0.2), np.cos(0.2), 0], [0, 0, 1]])
    affine = AXIAL.copy()
    affine[:3, :3] = turn @ roll @ affine[:3, :3]
    return affine


def _tilted() -> np.ndarray:
    affine = AXIAL.copy()
    affine[1, 0] = 3 * np.tan(np.deg2rad(18))
    return affine


AFFINES = {"axial": AXIAL, "descending": DESCENDING, "oblique": _oblique(), "tilted": _tilted()}


@pytest.fixture
def array() -> np.ndarray:
    """Three classes with gaps between their numbers; the first and the last plane are empty."""
    labels = np.zeros(SHAPE, np.int32)
    labels[1:5] = np.random.default_rng(3).choice([0, 2, 7, LARGE], (4, *SHAPE[1:]))
    return labels


NAMES = {0: "background", 2: "left lung", 7: "Łysa góra 肺", LARGE: "nodule", 5: "liver"}


@pytest.mark.parametrize("kind", AFFINES)
def test_written_and_read_back(tmp_path: Path, ct_series: Any, dicom_errors: Any, array: np.ndarray, kind: str) -> None:
    source = ct_series(AFFINES[kind], SHAPE)
    labels = LabelMap(array, AFFINES[kind], NAMES, source=source, history=(Record("threshold", {"lower": 150.0}, "1"),))
    path = write(tmp_path / "Segmentation der Lunge.dcm", labels)
    assert dicom_errors(path) == []
    (back,) = read(path)
    assert isinstance(back, LabelMap)
    assert same_lattice(back.grid, labels.grid)
    assert np.array_equal(back.on(labels.grid).array, array)
    assert back.classes == {2: "left lung", 7: "Łysa góra 肺", LARGE: "nodule"}
    normal = np.cross(back.affine[:3, 2], back.affine[:3, 1])
    assert normal @ back.affine[:3, 0] > 0, "z ascends along row x column direction"
    assert read_labels(path).classes == back.classes


@pytest.mark.parametrize("kind", AFFINES)
def test_highdicom_finds_each_plane_on_its_source_image(tmp_path: Path, ct_series: Any, array: np.ndarray, kind: str) -> None:
    import highdicom
    from pydicom import dcmread

    source = ct_series(AFFINES[kind], SHAPE)
    labels = LabelMap(array, AFFINES[kind], NAMES, source=source)
    seg = highdicom.seg.segread(write(tmp_path / "s.dcm", labels))
    uids = [dcmread(file).SOPInstanceUID for file in source.files]
    found = seg.get_pixels_by_source_instance(uids, combine_segments=True, assert_missing_frames_are_empty=True)
    assert np.array_equal(found, np.searchsorted([0, 2, 7, LARGE], array))
    if kind == "tilted":
        return
    volume = seg.get_volume(combine_segments=True)
    ours = LabelMap(volume.array, volume.affine, frame_of_reference=volume.frame_of_reference_uid)
    assert np.array_equal(ours.on(labels.grid).array, found)


def test_each_segment_is_coded(tmp_path: Path, ct_series: Any, array: np.ndarray) -> None:
    import highdicom

    labels = LabelMap(array, AXIAL, NAMES, source=ct_series(AXIAL, SHAPE), history=(Record("clean", {"largest": True}, "1"),))
    seg = highdicom.seg.segread(write(tmp_path / "s.dcm", labels))
    first, second, third = (seg.get_segment_description(n) for n in seg.segment_numbers)
    assert [d.segment_label for d in (first, second, third)] == ["left lung", "Łysa góra 肺", "nodule"]
    assert first.segmented_property_type.value == "39607008"
    assert first.SegmentedPropertyTypeCodeSequence[0].SegmentedPropertyTypeModifierCodeSequence[0].CodeMeaning == "Left"
    assert second.segmented_property_type.meaning == "Tissue"
    assert third.segmented_property_category.value == "49755003"
    assert {len(d.RecommendedDisplayCIELabValue) for d in (first, second, third)} == {3}
    assert first.algorithm_type.value == "SEMIAUTOMATIC"
    assert "clean" in first.algorithm_identification[0].AlgorithmName
    assert "largest" in first.algorithm_identification[0].AlgorithmParameters
    assert seg.SegmentationType == "BINARY"
    assert seg.PatientID == "CANARY-ID"
    assert str(seg.PatientName) == "Canary^Patient"


def test_a_flipped_and_permuted_map_lands_on_the_right_planes(tmp_path: Path, ct_series: Any, array: np.ndarray) -> None:
    source = ct_series(AXIAL, SHAPE)
    turn = np.array([[0, 0, -1, 5], [0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 1.0]])
    turned = LabelMap(array.transpose(2, 1, 0)[:, :, ::-1], AXIAL @ turn, NAMES)
    (back,) = read(write(tmp_path / "s.dcm", turned, source=source))
    assert np.array_equal(back.on(LabelMap(array, AXIAL).grid).array, array)


def test_labels_on_another_grid_of_the_same_patient(tmp_path: Path, ct_series: Any, dicom_errors: Any) -> None:
    from pydicom import dcmread

    source = ct_series(_tilted(), SHAPE)
    frame = dcmread(source.files[0]).FrameOfReferenceUID
    coarse = LabelMap(np.arange(60).reshape(3, 4, 5) % 3, axial_affine((6, 2, 2), (-29, 21, -298)), {1: "bone"}, source=source)
    with pytest.raises(GridError, match="is not the grid of the source"):
        write(tmp_path / "s.dcm", coarse)
    coarse = replace(coarse, frame_of_reference=frame)
    path = write(tmp_path / "s.dcm", coarse)
    assert dicom_errors(path) == []
    assert np.array_equal(read(path)[0].on(coarse.grid).array, coarse.array)
    assert [p.name for p in tmp_path.glob("*.dcm")] == ["s.dcm"]


@pytest.mark.parametrize("count", [1, 2, pytest.param(300, marks=pytest.mark.slow)])
def test_few_and_many_segments(tmp_path: Path, ct_series: Any, dicom_errors: Any, count: int) -> None:
    source = ct_series(AXIAL, (1, 20, 20))
    array = (np.arange(400) % (count + 1)).reshape(1, 20, 20)
    path = write(tmp_path / "s.dcm", LabelMap(array, AXIAL, source=source))
    assert dicom_errors(path) == []
    (back,) = read(path)
    assert np.array_equal(back.array, array)


def test_a_segmentation_lies_with_others_in_a_folder_with_its_series(tmp_path: Path, ct_series: Any, array: np.ndarray) -> None:
    source = ct_series(AXIAL, SHAPE)
    folder = source.files[0].parent
    for name in ("a.dcm", "b.dcm"):
        write(folder / name, LabelMap(array, AXIAL, NAMES, source=source))
    found = read(folder)
    assert sorted(type(data).__name__ for data in found) == ["LabelMap", "LabelMap", "Volume"]
    (volume,) = (data for data in found if isinstance(data, Volume))
    assert all(np.array_equal(data.on(volume.grid).array, array) for data in found if isinstance(data, LabelMap))


@pytest.mark.parametrize("give", ["volume", "series", "source", "labels", "folder", "file"])
def test_the_source_may_be_anything_that_knows_its_files(tmp_path: Path, ct_series: Any, array: np.ndarray, give: str) -> None:
    source = ct_series(AXIAL, SHAPE)
    (volume,) = read(source.files[0].parent)
    given = {"volume": volume, "series": scan(source.files[0].parent).series[0], "source": volume.source}
    given |= {"folder": str(source.files[0].parent), "file": source.files[2]}
    labels = LabelMap(array, AXIAL, source=volume.source if give == "labels" else None)
    (back,) = read(write(tmp_path / "s.dcm", labels, source=given.get(give)))
    assert np.array_equal(back.array, array)


def test_a_path_that_is_no_source_says_why(tmp_path: Path, array: np.ndarray) -> None:
    with pytest.raises(DicomError, match="nowhere: no such file or folder"):
        write(tmp_path / "s.dcm", LabelMap(array, AXIAL), source=tmp_path / "nowhere")
    (tmp_path / "text.txt").write_text("no image")
    with pytest.raises(DicomError):
        write(tmp_path / "s.dcm", LabelMap(array, AXIAL), source=tmp_path / "text.txt")
    assert not (tmp_path / "s.dcm").exists()


def test_what_anonymising_removed_is_filled(tmp_path: Path, ct_series: Any, dicom_errors: Any, array: np.ndarray) -> None:
    gone = ["PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime", "AccessionNumber", "StudyID"]
    gone += ["ReferringPhysicianName", "StudyInstanceUID", "SeriesInstanceUID", "PositionReferenceIndicator", "SeriesNumber"]
    source = ct_series(AXIAL, SHAPE, **dict.fromkeys(gone))
    path = write(tmp_path / "s.dcm", LabelMap(array, AXIAL, source=source))
    assert dicom_errors(path) == []
    assert np.array_equal(read(path)[0].array, array)


@pytest.mark.parametrize("keyword", ["FrameOfReferenceUID", "ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing"])
def test_what_cannot_be_filled_is_refused_by_name(tmp_path: Path, ct_series: Any, array: np.ndarray, keyword: str) -> None:
    source = ct_series(AXIAL, SHAPE, **{keyword: None})
    with pytest.raises(DicomError, match=r"^1000\.dcm: .+ \([0-9A-F]{4},[0-9A-F]{4}\) is missing"):
        write(tmp_path / "s.dcm", LabelMap(array, AXIAL, source=source))
    assert not list(tmp_path.glob("*.dcm"))


def test_refusals(tmp_path: Path, ct_series: Any, array: np.ndarray) -> None:
    target = tmp_path / "s.dcm"
    labels = LabelMap(array, AXIAL, NAMES)
    with pytest.raises(DicomError, match="give its source"):
        write(target, labels)
    with pytest.raises(WriteError, match="does not come from a DICOM series"):
        write(target, labels, source=Volume(array, AXIAL))
    source = ct_series(AXIAL, SHAPE)
    with pytest.raises(LabelError, match="no labelled voxel"):
        write(target, LabelMap(array * 0, AXIAL, {1: "lung"}), source=source)
    with pytest.raises(GridError, match="is not the grid of the source"):
        write(target, LabelMap(array, axial_affine((3, 0.7, 0.8))), source=source)
    source.files[2].unlink()
    with pytest.raises(DicomError, match=r"^998\.dcm: the source image cannot be opened"):
        write(target, labels, source=source)
    source.files[3].write_bytes(b"junk")
    with pytest.raises(DicomError, match=r"^997\.dcm: the source image not DICOM|^998"):
        write(target, labels, source=Source("", source.files[3:]))
    assert not list(tmp_path.glob("*.dcm"))


def test_empty_classes_are_noted(tmp_path: Path, ct_series: Any, array: np.ndarray, caplog: Any) -> None:
    write(tmp_path / "s.dcm", LabelMap(array, AXIAL, NAMES, source=ct_series(AXIAL, SHAPE)))
    assert "1 classes without voxels are left out: liver" in caplog.text


def _damage(tmp_path: Path, ct_series: Any, array: np.ndarray, change: Callable[[Any], None]) -> Path:
    from pydicom import dcmread

    path = write(tmp_path / "whole.dcm", LabelMap(array, AXIAL, NAMES, source=ct_series(AXIAL, SHAPE)))
    seg = dcmread(path)
    change(seg)
    seg.save_as(tmp_path / "broken.dcm")
    return tmp_path / "broken.dcm"


def _shift(seg: Any) -> None:
    seg.PerFrameFunctionalGroupsSequence[5].PlanePositionSequence[0].ImagePositionPatient[0] += 5


def _uneven(seg: Any) -> None:
    seg.PerFrameFunctionalGroupsSequence[5].PlanePositionSequence[0].ImagePositionPatient[2] += 1.1


def _short(seg: Any) -> None:
    seg.PixelData = seg.PixelData[:20]


def _untyped(seg: Any) -> None:
    seg.SegmentationType = "OTHER"


def _no_measures(seg: Any) -> None:
    del seg.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence


def _no_spacing(seg: Any) -> None:
    seg.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].PixelSpacing = [0, 0]


def _no_frame_of_reference(seg: Any) -> None:
    del seg.FrameOfReferenceUID


def _far_off(seg: Any) -> None:
    seg.PerFrameFunctionalGroupsSequence[5].PlanePositionSequence[0].ImagePositionPatient[1] = 1e300


def _turned(seg: Any) -> None:
    seg.SharedFunctionalGroupsSequence[0].PlaneOrientationSequence[0].ImageOrientationPatient = [1, 0, 0, 1, 0, 0]


def _unplaced(seg: Any) -> None:
    del seg.PerFrameFunctionalGroupsSequence[0].PlanePositionSequence


def _unknown(seg: Any) -> None:
    seg.PerFrameFunctionalGroupsSequence[0].SegmentIdentificationSequence[0].ReferencedSegmentNumber = 99


@pytest.mark.parametrize(
    ("change", "kind", "reason"),
    [
        (_shift, DicomError, "not in line"),
        (_uneven, DicomError, "not evenly spaced"),
        (_short, DicomError, "truncated"),
        (_untyped, UnsupportedDicomError, "none of BINARY"),
        (_no_measures, DicomError, "without PixelMeasuresSequence"),
        (_no_spacing, DicomError, r"PixelSpacing \(0028,0030\) is zero"),
        (_no_frame_of_reference, DicomError, r"FrameOfReferenceUID \(0020,0052\) is missing"),
        (_far_off, DicomError, "no number of|not a number of"),
        (_turned, DicomError, "orthogonal"),
        (_unplaced, DicomError, "PlanePositionSequence"),
        (_unknown, DicomError, "not described"),
    ],
)
def test_faulty_segmentations_are_refused_by_name(tmp_path, ct_series, array, change, kind, reason) -> None:
    with pytest.raises(kind, match=rf"^broken\.dcm: .*{reason}") as caught:
        read(_damage(tmp_path, ct_series, array, change))
    assert "\n" not in str(caught.value)
    assert "CANARY" not in str(caught.value)


@pytest.mark.parametrize("cuts", [6, pytest.param(40, marks=pytest.mark.slow)])
def test_truncated_at_any_place(tmp_path: Path, ct_series: Any, array: np.ndarray, cuts: int) -> None:
    whole = write(tmp_path / "whole.dcm", LabelMap(array, AXIAL, NAMES, source=ct_series(AXIAL, SHAPE))).read_bytes()
    for part in np.linspace(140, len(whole) - 2, cuts).astype(int):
        (tmp_path / "cut.dcm").write_bytes(whole[:part])
        with pytest.raises(DicomError, match=r"^cut\.dcm: "):
            read(tmp_path / "cut.dcm")


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    angles=st.tuples(*[st.floats(-3, 3)] * 3),
    spacing=st.tuples(*[st.floats(0.3, 5)] * 3),
    tilt=st.floats(-0.5, 0.5),
    order=st.permutations(range(3)),
    flips=st.tuples(*[st.booleans()] * 3),
    seed=st.integers(0, 99),
    enhanced=st.booleans(),
    kind=st.sampled_from(["binary", "labelmap"]),
)
def test_any_series_and_any_order_of_voxels(
    tmp_path: Path, ct_series: Any, enhanced_series: Any, angles: Any, spacing: Any, tilt: float, order: Any, flips: Any,
    seed: int, enhanced: bool, kind: Any,
) -> None:  # fmt: skip
    affine = axial_affine(spacing, (-100, 50, -900))
    affine[1, 0] = tilt * spacing[0]
    for (i, j), angle in zip([(0, 1), (1, 2), (0, 2)], angles, strict=True):
        turn = np.eye(4)
        turn[[i, i, j, j], [i, j, i, j]] = np.cos(angle), -np.sin(angle), np.sin(angle), np.cos(angle)
        affine = turn @ affine
    array = np.random.default_rng(seed).integers(0, 3, (3, 5, 4))
    array[0, 0, 0] = 1
    step = np.eye(4)[:, [*order, 3]]  # from the turned index to that of the series
    turned = array.transpose(order)
    for axis in np.flatnonzero(flips):
        turned = np.flip(turned, axis)
        flip = np.eye(4)
        flip[axis, axis], flip[axis, 3] = -1, turned.shape[axis] - 1
        step = step @ flip
    writer = enhanced_series if enhanced else ct_series
    source = writer(affine, array.shape, folder=f"s{len(list(tmp_path.iterdir()))}")
    labels = LabelMap(turned, affine @ step, {1: "a", 2: "b"})
    (back,) = read(write(tmp_path / "s.dcm", labels, source=source, overwrite=True, params=SegParams(type=kind)))
    far = np.argwhere(np.ones(array.shape))
    inside = np.rint((far @ affine[:3, :3].T + affine[:3, 3] - back.affine[:3, 3]) @ np.linalg.inv(back.affine[:3, :3]).T)
    np.testing.assert_allclose(back.grid.positions(inside), LabelMap(array, affine).grid.positions(far), atol=1e-6)
    assert np.array_equal(back.on(LabelMap(array, affine).grid).array, array)
    assert np.array_equal(back.on(labels.grid).array, turned)


def test_a_deflated_segmentation_is_read_and_a_bomb_refused(
    tmp_path: Path, ct_series: Any, array: np.ndarray, monkeypatch: Any
) -> None:
    from pydicom import dcmread
    from pydicom.uid import DeflatedExplicitVRLittleEndian

    seg = dcmread(write(tmp_path / "s.dcm", LabelMap(array, AXIAL, source=ct_series(AXIAL, SHAPE))))
    seg.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    seg.save_as(tmp_path / "d.dcm")
    assert np.array_equal(read(tmp_path / "d.dcm")[0].array, array)
    monkeypatch.setattr("napari_hounsfield.formats.dicom_file.LARGEST", 1000)
    with pytest.raises(DicomError, match=r"^d\.dcm: .*grows beyond"):
        read_dicom_seg(tmp_path / "d.dcm")


def test_single_plane_without_spacing_uses_its_thickness(tmp_path: Path, ct_series: Any) -> None:
    source = ct_series(AXIAL, (1, 4, 4))
    (back,) = read(write(tmp_path / "s.dcm", LabelMap(np.eye(4, dtype=int)[None], AXIAL, source=source)))
    assert back.spacing == pytest.approx((3, 0.7, 0.8))


def test_scan_describes_what_read_returns(tmp_path: Path, ct_series: Any, array: np.ndarray) -> None:
    source = ct_series(AXIAL, SHAPE)
    folder = tmp_path / "both"
    folder.mkdir()
    for file in source.files:
        (folder / file.name).write_bytes(file.read_bytes())
    write(folder / "labels.dcm", LabelMap(array, AXIAL, NAMES, source=source))
    found = scan(folder)
    described = {series["modality"]: series for series in found.to_json()["series"]}
    assert {modality: (series["status"], series["reason"]) for modality, series in described.items()} == {
        "CT": ("readable", None),
        "SEG": ("readable", None),
    }
    assert sorted(type(data).__name__ for data in read(folder)) == ["LabelMap", "Volume"]
    assert [series.modality for series in found.chosen()] == ["CT"], "an image is chosen among images"
    (labels,) = (series for series in found.series if series.labels)
    with pytest.raises(UnsupportedDicomError, match=r"labels\.dcm: holds labels, no image"):
        labels.read()
