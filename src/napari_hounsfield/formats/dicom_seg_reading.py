"""DICOM Segmentation (binary) as a label map on its own grid, z ascending along row x column direction.

The grid follows from the planes (PS3.3 C.7.6.16.2.3 to 5), not from the order of frames; planes without a frame are empty.
Our own reading, because tilted stacks of planes are sheared and highdicom's volumes are not.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.dicom.geometry import spanned, unit_directions
from napari_hounsfield.dicom.header_reading import read_headers
from napari_hounsfield.dicom.kinds import SEGMENTATIONS
from napari_hounsfield.errors import DicomError, HounsfieldError, UnsupportedDicomError
from napari_hounsfield.grid import Affine, checked_affine
from napari_hounsfield.volume import LabelMap, Source

from .dicom_file import dataset_of
from .dicom_seg import VALUE_NOTE
from .notes import one_line

if TYPE_CHECKING:
    from pathlib import Path

OFF_PLANE = 0.05
"""A frame lies on a plane of the grid when it is off by no more than this part of the spacing."""
MAX_PLANES = 8192


def is_dicom_seg(path: Path) -> bool:
    """Whether a DICOM file is a segmentation; False too where it is too damaged to tell."""
    try:
        return read_headers(path)[0].sop_class in SEGMENTATIONS
    except DicomError:  # the reader says what is wrong
        return False


def read_dicom_seg(path: Path) -> LabelMap:
    """Read the segments of one file as labels; values are segment numbers, or ours where we wrote the file.

    Raises
    ------
    UnsupportedDicomError
        If segments overlap or are fractional, or frames are tiles of a slide or have no place in the patient.
    DicomError
        If the file is damaged or its frames do not lie on one even grid.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pydicom's warnings can hold values
            return _labels(path.name, dataset_of(path))
    except HounsfieldError as error:
        kind = type(error) if isinstance(error, DicomError) else DicomError
        raise kind(f"{path.name}: {str(error).removeprefix(path.name + ': ')}") from None
    except Exception:  # pydicom raises many kinds on damaged files
        raise DicomError(f"{path.name}: damaged DICOM segmentation") from None


def _labels(name: str, dataset: Any) -> LabelMap:
    if dataset.get("SOPClassUID") not in SEGMENTATIONS:
        raise DicomError("not a DICOM segmentation")
    kind = dataset.get("SegmentationType", "")
    if kind != "BINARY":
        raise UnsupportedDicomError(f"{str(kind).lower()[:16] or 'untyped'} segmentations are not read yet")
    if "TotalPixelMatrixColumns" in dataset or "FrameOfReferenceUID" not in dataset:
        raise UnsupportedDicomError("segmentations of slides and projections are not read yet")
    shared = dataset.get("SharedFunctionalGroupsSequence", [{}])[0]
    frames = list(dataset.PerFrameFunctionalGroupsSequence)
    positions = np.array([_group(f, shared, "PlanePositionSequence").ImagePositionPatient for f in frames], float)
    orientations = np.array([_group(f, shared, "PlaneOrientationSequence").ImageOrientationPatient for f in frames], float)
    measures = _group(frames[0], shared, "PixelMeasuresSequence")
    if not len(frames) or np.abs(orientations - orientations[0]).max() > 1e-3:
        raise DicomError("its frames do not have one orientation")
    affine, planes = _stack(positions, orientations.mean(axis=0), measures)
    segments = np.array([_group(f, shared, "SegmentIdentificationSequence").ReferencedSegmentNumber for f in frames])
    described = {int(s.SegmentNumber): s for s in dataset.SegmentSequence}
    if not set(segments.tolist()) <= set(described):
        raise DicomError("a frame belongs to a segment that is not described")
    values = _values(described)
    top = max([*values.values(), 1])
    array = np.zeros((int(planes.max()) + 1, dataset.Rows, dataset.Columns), np.min_scalar_type(top))
    for frame, mask in enumerate(_masks(dataset, len(frames))):
        plane = array[planes[frame]]
        if plane[mask].any():
            raise UnsupportedDicomError("segmentations with segments that overlap are not read yet")
        plane[mask] = values[int(segments[frame])]
    names = {values[n]: one_line(s.get("SegmentLabel", ""))[:200] for n, s in described.items()}
    classes = {value: name for value, name in names.items() if name not in ("", f"label {value}")}
    referenced = dataset.get("ReferencedSeriesSequence") or [{}]
    source = Source(str(referenced[0].get("SeriesInstanceUID", "")))
    return LabelMap(array, affine, classes, frame_of_reference=str(dataset.FrameOfReferenceUID), source=source, name=name)


