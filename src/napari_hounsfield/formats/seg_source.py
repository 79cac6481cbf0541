"""The DICOM series that a segmentation refers to: its headers, read again without pixels, and its grid."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_hounsfield.dicom.geometry import spanned, unit_directions
from napari_hounsfield.errors import DicomError
from napari_hounsfield.grid import Affine, Grid, checked_affine
from napari_hounsfield.volume import Source

from .dicom_file import dataset_of

if TYPE_CHECKING:
    from collections.abc import Sequence

_NEEDED = (
    "SOPInstanceUID", "SOPClassUID", "StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID", "Rows", "Columns",
    "ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing",
)  # fmt: skip
_MAY_BE_EMPTY = (
    "PatientID", "PatientName", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime", "AccessionNumber",
    "ReferringPhysicianName", "StudyID",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class SegSource:
    """Headers of a series, in the order of its slices, and the grid they make."""

    headers: Sequence[Any]
    grid: Grid


def read_source(files: Sequence[Path]) -> SegSource:
    """Read the headers of `files`, one a slice, in the order of the array's z axis.

    Attributes that the standard lets be empty (type 2) and that are missing, or longer than it allows, are filled with nothing;
    UIDs of study and series that were removed are replaced by ones that follow from the frame of reference.

    Raises
    ------
    DicomError
        If a file is gone or damaged, or lacks a UID or its place in the patient: the message names file and tag.
    """
    headers = [_header(Path(file)) for file in files]
    first = headers[0]
    for header, file in zip(headers, files, strict=True):
        for keyword in ("FrameOfReferenceUID", "StudyInstanceUID", "SeriesInstanceUID", "Rows", "Columns"):
            if header[keyword].value != first[keyword].value:
                raise DicomError(f"{Path(file).name}: {_named(keyword)} differs from the first slice of the source")
    return SegSource(
        headers, Grid((len(headers), int(first.Rows), int(first.Columns)), _affine(headers), first.FrameOfReferenceUID)
    )


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


def _named(keyword: str) -> str:
    from pydicom.datadict import dictionary_description, tag_for_keyword

    tag = tag_for_keyword(keyword) or 0
    return f"{dictionary_description(tag)} ({tag >> 16:04X},{tag & 0xFFFF:04X})"


def _header(path: Path) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pydicom's warnings can hold values
            header = dataset_of(path, stop_before_pixels=True)
            _fill(header)
            missing = [keyword for keyword in _NEEDED if header.get(keyword) in (None, "", [])]
    except DicomError as error:
        raise DicomError(f"{path.name}: the source image {error}") from None
    except Exception:  # pydicom raises many kinds on damaged files
        raise DicomError(f"{path.name}: the source image cannot be read") from None
    if int(header.get("NumberOfFrames") or 1) > 1:
        raise DicomError(f"{path.name}: segmentations of multi-frame images are not written to DICOM yet; .seg.nrrd holds them")
    if missing:
        raise DicomError(f"{path.name}: {_named(missing[0])} is missing, so no segmentation can refer to it")
    return header


_SHORT_STRINGS = ("StudyID", "AccessionNumber")
_SHORT = 16
"""Characters that the value representation SH may have (PS3.5, 6.2)."""


def _fill(header: Any) -> None:
    """Fill what careless anonymising has emptied, always with the same values for the same series."""
    from pydicom.datadict import dictionary_VR
    from pydicom.uid import generate_uid

    for keyword in ("SOPClassUID", "SOPInstanceUID"):
        if not header.get(keyword):
            setattr(header, keyword, header.file_meta.get(f"MediaStorage{keyword}", ""))
    for keyword in ("StudyInstanceUID", "SeriesInstanceUID"):
        if not header.get(keyword) and header.get("FrameOfReferenceUID"):
            setattr(header, keyword, generate_uid(entropy_srcs=[str(header.FrameOfReferenceUID), keyword]))
    for keyword in _MAY_BE_EMPTY:
        too_long = keyword in _SHORT_STRINGS and len(str(header.get(keyword) or "")) > _SHORT
        if keyword not in header or too_long:
            header.add_new(keyword, dictionary_VR(keyword), "")
    if "SpecificCharacterSet" in header and not header.SpecificCharacterSet:
        del header.SpecificCharacterSet


def _affine(headers: Sequence[Any]) -> Affine:
    """Affine (z, y, x) to LPS mm through the first and the last position, in the order of the headers."""
    directions = unit_directions(np.mean([h.ImageOrientationPatient for h in headers], axis=0))
    first, last = (np.array(header.ImagePositionPatient, float) for header in (headers[0], headers[-1]))
    down, along = (float(s) for s in headers[0].PixelSpacing)
    return checked_affine(spanned(first, last, len(headers) - 1, directions, (1.0, down, along)))
