"""What an RT Structure Set holds, as plain data: regions of interest and their contours (PS3.3, C.8.8.5 and C.8.8.6)."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.dicom.header_reading import read_headers
from napari_hounsfield.dicom.kinds import RT_STRUCTURE_SET
from napari_hounsfield.errors import DicomError, HounsfieldError
from napari_hounsfield.operation import Progress

from .dicom_file import dataset_of
from .notes import one_line

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

Points = NDArray[np.float64]
CLOSED = ("CLOSED_PLANAR", "CLOSEDPLANAR_XOR")
MAX_ROIS = 10_000
MAX_POINTS = 20_000_000
LARGEST = 1e5
"""Coordinates beyond this many mm are overflow, not patients."""


@dataclass(frozen=True, eq=False)
class Contour:
    """One outline: its geometric type and its points (n, 3) in patient mm."""

    kind: str
    points: Points

    @property
    def has_area(self) -> bool:
        """Whether it surrounds something."""
        return self.kind in CLOSED and len(self.points) >= 3


@dataclass(frozen=True, eq=False)
class Roi:
    """A region of interest."""

    number: int
    name: str
    colour: tuple[int, int, int] | None
    contours: tuple[Contour, ...]
    frame_of_reference: str = ""


@dataclass(frozen=True, eq=False)
class StructureSet:
    """Regions in the order of the file, and what they were drawn on."""

    rois: tuple[Roi, ...]
    series: frozenset[str]
    """Series Instance UIDs of the images that it refers to."""
    frames: frozenset[str]
    """Frame of Reference UIDs."""


def is_rtstruct(path: Path) -> bool:
    """Whether a DICOM file is an RT Structure Set; False too where it is too damaged to tell."""
    try:
        return read_headers(path)[0].sop_class == RT_STRUCTURE_SET
    except DicomError:  # the reader says what is wrong
        return False


def structure_set_steps(path: Path) -> Generator[Progress, None, StructureSet]:
    """Read regions and contours as they are written, stepwise.

    Raises
    ------
    DicomError
        If the file is damaged, or holds numbers that are no places in a patient.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pydicom's warnings can hold values
            dataset = dataset_of(path)
            return (yield from _structure_set(dataset))
    except HounsfieldError as error:
        kind = type(error) if isinstance(error, DicomError) else DicomError
        raise kind(f"{path.name}: {str(error).removeprefix(path.name + ': ')}") from None
    except Exception:  # pydicom raises many kinds on damaged files
        raise DicomError(f"{path.name}: damaged RT Structure Set") from None


def _structure_set(dataset: Any) -> Generator[Progress, None, StructureSet]:
    if dataset.get("SOPClassUID") != RT_STRUCTURE_SET:
        raise DicomError("not an RT Structure Set")
    described = list(dataset.get("StructureSetROISequence") or [])
    if not described:
        raise DicomError("it describes no regions: StructureSetROISequence (3006,0020) is missing or empty")
    if len(described) > MAX_ROIS:
        raise DicomError(f"{len(described)} regions are more than can be")
    drawn = {int(item.ReferencedROINumber): item for item in dataset.get("ROIContourSequence") or []}
    numbers = [int(item.ROINumber) for item in described]
    if len(set(numbers)) < len(numbers):
        raise DicomError("two of its regions have the same ROI Number (3006,0022)")
    if not drawn.keys() <= set(numbers):
        raise DicomError("contours of a region that is not described")
    left = MAX_POINTS
    rois: list[Roi] = []
    for number, item in zip(numbers, described, strict=True):
        yield Progress(len(rois) / len(numbers), "contours")
        contours = _contours(number, drawn.get(number), left)
        left -= sum(len(contour.points) for contour in contours)
        name = one_line(item.get("ROIName") or "")[:200]
        rois.append(Roi(number, name, _colour(drawn.get(number)), contours, str(item.get("ReferencedFrameOfReferenceUID") or "")))
    frames = list(dataset.get("ReferencedFrameOfReferenceSequence") or [])
    series = {
        str(series.get("SeriesInstanceUID") or "")
        for frame in frames
        for study in frame.get("RTReferencedStudySequence") or []
        for series in study.get("RTReferencedSeriesSequence") or []
    }
    known = {roi.frame_of_reference for roi in rois} | {str(frame.get("FrameOfReferenceUID") or "") for frame in frames}
    return StructureSet(tuple(rois), frozenset(series - {""}), frozenset(known - {""}))


def _contours(number: int, drawn: Any, room: int) -> tuple[Contour, ...]:
    found = []
    for item in (drawn.get("ContourSequence") or []) if drawn is not None else []:
        points = _points(number, item)
        room -= len(points)
        if room < 0:
            raise DicomError(f"more than {MAX_POINTS} points")
        kind = str(item.get("ContourGeometricType") or CLOSED[0]).strip().upper()
        found.append(Contour(kind, points))
    return tuple(found)


def _points(number: int, item: Any) -> Points:
    """Contour Data as numbers, parsed at once: pydicom would make an object of each."""
    if "ContourData" not in item:
        return np.empty((0, 3))
    element = item.get_item("ContourData")
    value = element.value
    if isinstance(value, bytes):
        text = value.decode("ascii", "replace").strip(" \0\\")
        try:
            numbers = np.fromstring(text, sep="\\") if text else np.empty(0)
        except ValueError:
            numbers = np.full(1, np.nan)
        if text and len(numbers) != text.count("\\") + 1:
            raise DicomError(f"ROI {number}: Contour Data (3006,0050) holds what is no number")
    else:
        numbers = np.array(value if value is not None else [], float).ravel()
    if len(numbers) % 3:
        raise DicomError(f"ROI {number}: Contour Data (3006,0050) holds {len(numbers)} numbers, no multiple of 3")
    if not (np.abs(numbers) <= LARGEST).all():  # false for NaN as well
        raise DicomError(f"ROI {number}: Contour Data (3006,0050) holds what is no number of millimetres that can be")
    declared = item.get("NumberOfContourPoints")
    if declared not in (None, "") and int(declared) != len(numbers) // 3:
        raise DicomError(f"ROI {number}: a contour declares {int(declared)} points and has {len(numbers) // 3}")
    return numbers.reshape(-1, 3)


def _colour(drawn: Any) -> tuple[int, int, int] | None:
    given = drawn.get("ROIDisplayColor") if drawn is not None else None
    if given is None or isinstance(given, str) or len(given) != 3:
        return None
    red, green, blue = (min(max(int(part), 0), 255) for part in given)
    return red, green, blue