def _group(frame: Any, shared: Any, keyword: str) -> Any:
    """Item of a functional group, from the frame or from what all frames share."""
    for holder in (frame, shared):
        if keyword in holder:
            return holder[keyword].value[0]
    raise DicomError(f"a frame without {keyword}")


def _stack(positions: NDArray[np.float64], orientation: NDArray[np.float64], measures: Any) -> tuple[Affine, NDArray[np.intp]]:
    """Affine of the grid, and the plane of each frame on it."""
    directions = unit_directions(orientation)
    away = positions @ directions[0]
    levels = np.sort(away)
    levels = levels[np.r_[True, np.diff(levels) > 1e-3]]
    gaps = np.diff(levels)
    stated = float(measures.get("SpacingBetweenSlices") or 0)
    thickness = abs(float(measures.get("SliceThickness") or 0))
    single = thickness or abs(stated) or 1.0
    steps = [abs(stated) or float(gaps.min()), float(gaps.min())] if gaps.size else [single]
    for step in steps:
        planes = np.rint((away - levels[0]) / step).astype(np.intp)
        off = np.abs((away - levels[0]) / step - planes)
        if off.max() <= OFF_PLANE and len(set(planes.tolist())) == len(levels):
            break
    else:
        raise DicomError("its planes are not evenly spaced")
    if planes.max() >= MAX_PLANES:
        raise DicomError("its planes lie too far apart")
    first, last = positions[planes.argmin()], positions[planes.argmax()]
    down, along = (float(s) for s in measures.PixelSpacing)
    affine = spanned(first, last, int(planes.max()), directions, (step, down, along))
    expected = first + planes[:, None] * affine[:3, 0]
    if np.abs(positions - expected).max() > OFF_PLANE * max(step, down, along):
        raise DicomError("its planes are not in line")
    return checked_affine(affine), planes


def _values(described: dict[int, Any]) -> dict[int, int]:
    """Label value of each segment number: the number that our own files note, or else the segment number."""
    notes = {n: re.fullmatch(rf"{VALUE_NOTE}(\d{{1,9}})", str(s.get("SegmentDescription", ""))) for n, s in described.items()}
    found = {number: int(note[1]) for number, note in notes.items() if note}
    if len(found) == len(described) and len(set(found.values())) == len(found) and min(found.values(), default=0) > 0:
        return found
    return {number: number for number in described}


def _masks(dataset: Any, count: int) -> Sequence[NDArray[np.bool_]]:
    """One bool (y, x) a frame."""
    rows, columns = int(dataset.Rows), int(dataset.Columns)
    syntax = dataset.file_meta.TransferSyntaxUID
    if syntax.is_encapsulated or not syntax.is_little_endian:
        pixels = np.asarray(dataset.pixel_array).reshape(-1, rows, columns)
        if len(pixels) != count:
            raise DicomError("the number of its frames and of their descriptions differ")
        return [frame.astype(bool) for frame in pixels]
    packed = np.frombuffer(dataset.PixelData, np.uint8)
    if len(packed) * 8 < rows * columns * count or int(dataset.get("NumberOfFrames", 0)) != count:
        raise DicomError("truncated: it has fewer pixels than its header says")
    return _Unpacked(packed, rows, columns, count)


class _Unpacked(Sequence[NDArray[np.bool_]]):
    """Frames of one bit a pixel, unpacked one at a time."""

    def __init__(self, packed: NDArray[np.uint8], rows: int, columns: int, count: int) -> None:
        self.packed, self.rows, self.columns, self.frames = packed, rows, columns, count

    def __len__(self) -> int:
        return self.frames

    def __getitem__(self, frame: Any) -> Any:
        if not 0 <= frame < self.frames:
            raise IndexError(frame)
        start, size = frame * self.rows * self.columns, self.rows * self.columns
        bits = np.unpackbits(self.packed[start // 8 : -(-(start + size) // 8)], bitorder="little")
        return bits[start % 8 : start % 8 + size].reshape(self.rows, self.columns).astype(bool)
