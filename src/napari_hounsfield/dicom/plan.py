"""How one volume will be read, resolved from headers alone: no file is touched here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from napari_hounsfield.errors import DicomError
from napari_hounsfield.grid import Affine, Grid, axial_affine
from napari_hounsfield.volume import Source

from .geometry import directions, sorted_along_normal, stack_affine, tilt
from .kinds import is_colour, modality
from .read_params import ReadParams
from .spacing import EVEN, ROUNDED, evenness, irregularity
from .syntaxes import LOSSY
from .tags import DIFFUSION, named
from .units import meaning_of

if TYPE_CHECKING:
    from .header import Header
    from .parts import Duplicate, Part
    from .regridding import Regridding

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
    even: bool = True
    """Whether the planes lie on the grid, which uneven ones do not."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the array that the planes fill, in the order of `axes`."""
        times = (self.times,) if self.axes.startswith("t") else ()
        return (*times, *self.grid.shape, *((3,) if self.axes.endswith("c") else ()))

    @property
    def result(self) -> Grid:
        """Grid of the volume that comes out."""
        return self.regridding.target if self.regridding else self.grid

    @property
    def times(self) -> int:
        """Points along the time axis; 1 where there is none."""
        return len(self.planes) // self.grid.shape[0]

    @property
    def source(self) -> Source:
        """References to the series: one file and frame a slice, in the order of z; none where slices do not lie on the grid."""
        planes = () if self.regridding or not self.even else self.planes[: self.grid.shape[0]]
        frames = tuple(plane.frame + 1 for plane in planes) if any(plane.frames > 1 for plane in planes) else ()
        return Source(self.planes[0].series_uid, tuple(plane.path for plane in planes), frames)


@dataclass(frozen=True)
class _Place:
    grid: Grid
    warnings: tuple[str, ...]
    regridding: Regridding | None = None
    even: bool = True


def plan(part: Part, params: ReadParams | None = None) -> Plan:
    """Resolve how a part of a series is read.

    Parameters
    ----------
    part
        Planes of one matrix and orientation, sorted.
    params
        What is done with planes that are uneven or tilted, and which unit the values have.

    Raises
    ------
    DicomError
        If the planes make no even stack, or their values cannot be compared.
    """
    params = params or ReadParams()
    if params.time:
        part = _at_time(part, params.time)
    first = part.planes[0]
    meaning = meaning_of(part.planes, params)
    place = _placed(part, params) if part.placed else _unplaced(part)
    factor = meaning.factor
    window = None if first.window is None or factor <= 0 else (first.window[0] * factor, first.window[1] * factor)
    time = part.times > 1
    return Plan(
        planes=part.planes,
        grid=place.grid,
        modality=modality(first),
        unit=meaning.unit,
        name=" ".join(str(word) for word in (modality(first), first.series_number, part.name) if word not in ("", None)),
        duplicates=part.duplicates,
        warnings=(*place.warnings, *meaning.warnings, *_remarks(part)),
        axes=("t" if time else "") + "zyx" + ("c" if is_colour(first) else ""),
        factor=factor,
        regridding=place.regridding,
        window=window,
        inverted=first.photometric == "MONOCHROME1",
        even=place.even,
    )


def _at_time(part: Part, time: int) -> Part:
    """One time point of a part."""
    if time > part.times:
        raise DicomError(f"{part.planes[0].file_name}: there is no time point {time}, there are {part.times}")
    count = len(part.first)
    planes = part.planes[(time - 1) * count : time * count]
    name = f"{part.name} time {time}".strip() if part.times > 1 else part.name
    return replace(part, planes=planes, times=1, along="", name=name)


