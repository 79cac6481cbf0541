"""Where the frames of a DICOM segmentation lie: one grid, z ascending along row x column direction, and each frame's plane on it.

The grid follows from the planes (PS3.3 C.7.6.16.2.3 to 5), not from the order of frames; planes without a frame are empty.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.dicom.geometry import DIRECTION_TOLERANCE, LARGEST, spanned, unit_directions
from napari_hounsfield.dicom.spacing import ROUNDED
from napari_hounsfield.errors import DicomError, UnsupportedDicomError
from napari_hounsfield.grid import Affine, axial_affine, checked_affine
from napari_hounsfield.operation import Progress

MAX_PLANES = 8192
A_STEP = 100
"""Frames between two reports of progress."""


@dataclass(frozen=True)
class Reference:
    """An image that a frame was drawn on."""

    sop_uid: str = field(repr=False)
    frame: int
    preserved: bool
    """Whether the file says that the frame's pixels are those of the image."""


@dataclass(frozen=True, eq=False)
class Placement:
    """Grid of a segmentation, and what each frame says of itself."""

    affine: Affine
    frame_of_reference: str = field(repr=False)
    planes: NDArray[np.intp]
    """Index of each frame's plane along z."""
    segments: list[int]
    """Segment of each frame; 0 where frames hold all of them."""
    positions: NDArray[np.float64]
    references: list[list[Reference]]


@dataclass
class _Frames:
    """What the frames say, one after the other."""

    segments: list[int] = field(default_factory=list)
    positions: list[Any] = field(default_factory=list)
    orientations: list[Any] = field(default_factory=list)
    measures: list[Any] = field(default_factory=list)
    references: list[list[Reference]] = field(default_factory=list)


def placement(dataset: Any) -> Generator[Progress, None, Placement]:
    """Check the geometry of all frames, and lay them on a grid.

    Raises
    ------
    UnsupportedDicomError
        If frames are tiles of a slide.
    DicomError
        If position, orientation, pixel measures or frame of reference are missing or make no even stack of planes.
    """
    if "TotalPixelMatrixColumns" in dataset or "ImageOrientationSlide" in dataset:
        raise UnsupportedDicomError("segmentations of slides are not read yet")
    shared = (dataset.get("SharedFunctionalGroupsSequence") or [{}])[0]
    frames = list(dataset.get("PerFrameFunctionalGroupsSequence") or [])
    if not frames:
        raise DicomError("no frame is described: PerFrameFunctionalGroupsSequence (5200,9230) is missing or empty")
    labelled = dataset.get("SegmentationType") == "LABELMAP"
    frame_of_reference = str(dataset.get("FrameOfReferenceUID") or "")
    said = _Frames()
    for number, frame in enumerate(frames):
        segment = 0 if labelled else _group(frame, shared, "SegmentIdentificationSequence").ReferencedSegmentNumber
        said.segments.append(int(segment))
        said.references.append(_references(frame, shared))
        if frame_of_reference:
            said.positions.append(_group(frame, shared, "PlanePositionSequence").ImagePositionPatient)
            said.orientations.append(_group(frame, shared, "PlaneOrientationSequence").ImageOrientationPatient)
            said.measures.append(_group(frame, shared, "PixelMeasuresSequence"))
        if number % A_STEP == 0:
            yield Progress(0, f"{number} of {len(frames)} frames")
    if not frame_of_reference:
        affine, planes = _unplaced(frames, shared, said.segments)
        return Placement(affine, "", planes, said.segments, np.zeros((len(frames), 3)), said.references)
    positions, orientations = np.array(said.positions, float), np.array(said.orientations, float)
    _check(positions, orientations, said.measures)
    affine, planes = _stack(positions, orientations.mean(axis=0), said.measures[0])
    return Placement(affine, frame_of_reference, planes, said.segments, positions, said.references)


def _group(frame: Any, shared: Any, keyword: str) -> Any:
    """Item of a functional group, from the frame or from what all frames share."""
    for holder in (frame, shared):
        if holder.get(keyword):
            return holder[keyword].value[0]
    raise DicomError(f"a frame without {keyword}")


