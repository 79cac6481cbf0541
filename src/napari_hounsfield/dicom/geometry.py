"""Planes in the patient: checked orientation, distance along the normal, and the affine of a stack of planes.

DICOM PS3.3 C.7.6.2.1.1: the pixel of column index i and row index j lies at
`position + row_direction * column_spacing * i + column_direction * row_spacing * j`.
"""

from __future__ import annotations

from itertools import pairwise
from math import hypot
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.errors import DicomError

from .tags import named

if TYPE_CHECKING:
    from napari_hounsfield.grid import Affine

    from .header import Header, Vector

DIRECTION_TOLERANCE = 1e-3
"""Directions off unit length or right angles by no more than this are put right; beyond, they are refused."""
PARALLEL_TOLERANCE = 3e-4
"""Planes whose direction cosines differ by no more than this belong to one stack (noise of 1e-4 on each is common)."""
LARGEST = 1e5
"""Positions and spacings beyond this many mm are overflow, not patients."""

Points = NDArray[np.float64]


def has_geometry(header: Header) -> bool:
    """Whether a plane says where it lies and how large its pixels are."""
    return header.position is not None and header.orientation is not None and header.spacing is not None


def check_geometry(header: Header) -> None:
    """Refuse a plane that has no place in the patient.

    Raises
    ------
    DicomError
        Naming file, tag and reason.
    """
    for keyword, values in (
        ("ImagePositionPatient", header.position),
        ("ImageOrientationPatient", header.orientation),
        ("PixelSpacing", header.spacing),
    ):
        if values is None:
            raise DicomError(f"{header.name}: {named(keyword)} is missing")
        if not all(abs(value) <= LARGEST for value in values):  # false for NaN as well
            raise DicomError(f"{header.name}: {named(keyword)} is not a number of millimetres that can be")
    if min(header.spacing or (0.0,)) <= 0:
        raise DicomError(f"{header.name}: {named('PixelSpacing')} is zero or negative")
    if not _orthonormal(header.orientation or ()):
        raise DicomError(f"{header.name}: {named('ImageOrientationPatient')} is not a pair of orthogonal unit vectors")


def _orthonormal(orientation: Vector) -> bool:
    """Whether six direction cosines are two unit vectors at right angles, within 1e-3; every plane is asked, so without numpy."""
    row, column = orientation[:3], orientation[3:]
    off = (hypot(*row) - 1, hypot(*column) - 1, sum(a * b for a, b in zip(row, column, strict=True)))
    return all(abs(value) <= DIRECTION_TOLERANCE for value in off)


def directions(headers: list[Header] | tuple[Header, ...]) -> Points:
    """Unit vectors (slice normal, down a column, along a row) of parallel planes, (3, 3), one a row.

    The mean over the planes, so that noise of single planes cancels; put right where it is orthonormal within 1e-3.

    Raises
    ------
    DicomError
        If Image Orientation (Patient) is not orthonormal within 1e-3.
    """
    mean = np.array([h.orientation for h in headers], dtype=float).mean(axis=0)
    row, column = mean.reshape(2, 3)
    if not _orthonormal((*row, *column)):
        raise DicomError(f"{headers[0].name}: {named('ImageOrientationPatient')} is not a pair of orthogonal unit vectors")
    return unit_directions(mean)


def unit_directions(orientation: Points) -> Points:
    """Unit vectors (slice normal, down a column, along a row), (3, 3), one a row, at right angles, from six direction cosines."""
    row, column = np.asarray(orientation, dtype=float).reshape(2, 3)
    row = row / np.linalg.norm(row)
    column = column - (column @ row) * row
    column /= np.linalg.norm(column)
    return np.array([np.cross(row, column), column, row])


def parallel(first: Header, second: Header) -> bool:
    """Whether two planes have the same orientation, within noise."""
    pairs = zip(first.orientation or (), second.orientation or (), strict=True)
    return all(abs(a - b) <= PARALLEL_TOLERANCE for a, b in pairs)


def sorted_along_normal(headers: tuple[Header, ...]) -> tuple[tuple[Header, ...], Points]:
    """Planes in ascending order along row x column direction, and their distance (n,) in mm along it."""
    normal = directions(headers)[0]
    distances = np.array([h.position for h in headers], dtype=float) @ normal
    order = np.argsort(distances, kind="stable")
    return tuple(headers[i] for i in order), distances[order]


def stack_affine(headers: tuple[Header, ...], thickness: float) -> Affine:
    """Affine (z, y, x) -> patient mm of sorted, evenly spaced planes; sheared where their positions say so (gantry tilt).

    `thickness` (mm) stands for the distance of planes where there is only one.
    """
    first, last = (np.array(header.position, dtype=float) for header in (headers[0], headers[-1]))
    down, along = headers[0].spacing or (1.0, 1.0)
    return spanned(first, last, len(headers) - 1, directions(headers), (thickness, down, along))


def spanned(first: Points, last: Points, steps: int, axes: Points, spacing: tuple[float, float, float]) -> Affine:
    """Affine (z, y, x) -> patient mm of even planes from position `first` to `last`, so many `steps` apart.

    `axes` are (normal, column, row) as from `unit_directions`; of `spacing` (z, y, x) in mm, z counts only for a single plane.
    """
    normal, column, row = axes
    affine = np.eye(4)
    affine[:3, 0] = (last - first) / steps if steps else normal * spacing[0]
    affine[:3, 1] = column * spacing[1]
    affine[:3, 2] = row * spacing[2]
    affine[:3, 3] = first
    return affine


def tilt(affine: Affine) -> float:
    """Angle in degrees between the stacking direction and the slice normal."""
    normal = np.cross(affine[:3, 2], affine[:3, 1])
    step = affine[:3, 0]
    along = abs(normal @ step) / np.linalg.norm(normal)
    across = np.linalg.norm(step - (step @ normal) * normal / (normal @ normal))
    return float(np.degrees(np.arctan2(across, along)))


def plane_name(header: Header) -> str:
    """Name of a plane by the patient axis that it is most nearly normal to."""
    normal = np.abs(directions([header])[0])
    return ("sagittal", "coronal", "axial")[int(normal.argmax())]


def gaps(distances: Points) -> list[float]:
    """Distances in mm between neighbours."""
    return [float(b - a) for a, b in pairwise(distances)]
