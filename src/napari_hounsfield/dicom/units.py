"""What the numbers of an image mean after rescaling: DICOM PS3.3 C.8.2.1 (CT), C.8.9.1 (PET), C.11.1 (Modality LUT)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_hounsfield.errors import DicomError

from .kinds import is_colour, modality
from .suv import suv_factor_of
from .tags import named

if TYPE_CHECKING:
    from .header import Header
    from .read_params import ReadParams

STORED = "stored value"
COUNTS_AND_DOSE = ("BQML", "CNTS", "GML")
"""Units of PET from which SUV may follow."""


@dataclass(frozen=True)
class Meaning:
    """Unit of the values of a volume."""

    unit: str
    warnings: tuple[str, ...] = ()
    factor: float = 1.0
    """What rescaled values are multiplied by to be in `unit`."""


def meaning_of(planes: tuple[Header, ...], params: ReadParams) -> Meaning:
    """Unit of the values of a stack, and warnings about it.

    Raises
    ------
    DicomError
        If rescale slope or intercept cannot be used, or only some planes have them, or units change; or if the values are not in
        the unit that must be.
    """
    for plane in planes:
        _check_rescale(plane, planes[0])
    found = _meaning(planes, params)
    if params.unit in ("HU", "SUV") and found.unit != params.unit:
        raise DicomError(f"{planes[0].name}: values are not in {params.unit}: {_reason(found)}")
    return found


def _reason(found: Meaning) -> str:
    return found.warnings[0] if found.warnings else f"they are in {found.unit or 'an unknown unit'}."


def _meaning(planes: tuple[Header, ...], params: ReadParams) -> Meaning:
    first = planes[0]
    kind = modality(first)
    if is_colour(first):
        return Meaning("")
    if first.lut is not None:
        return Meaning("HU" if first.lut.kind == "HU" else first.lut.kind.replace("US", ""))
    rescaled = first.slope is not None
    if kind == "CT":
        return _hounsfield(first, rescaled)
    if kind == "PT" and first.units:
        return _uptake(planes, params)
    if rescaled:
        return Meaning(first.rescale_type.replace("US", ""))
    return Meaning(STORED)


def _hounsfield(first: Header, rescaled: bool) -> Meaning:
    if not rescaled:
        return Meaning(STORED, ("No rescale slope and intercept: values are stored values, not HU.",))
    if first.rescale_type not in ("", "HU"):
        return Meaning(first.rescale_type.replace("US", ""), ("Values are not HU by their Rescale Type.",))
    if first.localizer and not first.rescale_type:
        return Meaning("", ("A localizer is not in HU.",))
    return Meaning("HU")


def _uptake(planes: tuple[Header, ...], params: ReadParams) -> Meaning:
    unit = planes[0].units
    if params.unit == "as written":
        return Meaning(unit)
    try:
        return Meaning("SUV", factor=suv_factor_of(planes))
    except DicomError as error:
        return Meaning(unit, (f"Values are in {unit}, not SUV: {error}.",))


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
    if (plane.lut is None) != (first.lut is None) or (plane.lut and first.lut and plane.lut.kind != first.lut.kind):
        raise DicomError(f"{plane.name}: the Modality LUT Sequence (0028,3000) differs from {first.name}")
