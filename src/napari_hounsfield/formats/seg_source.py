"""The DICOM series that a segmentation refers to: where its planes lie, read again without pixels, and whose it is."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_hounsfield.dicom.geometry import check_geometry, directions, sorted_along_normal, stack_affine
from napari_hounsfield.dicom.header_reading import read_headers
from napari_hounsfield.dicom.tags import named
from napari_hounsfield.errors import DicomError, GridError
from napari_hounsfield.grid import Grid, apart

from .dicom_file import dataset_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_hounsfield.dicom.header import Header
    from napari_hounsfield.volume import Source

_NEEDED = {
    "SOPInstanceUID": "sop_uid", "SOPClassUID": "sop_class", "FrameOfReferenceUID": "frame_of_reference",
    "Rows": "rows", "Columns": "columns", "ImagePositionPatient": "position", "ImageOrientationPatient": "orientation",
    "PixelSpacing": "spacing",
}  # fmt: skip
_SHARED = {
    "FrameOfReferenceUID": "frame_of_reference", "StudyInstanceUID": "study_uid", "SeriesInstanceUID": "series_uid",
    "Rows": "rows", "Columns": "columns",
}  # fmt: skip
_MAY_BE_EMPTY = (
    "PatientID", "PatientName", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime", "AccessionNumber",
    "ReferringPhysicianName", "StudyID",
)  # fmt: skip
PATIENT_AND_STUDY = ("StudyInstanceUID", *_MAY_BE_EMPTY)
"""What every file of a study must say of it and of the patient (PS3.3, types 1 and 2): all that is taken from its source."""


@dataclass(frozen=True, eq=False)
class SegSource:
    """A series, in the order of its slices."""

    header: Any
    """Dataset of its first file: patient and study."""
    planes: Sequence[Header]
    """One a slice: its file's UIDs, its frame and its place."""
    grid: Grid


def known_source(given: Source | None, remembered: Source | None, what: str) -> Source:
    """The series that was given, else the one that labels remember.

    Raises
    ------
    DicomError
        If none is known, or its images are not at hand; the message says that `what`, as `a DICOM segmentation`, refers to them.
    """
    source = given or remembered
    if source is not None and source.series_uid and not source.files:
        raise DicomError(
            "the images of its series are not at hand, or were resampled when they were read: give the series as its source, "
            "so that the labels keep their own grid, or write .seg.nrrd or .nii.gz"
        )
    if source is None or not source.files:
        raise DicomError(f"{what} refers to a DICOM series: give its source, or write .seg.nrrd or .nii.gz")
    return source


def off_grid(name: str, grid: Grid, series: SegSource) -> GridError:
    """The refusal of labels that do not lie on the grid of the series."""
    how = apart(grid, series.grid)
    return GridError(f"{name}: {grid} is not the grid of the source, {series.grid}{how}; match brings them onto it")


def read_source(source: Source) -> SegSource:
    """Read the headers of a series, one a slice, in the order of the array's z axis.

    Attributes that the standard lets be empty (type 2) and that are missing, or none that it allows, are filled with nothing;
    UIDs of study and series that were removed are replaced by ones that follow from the frame of reference.

    Raises
    ------
    DicomError
        If a file is gone or damaged, or lacks a UID or its place in the patient: the message names file and tag.
    """
    planes = _planes(source)
    first = planes[0]
    for plane in planes:
        for keyword, attribute in _NEEDED.items():
            if getattr(plane, attribute) in (None, "", 0):
                raise DicomError(f"{plane.name}: {named(keyword)} is missing, so no segmentation can refer to it")
        check_geometry(plane)
        for keyword, attribute in _SHARED.items():
            if getattr(plane, attribute) != getattr(first, attribute):
                raise DicomError(f"{plane.name}: {named(keyword)} differs from the first slice of the source")
    affine = stack_affine(planes, first.thickness or 1.0)
    grid = Grid((len(planes), first.rows, first.columns), affine, first.frame_of_reference)
    return SegSource(_dataset(first.path), planes, grid)


