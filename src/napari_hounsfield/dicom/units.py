"""What the numbers of an image mean after rescaling: DICOM PS3.3 C.8.2.1 (CT), C.8.9.1 (PET), C.11.1 (Modality LUT)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from napari_hounsfield.errors import DicomError

from .kinds import modality
from .tags import named

if TYPE_CHECKING:
    from .header import Header

STORED = "stored value"


def unit_of(planes: tuple[Header, ...]) -> tuple[str, tuple[str, ...]]:
    """Unit of the rescaled values of a stack, and warnings about it.

    Raises
    ------
    DicomError
        If rescale slope or intercept cannot be used, or only some planes have them, or units change.
    """
    for plane in planes:
        _check_rescale(plane, planes[0])
    first = planes[0]
    kind = modality(first)
    rescaled = first.slope is not None
    if kind == "CT":
        if not rescaled:
            return STORED, ("No rescale slope and intercept: values are stored values, not HU.",)
        if first.rescale_type not in ("", "HU"):
            return first.rescale_type.replace("US", ""), ("Values are not HU by their Rescale Type.",)
        if first.localizer and not first.rescale_type:
            return "", ("A localizer is not in HU.",)
        return "HU", ()
    if kind == "PT":
        unit = first.units or (STORED if not rescaled else "")
        return unit, (f"SUV is not computed: values are in {unit or 'an unknown unit'}.",)
    if rescaled:
        return "" if first.rescale_type == "US" else first.rescale_type, ()
    return STORED, ()


def _check_rescale(plane: Header, first: Header) -> None:
    slope, intercept = plane.slope, plane.intercept
    for keyword, value in (("RescaleSlope", slope), ("RescaleIntercept", intercept)):
        if value is not None and not math.isfinite(value):
            raise DicomError(f"{plane.name}: {named(keyword)} is not finite")
    if slope == 0:
        raise DicomError(f"{plane.name}: {named('RescaleSlope')} is 0")
    if (slope is None) != (intercept is None):
        missing = "RescaleSlope" if slope is None else "RescaleIntercept"
        raise DicomError(f"{plane.name}: {named(missing)} is missing")
    if (slope is None) != (first.slope is None):
        raise DicomError(f"{plane.name}: {named('RescaleSlope')} is missing here or in {first.name}")
    if plane.rescale_type != first.rescale_type:
        raise DicomError(f"{plane.name}: {named('RescaleType')} differs from {first.name}")
    if plane.units != first.units:
        raise DicomError(f"{plane.name}: {named('Units')} differ from {first.name}")
