"""How one volume will be read, resolved from headers alone: no file is touched here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from napari_hounsfield.errors import DicomError
from napari_hounsfield.grid import Affine, Grid

from .geometry import sorted_along_normal, stack_affine, tilt
from .kinds import modality
from .spacing import EVEN, ROUNDED, evenness, irregularity
from .syntaxes import LOSSY
from .units import unit_of

if TYPE_CHECKING:
    from .header import Header
    from .parts import Duplicate, Part
    from .regridding import Regridding

Uneven = Literal["refuse", "ignore"]
TILTED = 0.1
"""Degrees between stacking direction and slice normal from which a gantry tilt is reported."""


@dataclass(frozen=True, eq=False)
class Plan:
    """Which planes make the volume, in which order, where they lie and what their numbers mean."""

    planes: tuple[Header, ...]
    """In the order of the array: every plane of the first time point along z, then those of the next."""
    grid: Grid
    """Of the planes as they are stored, before any regridding."""
    modality: str
    unit: str
    name: str
    duplicates: tuple[Duplicate, ...]
    warnings: tuple[str, ...]
    axes: str = "zyx"
    """`zyx`, `tzyx`, `zyxc` or `tzyxc`."""
    factor: float = 1.0
    """What rescaled values are multiplied by (SUV)."""
    regridding: Regridding | None = None
    """How the planes are resampled when they are read; None: not at all."""
    window: tuple[float, float] | None = None
    inverted: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the array that the planes fill, in the order of `axes`."""
        z, y, x = self.grid.shape
        times = (len(self.planes) // z,) if self.axes.startswith("t") else ()
        return (*times, z, y, x, *((3,) if self.axes.endswith("c") else ()))


def plan(part: Part, uneven: Uneven = "refuse") -> Plan:
    """Resolve how a part of a series is read.

    Parameters
    ----------
    part
        Planes of one matrix and orientation, sorted.
    uneven
        Whether planes that are not evenly spaced are refused, or read as if they were.

    Raises
    ------
    DicomError
        If the planes make no even stack, or their values cannot be compared.
    """
    planes, _ = sorted_along_normal(part.planes)
    first = planes[0]
    unit, warnings = unit_of(planes)
    affine, spacing_warnings = _stacked(planes, uneven)
    return Plan(
        planes=planes,
        grid=Grid((len(planes), first.rows, first.columns), affine, first.frame_of_reference),
        modality=modality(first),
        unit=unit,
        name=" ".join(str(word) for word in (modality(first), first.series_number, part.name) if word not in ("", None)),
        duplicates=part.duplicates,
        warnings=(*spacing_warnings, *warnings, *_remarks(part)),
    )


def _stacked(planes: tuple[Header, ...], uneven: Uneven) -> tuple[Affine, list[str]]:
    """Affine of sorted planes, and warnings about their positions."""
    first = planes[0]
    if len(planes) == 1:
        known = first.thickness is not None and 0 < first.thickness < 1e4
        affine = stack_affine(planes, float(first.thickness or 1.0) if known else 1.0)
        return affine, [] if known else ["One slice without Slice Thickness: 1 mm is assumed."]
    warnings = []
    even = evenness(planes)
    if not even.within(EVEN):
        off = f"{even.along:.3g} mm along and {even.sideways:.3g} mm across the stack"
        if even.within(ROUNDED):
            warnings.append(f"Positions are off an even grid by up to {off}.")
        elif even.sideways > ROUNDED * even.pixel:
            raise DicomError(f"{planes[even.worst].name}: positions do not lie on a straight line, off by {even.sideways:.3g} mm")
        elif uneven == "refuse":
            raise DicomError(irregularity(planes))
        else:
            warnings.append(f"Uneven spacing was ignored: positions are off the grid by up to {off}.")
    affine = stack_affine(planes, even.spacing)
    angle = tilt(affine)
    if angle > TILTED:
        warnings.append(f"Gantry tilt of {angle:.1f} degrees: the grid is sheared.")
    return affine, warnings


def _remarks(part: Part) -> list[str]:
    """What else the user should know, in words without patient data."""
    planes = part.planes
    remarks = []
    if part.duplicates:
        remarks.append(f"{len(part.duplicates)} duplicate file(s) left out: " + _files([d for _, d in part.duplicates]) + ".")
    if len({plane.sop_uid for plane in planes if plane.sop_uid}) < sum(bool(plane.sop_uid) for plane in planes):
        remarks.append("SOP Instance UIDs are not unique.")
    lossy = [plane for plane in planes if plane.lossy or plane.transfer_syntax in LOSSY]
    if lossy:
        ratio = max(plane.lossy_ratio or 0 for plane in lossy)
        remarks.append("Lossy compression" + (f", ratio {ratio:.3g}." if ratio else "."))
    if any(plane.photometric == "MONOCHROME1" for plane in planes):
        remarks.append("MONOCHROME1: values are kept, the display should be inverted.")
    if not planes[0].series_uid:
        remarks.append("Series Instance UID is missing: the files of one folder are taken as one series.")
    if not planes[0].modality:
        remarks.append("Modality is missing and was taken from the SOP Class.")
    return remarks


def _files(planes: list[Header]) -> str:
    names = [plane.name for plane in planes]
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
