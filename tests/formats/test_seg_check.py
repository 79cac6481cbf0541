"""Segmentations are held to the images that they refer to: geometry faults that checkers of conformance let pass."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_hounsfield import DicomError, LabelMap, WriteError, axial_affine, read, write
from napari_hounsfield.formats import dicom_seg

SHAPE = (4, 8, 6)
AXIAL = axial_affine((3, 0.7, 0.8), (-30.5, 20, -300))


def _moved(seg: Any) -> None:
    for frame in seg.PerFrameFunctionalGroupsSequence:
        frame.PlanePositionSequence[0].ImagePositionPatient[0] += 0.5


def _next_slice(seg: Any) -> None:
    for frame in seg.PerFrameFunctionalGroupsSequence:
        frame.PlanePositionSequence[0].ImagePositionPatient[2] += 3


def _other_frame_of_reference(seg: Any) -> None:
    seg.FrameOfReferenceUID = "1.2.3"


def _other_plane(seg: Any) -> None:
    for frame in seg.PerFrameFunctionalGroupsSequence:
        frame.DerivationImageSequence[0].SourceImageSequence[0].SpatialLocationsPreserved = "NO"
        frame.PlanePositionSequence[0].ImagePositionPatient[2] += 30


def _turned(seg: Any) -> None:
    seg.SharedFunctionalGroupsSequence[0].PlaneOrientationSequence[0].ImageOrientationPatient = [0.8, 0.6, 0, -0.6, 0.8, 0]


FAULTS = [
    (_moved, "off by 0.5 mm"),
    (_next_slice, "off by 3 mm"),
    (_other_frame_of_reference, r"FrameOfReferenceUID \(0020,0052\) is not that of the images"),
    (_other_plane, "planes are not those of the images"),
    (_turned, "another orientation"),
]


def _changed(path: Path, change: Callable[[Any], None]) -> None:
    from pydicom import dcmread

    seg = dcmread(path)
    change(seg)
    seg.save_as(path)


@pytest.mark.parametrize(("change", "reason"), FAULTS)
def test_beside_its_images_a_misplaced_segmentation_is_refused(
    tmp_path: Path, ct_series: Any, dicom_errors: Any, caplog: Any, change: Callable[[Any], None], reason: str
) -> None:
    source = ct_series(AXIAL, SHAPE)
    folder = source.files[0].parent
    labels = LabelMap(np.ones(SHAPE, int), AXIAL, {1: "bone"}, source=source)
    write(folder / "good.dcm", labels)
    _changed(write(folder / "bad.dcm", labels), change)
    assert dicom_errors(folder / "bad.dcm") == [], "which the checker of conformance lets pass"
    found = read(folder)
    assert [one.name for one in found if isinstance(one, LabelMap)] == ["good.dcm"]
    assert "left out: bad.dcm" in caplog.text
    (folder / "good.dcm").unlink()
    for file in source.files[1:]:
        file.unlink()
    found = read(folder)
    assert not any(isinstance(one, LabelMap) for one in found)


@pytest.mark.parametrize(("change", "reason"), FAULTS[:3])
def test_a_misplaced_segmentation_never_gets_its_name(
    tmp_path: Path, ct_series: Any, monkeypatch: Any, change: Callable[[Any], None], reason: str
) -> None:
    """A fault of the writer itself: the file is changed before it is read back."""
    written = dicom_seg.write_multiframe

    def faulty(path: Path, *arguments: Any) -> Any:
        yield from written(path, *arguments)
        _changed(path, change)

    monkeypatch.setattr(dicom_seg, "write_multiframe", faulty)
    labels = LabelMap(np.ones(SHAPE, int), AXIAL, source=ct_series(AXIAL, SHAPE))
    with pytest.raises(WriteError, match=rf"^s\.dcm: not written: .*{reason}"):
        write(tmp_path / "s.dcm", labels)
    assert [path.name for path in tmp_path.iterdir()] == ["series"]


def test_alone_it_is_read_on_its_own_grid(tmp_path: Path, ct_series: Any) -> None:
    labels = LabelMap(np.ones(SHAPE, int), AXIAL, source=ct_series(AXIAL, SHAPE))
    path = write(tmp_path / "s.dcm", labels)
    _changed(path, _moved)
    (back,) = read(path)
    np.testing.assert_allclose(back.affine[:3, 3], AXIAL[:3, 3] + (0.5, 0, 0))


def test_frames_of_some_slices_only(tmp_path: Path, ct_series: Any) -> None:
    """As other makers write them: without the empty planes at both ends, and in any order."""
    from pydicom import dcmread

    array = np.zeros((7, 8, 6), int)
    array[[2, 3, 5], 1:4, 1:4] = 1
    grid = LabelMap(array, AXIAL, source=ct_series(AXIAL, array.shape))
    path = write(tmp_path / "s.dcm", grid)
    seg = dcmread(path)
    seg.PerFrameFunctionalGroupsSequence = [seg.PerFrameFunctionalGroupsSequence[i] for i in (3, 1, 2)]
    bits = np.unpackbits(np.frombuffer(seg.PixelData, np.uint8), bitorder="little")[: 5 * 48].reshape(5, 48)[[3, 1, 2]]
    seg.NumberOfFrames, seg.PixelData = 3, np.packbits(bits, bitorder="little").tobytes()
    seg.save_as(path)
    (back,) = read(path)
    assert back.grid.shape == (4, 8, 6)
    assert np.array_equal(back.array, array[2:6])
    np.testing.assert_allclose(back.affine[:3, 3], (AXIAL @ [2, 0, 0, 1])[:3])


def test_hostile_numbers_end_in_one_line(tmp_path: Path, ct_series: Any) -> None:
    from pydicom import dcmread

    labels = LabelMap(np.ones(SHAPE, int), AXIAL, source=ct_series(AXIAL, SHAPE))
    path = write(tmp_path / "s.dcm", labels)

    def no_frames(seg: Any) -> None:
        seg.PerFrameFunctionalGroupsSequence = []

    def huge(seg: Any) -> None:
        seg.Rows = seg.Columns = 65535

    def no_segments(seg: Any) -> None:
        del seg.SegmentSequence

    def far(seg: Any) -> None:
        seg.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].SpacingBetweenSlices = "0.0001"

    def not_a_number(seg: Any) -> None:
        seg.SharedFunctionalGroupsSequence[0].PlaneOrientationSequence[0].ImageOrientationPatient = [1, 0, 0, 0, 0, 0]

    for change in (no_frames, huge, no_segments, far, not_a_number):
        seg = dcmread(path)
        change(seg)
        seg.save_as(tmp_path / "h.dcm")
        with pytest.raises(DicomError, match=r"^h\.dcm: [^\n]+$"):
            read(tmp_path / "h.dcm")