def _placed(part: Part, params: ReadParams) -> _Place:
    """Where the planes of one time point lie, and warnings about it."""
    planes, _ = sorted_along_normal(part.first)
    first = planes[0]
    shape, frame = (len(planes), first.rows, first.columns), first.frame_of_reference
    if len(planes) == 1:
        known = first.thickness is not None and 0 < first.thickness < 1e4
        affine = stack_affine(planes, float(first.thickness or 1.0) if known else 1.0)
        return _Place(Grid(shape, affine, frame), () if known else ("One slice without Slice Thickness: 1 mm is assumed.",))
    even = evenness(planes)
    affine = stack_affine(planes, even.spacing)
    grid = Grid(shape, affine, frame)
    warnings, ignored = [], False
    if not even.within(EVEN):
        off = f"{even.along:.3g} mm along and {even.sideways:.3g} mm across the stack"
        if even.within(ROUNDED):
            warnings.append(f"Positions are off an even grid by up to {off}.")
        elif params.uneven == "resample":
            return _resampled(planes, affine, grid, f"Uneven spacing, off by up to {off}: resampled to an even grid.", even=False)
        elif even.sideways > ROUNDED * even.pixel and even.within_along(ROUNDED):
            raise DicomError(f"{planes[even.worst].name}: positions do not lie on a straight line, off by {even.sideways:.3g} mm")
        elif params.uneven == "refuse":
            raise DicomError(irregularity(planes))
        else:
            ignored = True
            warnings.append(f"Uneven spacing was ignored: positions are off the grid by up to {off}.")
    angle = tilt(affine)
    if angle > TILTED:
        if params.tilt == "resample":
            return _resampled(
                planes, affine, grid, f"Gantry tilt of {angle:.1f} degrees: resampled to an upright grid.", even=True
            )
        warnings.append(f"Gantry tilt of {angle:.1f} degrees: the grid is sheared.")
    return _Place(grid, tuple(warnings), even=not ignored)


def _resampled(planes: tuple[Header, ...], affine: Affine, grid: Grid, warning: str, even: bool) -> _Place:
    from .regridding import evened, upright

    positions = np.array([plane.position for plane in planes], dtype=float)
    axes = directions(planes)
    normal = float(axes[0] @ affine[:3, 0])
    spacing = (normal, float(np.linalg.norm(affine[:3, 1])), float(np.linalg.norm(affine[:3, 2])))
    make = upright if even else evened
    return _Place(grid, (warning,), make(positions, axes, spacing, grid.shape, grid.frame_of_reference))


def _unplaced(part: Part) -> _Place:
    """A grid from spacing alone: rows and columns along the axes of the patient, for want of a better place."""
    first = part.planes[0]
    slices = len(part.first)
    warnings = []
    if slices > 1:
        warnings.append("No geometry: the slices are stacked by their numbers, and their place in the patient is not known.")
    down, along = first.spacing or (1.0, 1.0)
    if first.spacing is None:
        warnings.append("No pixel spacing: lengths are in pixels.")
    elif min(first.spacing) <= 0 or not np.isfinite(first.spacing).all() or max(first.spacing) > 1e4:
        raise DicomError(f"{first.name}: {named('PixelSpacing')} is zero, negative or no number of millimetres that can be")
    elif first.spacing_at == "detector":
        warnings.append("Pixel spacing is that at the detector: lengths in the patient are smaller.")
    apart = next((abs(v) for v in (first.between, first.thickness) if v is not None and 0 < abs(v) < 1e4), 1.0)
    affine = axial_affine((apart if slices > 1 else 1.0, down, along))
    return _Place(Grid((slices, first.rows, first.columns), affine, ""), tuple(warnings))


def _remarks(part: Part) -> list[str]:
    """What else the user should know, in words without patient data."""
    planes = part.planes
    remarks = []
    if part.along:
        what = "diffusion weightings" if part.along in DIFFUSION else "time points"
        remarks.append(f"{part.times} {what} by {named(part.along)}.")
    if part.duplicates:
        remarks.append(f"{len(part.duplicates)} duplicate image(s) left out: " + _files([d for _, d in part.duplicates]) + ".")
    identified = [(plane.sop_uid, plane.frame) for plane in planes if plane.sop_uid]
    if len(set(identified)) < len(identified):
        remarks.append("SOP Instance UIDs are not unique.")
    lossy = [plane for plane in planes if plane.lossy or plane.transfer_syntax in LOSSY]
    if lossy:
        ratio = max(plane.lossy_ratio or 0 for plane in lossy)
        remarks.append("Lossy compression" + (f", ratio {ratio:.3g}." if ratio else "."))
    if any(plane.photometric == "MONOCHROME1" for plane in planes):
        remarks.append("MONOCHROME1: values are kept, the display is inverted.")
    if len({plane.study_uid for plane in planes}) > 1:
        remarks.append("The files are of several studies by their Study Instance UID.")
    if not planes[0].series_uid:
        remarks.append("Series Instance UID is missing: the files of one folder are taken as one series.")
    if not planes[0].modality:
        remarks.append("Modality is missing and was taken from the SOP Class.")
    return remarks


def _files(planes: list[Header]) -> str:
    names = [plane.name for plane in planes]
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
