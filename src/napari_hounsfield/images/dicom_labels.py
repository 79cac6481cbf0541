"""Images of a folder of DICOM files, labelled by an attribute of their headers."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from pathlib import Path
from typing import Any

from napari_hounsfield.errors import DicomError, ParameterError

from .table import ALONE, ImageEntry, relative


def labelled_by_tag(folder: Path, tag: str) -> tuple[list[ImageEntry], list[str]]:
    """Images, and what was left out, one line each.

    A folder that holds a single series of several files is one image; every other file is an image of its own.

    Parameters
    ----------
    tag
        Keyword of an attribute, as `ViewPosition`; its value, blanks at the ends apart, is the label.

    Raises
    ------
    ParameterError
        If there is no such attribute, or it is a sequence or holds bytes.
    DicomError
        If no file has it.
    """
    from pydicom.datadict import dictionary_VR, tag_for_keyword

    if tag_for_keyword(tag) is None or dictionary_VR(tag) in ("SQ", "OB", "OW", "OF", "OD", "OL", "OV", "UN"):
        raise ParameterError(f"tag: {tag!r} is no keyword of a DICOM attribute with a plain value, such as ViewPosition")
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    headers = {path: header for path in files if (header := _header(path, tag)) is not None}
    notes = [f"{len(files) - len(headers)} files are no DICOM images"] * (len(headers) < len(files))
    by_folder: defaultdict[Path, list[Path]] = defaultdict(list)
    for path in headers:
        by_folder[path.parent].append(path)
    images: dict[Path, Any] = {}
    for parent, inside in by_folder.items():
        series = {(str(headers[path].get("SeriesInstanceUID", "")), _label(headers[path], tag)) for path in inside}
        alone = not any(other != parent and other.is_relative_to(parent) for other in by_folder)
        if len(inside) > 1 and len(series) == 1 and alone:
            images[parent] = headers[inside[0]]
        else:
            images |= {path: headers[path] for path in inside}
    labelled = {path: header for path, header in images.items() if _label(header, tag)}
    if not labelled:
        raise DicomError(f"{folder.name}: no DICOM image in it has a {tag}")
    if len(labelled) < len(images):
        notes.append(f"{len(images) - len(labelled)} images have no {tag}, and are left out")
    entries = [
        ImageEntry(path, _label(header, tag), pseudonym(str(header.get("PatientID", ""))) or ALONE + relative(path, folder), row)
        for row, (path, header) in enumerate(sorted(labelled.items()), start=1)
    ]
    return entries, notes


def pseudonym(patient: str) -> str:
    """A word for a patient that does not tell who it is, the same wherever; empty where there is none."""
    return hashlib.sha256(patient.strip().encode()).hexdigest()[:16] if patient.strip() else ""


def _header(path: Path, tag: str) -> Any:
    """What of a header is asked for; None where this is no DICOM image."""
    from pydicom import dcmread
    from pydicom.errors import InvalidDicomError

    try:
        wanted = [tag, "PatientID", "SeriesInstanceUID", "Rows"]
        header = dcmread(path, stop_before_pixels=True, specific_tags=wanted)
    except (InvalidDicomError, OSError, ValueError, KeyError, AttributeError, NotImplementedError):
        return None
    return header if "Rows" in header or tag == "Rows" else None


def _label(header: Any, tag: str) -> str:
    """The attribute's value as a name; several values joined."""
    value = header.get(tag)
    if value is None or value == "":
        return ""
    several = value if isinstance(value, list | tuple) or type(value).__name__ == "MultiValue" else [value]
    return " ".join(str(each).strip() for each in several)
