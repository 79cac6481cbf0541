"""RT Structure Sets of other makers: holes, overlap, contours off the slices, missing images, damage."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_hounsfield import (
    DicomError,
    FormatError,
    GridError,
    LabelMap,
    ReadParams,
    Source,
    Volume,
    axial_affine,
    read,
    read_labels,
)

SHAPE = (4, 20, 24)
AXIAL = axial_affine((3, 0.5, 0.5), (10, 20, -30))
Places = list[tuple[float, float, float]]


def square(z: float, low: float, high: float) -> Places:
    """A square in index places (z, y, x)."""
    return [(z, low, low), (z, low, high), (z, high, high), (z, high, low)]


@pytest.fixture
def source(ct_series: Any) -> Source:
    """The series that is drawn on."""
    return ct_series(AXIAL, SHAPE)


@pytest.fixture
def draw(source: Source, tmp_path: Path) -> Callable[..., Path]:
    """Write regions: by number, a list of contours in index places or (type, places)."""

    def write(rois: dict[int, list[Any]], folder: str = "series", affine: np.ndarray = AXIAL, **changes: Any) -> Path:
        from pydicom import dcmread
        from pydicom.dataset import Dataset, FileMetaDataset
        from pydicom.uid import ImplicitVRLittleEndian, RTStructureSetStorage, generate_uid

        image = dcmread(source.files[0])
        ds = Dataset()
        ds.file_meta = FileMetaDataset()
        ds.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
        ds.SOPClassUID, ds.SOPInstanceUID, ds.Modality = RTStructureSetStorage, generate_uid(), "RTSTRUCT"
        ds.StudyInstanceUID, ds.SeriesInstanceUID = image.StudyInstanceUID, generate_uid()
        ds.PatientName, ds.StructureSetLabel = "Canary^Patient", "CANARY"
        series, study, frame = Dataset(), Dataset(), Dataset()
        series.SeriesInstanceUID = source.series_uid
        study.RTReferencedSeriesSequence = [series]
        frame.FrameOfReferenceUID, frame.RTReferencedStudySequence = image.FrameOfReferenceUID, [study]
        ds.ReferencedFrameOfReferenceSequence = [frame]
        ds.StructureSetROISequence, ds.ROIContourSequence = [], []
        for number, contours in rois.items():
            roi, drawn = Dataset(), Dataset()
            roi.ROINumber, roi.ROIName, roi.ReferencedFrameOfReferenceUID = number, f"CANARY {number}", image.FrameOfReferenceUID
            drawn.ReferencedROINumber, drawn.ROIDisplayColor, drawn.ContourSequence = number, [number % 256, 0, 255], []
            for contour in contours:
                kind, places = contour if isinstance(contour, tuple) else ("CLOSED_PLANAR", contour)
                item = Dataset()
                points = np.array(places) @ affine[:3, :3].T + affine[:3, 3]
                item.ContourGeometricType, item.NumberOfContourPoints = kind, len(points)
                item.ContourData = [f"{v:.6f}"[:16] for v in points.ravel()]
                drawn.ContourSequence.append(item)
            ds.StructureSetROISequence.append(roi)
            ds.ROIContourSequence.append(drawn)
        for keyword, value in changes.items():
            if callable(value):
                value(ds)
            else:
                setattr(ds, keyword, value)
        target = tmp_path / folder / "rs.dcm"
        target.parent.mkdir(parents=True, exist_ok=True)
        ds.save_as(target, enforce_file_format=True)
        return target

    return write


def test_numbers_names_and_colours(draw: Callable[..., Path]) -> None:
    (labels,) = read(draw({3: [square(1, 1.5, 4.5)], 200: [], 9: [square(2, 9.5, 10.5), square(3, 9.5, 10.5)]}))
    expected = np.zeros(SHAPE, int)
    expected[1, 2:5, 2:5], expected[2:4, 10, 10] = 3, 9
    assert np.array_equal(labels.array, expected)
    assert labels.classes == {3: "CANARY 3", 9: "CANARY 9", 200: "CANARY 200"}
    assert {value: term.colour for value, term in labels.terms.items()} == {3: (3, 0, 255), 9: (9, 0, 255), 200: (200, 0, 255)}
    assert np.allclose(labels.affine, AXIAL)
    assert labels.warnings == ()


def test_numbers_that_are_no_label_values(draw: Callable[..., Path]) -> None:
    (labels,) = read(draw({0: [square(1, 1.5, 4.5)], 7: [square(2, 1.5, 4.5)]}))
    assert labels.classes == {1: "CANARY 0", 2: "CANARY 7"}
    assert np.unique(labels.array).tolist() == [0, 1, 2]


@pytest.mark.parametrize("how", ["CLOSED_PLANAR", "CLOSEDPLANAR_XOR", "keyhole"])
def test_holes(draw: Callable[..., Path], how: str) -> None:
    outer, inner = square(1, 2.5, 12.5), square(1, 5.5, 8.5)
    keyhole = [*outer, outer[0], *inner[::-1], inner[-1]]
    contours = [keyhole] if how == "keyhole" else [(how, outer), (how, inner)]
    (labels,) = read(draw({1: contours}))
    expected = np.zeros(SHAPE, int)
    expected[1, 3:13, 3:13] = 1
    expected[1, 6:9, 6:9] = 0
    assert np.array_equal(labels.array, expected)


def test_overlap_gives_several_maps(draw: Callable[..., Path], tmp_path: Path) -> None:
    path = draw({1: [square(1, 1.5, 9.5)], 2: [square(1, 4.5, 12.5)], 3: [square(1, 14.5, 16.5)], 4: [square(1, 5.5, 6.5)]})
    maps = read(path)
    assert [labels.name for labels in maps] == ["rs.dcm layer 1", "rs.dcm layer 2", "rs.dcm layer 3"]
    assert [list(labels.classes) for labels in maps] == [[1, 3], [2], [4]]
    assert [[(labels.array == v).sum() for v in labels.classes] for labels in maps] == [[64, 4], [64], [1]]
    assert read(path, ReadParams(part=2))[0].classes == {2: "CANARY 2"}
    with pytest.raises(DicomError, match="no label map 4"):
        read(path, ReadParams(part=4))
    with pytest.raises(FormatError, match=r"^rs\.dcm: its segments overlap, so that it is 3 label maps: choose one"):
        read_labels(path)


def test_what_becomes_no_voxels_is_told(draw: Callable[..., Path]) -> None:
    slope = [(0.6, 2.5, 2.5), (1.4, 2.5, 8.5), (1.4, 8.5, 8.5), (0.6, 8.5, 2.5)]
    contours = [
        square(1, 2.5, 4.5),
        square(1, 2.5, 4.5),
        square(1.5, 2.5, 4.5),
        square(9, 2.5, 4.5),
        square(2, 15.5, 40),
        slope,
        ("POINT", [(1, 3, 3)]),
        ("OPEN_PLANAR", square(1, 6, 9)),
        ("CANARY", square(1, 6, 9)),
        [(1, 2, 2), (1, 3, 3)],
    ]
    (labels,) = read(draw({1: contours, 2: [square(2, 1.5, 2.5)]}))
    assert (labels.array == 1).sum() == 4 + 4 * 8
    assert sorted(labels.warnings) == [
        "1 contour(s) of ROI 1 are of type OPEN_PLANAR, which has no inside: left out.",
        "1 contour(s) of ROI 1 are of type POINT, which has no inside: left out.",
        "1 contour(s) of ROI 1 are of type unknown, which has no inside: left out.",
        "1 contour(s) of ROI 1 are there twice: counted once.",
        "1 contour(s) of ROI 1 have fewer than three points: left out.",
        "1 contour(s) of ROI 1 lie across the slices of the image: left out.",
        "1 contour(s) of ROI 1 lie between the slices of the image: left out.",
        "1 contour(s) of ROI 1 lie beyond the slices of the image: left out.",
        "1 contour(s) of ROI 1 reach beyond the image: cut off.",
    ]


def test_every_second_slice_is_told(draw: Callable[..., Path], ct_series: Any) -> None:
    path = draw({1: [square(z, 2.5, 4.5) for z in (0, 2, 4)]})
    (labels,) = read(path, source=Volume(np.zeros((6, *SHAPE[1:])), AXIAL))
    assert labels.warnings == ("3 contour(s) of ROI 1 lie 2 slices apart: those between stay empty.",)


def test_rounded_positions_still_lie_on_their_slices(draw: Callable[..., Path]) -> None:
    (labels,) = read(draw({1: [square(1.1, 2.5, 4.5), square(1.9, 2.5, 4.5)]}))
    assert labels.array.any(axis=(1, 2)).tolist() == [False, True, True, False]


@pytest.mark.parametrize("folder", ["series", "series/deeper", "beside"])
def test_the_series_is_found_near_the_file(draw: Callable[..., Path], folder: str) -> None:
    (labels,) = read(draw({1: [square(1, 2.5, 4.5)]}, folder=folder))
    assert labels.array.shape == SHAPE


def test_without_images_the_contours_make_the_grid(draw: Callable[..., Path]) -> None:
    angle = 0.3
    turned = AXIAL.copy()
    turned[:3, :3] = np.array([[1, 0, 0], [0, np.cos(angle), -np.sin(angle)], [0, np.sin(angle), np.cos(angle)]]) @ AXIAL[:3, :3]
    for affine in (AXIAL, turned):
        path = draw({1: [square(z, 2.5, 18.5) for z in (0, 1, 3)]}, folder="far/away/alone", affine=affine)
        (labels,) = read(path)
        assert "made from the contours" in labels.warnings[0]
        assert labels.spacing == pytest.approx((3, 0.25, 0.25), abs=1e-5)
        assert labels.array.any(axis=(1, 2)).tolist() == [True, True, False, True]
        centre = labels.grid.positions(np.argwhere(labels.array)).mean(axis=0)
        assert centre == pytest.approx((affine @ [4 / 3, 10.5, 10.5, 1])[:3], abs=0.15)
        volume = labels.array.sum() * labels.grid.voxel_volume
        assert volume == pytest.approx(3 * 3 * 8 * 8, rel=0.08)


@pytest.mark.parametrize(
    ("rois", "reason"),
    [
        ({1: []}, "no closed contours"),
        ({1: [square(0, 1, 5), square(1, 1, 5), square(2.5, 1, 5)]}, "no even stack"),
        ({1: [[(0, 1, 1)] * 4]}, "no area"),
        ({1: [[(0, 1, 1), (1, 9, 1), (0, 9, 9), (1, 1, 9)]]}, "not flat"),
        ({1: [square(0, -1e5, 1e5), square(0.1, 0, 1), square(1e4, 0, 1)]}, "span too much"),
    ],
)
def test_without_images_some_cannot_be_placed(draw: Callable[..., Path], rois: Any, reason: str) -> None:
    with pytest.raises(DicomError, match=rf"^rs\.dcm: .*{reason}"):
        read(draw(rois, folder="far/away/alone"))


def test_the_series_may_be_given(draw: Callable[..., Path], source: Source) -> None:
    path = draw({1: [square(1, 2.5, 4.5)]}, folder="far/away/alone")
    (volume,) = read(source.files[0].parent)
    for given in (volume, source, LabelMap(np.zeros(SHAPE, int), AXIAL)):
        assert np.array_equal(read_labels(path, source=given).on(volume.grid).array, read(path, source=given)[0].array)
        assert read(path, source=given)[0].array.sum() == 4
    with pytest.raises(GridError, match="another frame of reference"):
        read(path, source=Volume(np.zeros(SHAPE), AXIAL, frame_of_reference="1.2.3"))
    with pytest.raises(GridError, match="no grid"):
        read(path, source="series")


def _numbers(value: str) -> Callable[[Any], None]:
    def change(ds: Any) -> None:
        from pydicom.dataelem import RawDataElement
        from pydicom.tag import Tag

        tag = Tag("ContourData")
        contour = ds.ROIContourSequence[0].ContourSequence[0]
        contour[tag] = RawDataElement(tag, "DS", len(value), value.encode(), 0, True, True)
        contour.set_original_encoding(True, True, "iso8859")

    return change


def _twice(ds: Any) -> None:
    ds.StructureSetROISequence.append(ds.StructureSetROISequence[0])


def _stranger(ds: Any) -> None:
    ds.ROIContourSequence[0].ReferencedROINumber = 77


def _count(ds: Any) -> None:
    ds.ROIContourSequence[0].ContourSequence[0].NumberOfContourPoints = 5


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (_numbers("1\\2\\3\\4"), "4 numbers, no multiple of 3"),
        (_numbers("1\\2\\nan\\1\\2\\3\\1\\2\\3"), "no number of millimetres"),
        (_numbers("1\\2\\1e300\\1\\2\\3\\1\\2\\3"), "no number of millimetres"),
        (_numbers("1\\2\\CANARY\\1\\2\\3\\1\\2\\3"), "what is no number"),
        (_numbers("1\\2\\\\1\\2\\3\\1\\2\\3"), "what is no number"),
        (_count, "declares 5 points and has 4"),
        (_twice, "the same ROI Number"),
        (_stranger, "not described"),
        (lambda ds: ds.__delattr__("StructureSetROISequence"), "describes no regions"),
        (lambda ds: setattr(ds.StructureSetROISequence[0], "ROINumber", None), "damaged"),
    ],
)
def test_damage_is_told_in_one_line(draw: Callable[..., Path], change: Any, reason: str) -> None:
    with pytest.raises(DicomError, match=rf"^rs\.dcm: .*{reason}") as caught:
        read(draw({1: [square(1, 2.5, 4.5)]}, change=change))
    assert "\n" not in str(caught.value)
    assert "CANARY" not in str(caught.value)


def test_truncated_at_any_place(draw: Callable[..., Path], tmp_path: Path) -> None:
    whole = draw({1: [square(1, 2.5, 4.5)], 2: [square(2, 2.5, 4.5)]}).read_bytes()
    for part in np.linspace(140, len(whole) - 2, 30).astype(int):
        (tmp_path / "cut.dcm").write_bytes(whole[:part])
        try:
            found = read(tmp_path / "cut.dcm")
        except DicomError as error:
            assert str(error).startswith("cut.dcm: ")  # noqa: PT017
        else:
            assert all(isinstance(data, LabelMap) for data in found)


def test_what_is_too_much_is_refused(draw: Callable[..., Path], monkeypatch: Any) -> None:
    path = draw({n: [square(1, 2.5, 14.5)] for n in range(1, 6)})
    reading = "napari_hounsfield.formats.rtstruct_reading"
    for name, value, reason in [
        (f"{reading}.MAX_MAPS", 4, "overlap too much"),
        (f"{reading}.MAX_WORK", 500, "more than can be gone through"),
        ("napari_hounsfield.formats.rtstruct_contours.MAX_POINTS", 19, "more than 19 points"),
        ("napari_hounsfield.formats.rtstruct_contours.MAX_ROIS", 4, "5 regions are more than can be"),
    ]:
        with monkeypatch.context() as patch:
            patch.setattr(name, value)
            with pytest.raises(DicomError, match=rf"^rs\.dcm: .*{reason}"):
                read(path)