def source_at(path: Path) -> Source:
    """References to the only series of a folder, or to the one that a file is a slice of.

    Raises
    ------
    DicomError
        If there is no such series, or more than one.
    """
    from napari_hounsfield.dicom.scan import scan

    found = scan(path)
    if path.is_dir():
        series = found.chosen()
    else:
        series = tuple(one for one in scan(path.parent).series if any(plane.path == path for plane in one.planes))
    if len(series) != 1:
        raise DicomError(f"{found.name}: {len(series)} series: give a file of the one that was labelled, or what `read` gave")
    if series[0].source is None:
        raise series[0].refusal or DicomError(f"{found.name}: cannot be read")
    return series[0].source


def _planes(source: Source) -> tuple[Header, ...]:
    found = {file: _headers(Path(file)) for file in dict.fromkeys(source.files)}
    if source.frames:
        try:
            return tuple(found[file][frame - 1] for file, frame in zip(source.files, source.frames, strict=True))
        except (IndexError, ValueError):
            raise DicomError(f"{source.files[0].name}: the source image has fewer frames than when it was read") from None
    if all(len(headers) == 1 for headers in found.values()):
        return tuple(found[file][0] for file in source.files)
    every = tuple(plane for headers in found.values() for plane in headers)
    if any(plane.position is None or plane.orientation is None for plane in every):
        return every
    return sorted_along_normal(every)[0]


def _headers(path: Path) -> tuple[Header, ...]:
    try:
        return read_headers(path)
    except DicomError as error:
        raise DicomError(f"{path.name}: the source image {error}") from None


def _dataset(path: Path) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pydicom's warnings can hold values
            header = dataset_of(path, stop_before_pixels=True)
            _fill(header)
    except DicomError as error:
        raise DicomError(f"{path.name}: the source image {error}") from None
    except Exception:  # pydicom raises many kinds on damaged files
        raise DicomError(f"{path.name}: the source image cannot be read") from None
    return header


_LONGEST = {"SH": 16, "LO": 64}
"""Characters that a value of a representation may have (PS3.5, 6.2)."""


def _fill(header: Any) -> None:
    """Fill what careless anonymising has emptied, always with the same values for the same series."""
    from pydicom.datadict import dictionary_VR
    from pydicom.uid import generate_uid

    for keyword in ("SOPClassUID", "SOPInstanceUID"):
        if not header.get(keyword):
            setattr(header, keyword, header.file_meta.get(f"MediaStorage{keyword}", ""))
    for keyword in ("StudyInstanceUID", "SeriesInstanceUID"):
        if not header.get(keyword):
            entropy = str(header.get("FrameOfReferenceUID") or header.SOPInstanceUID)
            setattr(header, keyword, generate_uid(entropy_srcs=[entropy, keyword]))
    for keyword in _MAY_BE_EMPTY:
        if keyword not in header or not _possible(dictionary_VR(keyword), header.get(keyword)):
            header.add_new(keyword, dictionary_VR(keyword), "")
    if "SpecificCharacterSet" in header and not header.SpecificCharacterSet:
        del header.SpecificCharacterSet
    if header.PatientSex not in ("M", "F", "O"):
        header.PatientSex = ""


def _possible(vr: str, value: Any) -> bool:
    """Whether a value is one that its representation allows: a date that is none cannot be written again."""
    from pydicom.valuerep import DA, TM

    if not value:
        return True
    try:
        return len(str(value)) <= _LONGEST.get(vr, 1000) and (vr not in ("DA", "TM") or bool({"DA": DA, "TM": TM}[vr](value)))
    except (ValueError, TypeError):
        return False


def orientation_of(planes: Sequence[Header]) -> tuple[float, ...]:
    """Six direction cosines that all planes share: their mean, since noise of single planes cancels."""
    same = len({plane.orientation for plane in planes}) == 1
    if same:
        return planes[0].orientation or ()
    _, column, row = directions(tuple(planes))
    return tuple(float(v) for v in np.concatenate((row, column)))