def _check(positions: NDArray[np.float64], orientations: NDArray[np.float64], measures: list[Any]) -> None:
    if not np.isfinite(positions).all() or np.abs(positions).max() > LARGEST:
        raise DicomError("a position is not a number of millimetres that can be")
    if np.abs(orientations - orientations[0]).max() > DIRECTION_TOLERANCE:
        raise DicomError("its frames do not have one orientation")
    row, column = orientations[0].reshape(2, 3)
    off = max(abs(np.linalg.norm(row) - 1), abs(np.linalg.norm(column) - 1), abs(row @ column))
    if not off <= DIRECTION_TOLERANCE:  # false for NaN as well
        raise DicomError("its orientation is not a pair of orthogonal unit vectors")
    if any(measure.get("PixelSpacing") in (None, "") for measure in measures):
        raise DicomError("PixelSpacing (0028,0030) is missing")
    spacings = np.array([measures[0].PixelSpacing] if measures[0] is measures[-1] else [m.PixelSpacing for m in measures], float)
    if not (spacings.min() > 0 and spacings.max() < LARGEST):
        raise DicomError("PixelSpacing (0028,0030) is zero, negative or no number of millimetres that can be")
    if np.abs(spacings - spacings[0]).max() > 1e-3 * spacings[0].min():
        raise DicomError("its frames do not have one PixelSpacing (0028,0030)")


def _stack(positions: NDArray[np.float64], orientation: NDArray[np.float64], measures: Any) -> tuple[Affine, NDArray[np.intp]]:
    """Affine of the grid, and the plane of each frame on it."""
    directions = unit_directions(orientation)
    away = positions @ directions[0]
    levels = np.sort(away)
    levels = levels[np.r_[True, np.diff(levels) > 1e-3]]
    gaps = np.diff(levels)
    stated = float(measures.get("SpacingBetweenSlices") or 0)
    thickness = abs(float(measures.get("SliceThickness") or 0))
    single = abs(stated) or thickness or 1.0
    # Of rounded positions, the spacing of so many planes as there are levels is right.
    even = float(np.ptp(levels)) / max(1, len(levels) - 1)
    steps = [abs(stated) or float(gaps.min()), float(gaps.min()), even] if gaps.size else [single]
    for step in steps:
        planes = np.rint((away - levels[0]) / step).astype(np.intp)
        off = np.abs((away - levels[0]) / step - planes)
        if off.max() <= ROUNDED and len(set(planes.tolist())) == len(levels):
            break
    else:
        raise DicomError("its planes are not evenly spaced")
    if planes.max() >= MAX_PLANES:
        raise DicomError("its planes lie too far apart")
    first, last = positions[planes.argmin()], positions[planes.argmax()]
    down, along = (float(s) for s in measures.PixelSpacing)
    affine = spanned(first, last, int(planes.max()), directions, (step, down, along))
    expected = first + planes[:, None] * affine[:3, 0]
    if np.abs(positions - expected).max() > ROUNDED * max(step, down, along):
        raise DicomError("its planes are not in line")
    return checked_affine(affine), planes


def _unplaced(frames: list[Any], shared: Any, segments: list[int]) -> tuple[Affine, NDArray[np.intp]]:
    """One picture without a place in the patient, as those of projections are: a frame a segment."""
    placed = any(holder.get("PlanePositionSequence") for holder in (*frames, shared))
    if placed:
        raise DicomError("FrameOfReferenceUID (0020,0052) is missing, though its planes have positions")
    if len(set(segments)) < len(segments):
        raise UnsupportedDicomError("segmentations of several projections are not read yet")
    measures: Any = next((h["PixelMeasuresSequence"].value[0] for h in (frames[0], shared) if h.get("PixelMeasuresSequence")), {})
    down, along = (float(s) for s in measures.get("PixelSpacing") or (1.0, 1.0))
    return checked_affine(axial_affine((1.0, down, along))), np.zeros(len(frames), np.intp)


def _references(frame: Any, shared: Any) -> list[Reference]:
    found = []
    for item in frame.get("DerivationImageSequence") or shared.get("DerivationImageSequence") or []:
        for image in item.get("SourceImageSequence") or []:
            number = image.get("ReferencedFrameNumber") or 1
            preserved = image.get("SpatialLocationsPreserved", "") == "YES"
            found.append(Reference(str(image.ReferencedSOPInstanceUID), _first_of(number), preserved))
    return found


def _first_of(number: Any) -> int:
    return int(number[0]) if isinstance(number, list | tuple) or hasattr(number, "append") else int(number)
