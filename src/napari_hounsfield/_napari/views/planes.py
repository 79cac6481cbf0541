"""Anatomical planes, as views of napari's world axes S, P, L."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Plane:
    """One way of cutting the patient, drawn as radiologists hang it.

    Attributes
    ----------
    name
        As it is shown.
    normal, rows, columns
        World axes (0 S, 1 P, 2 L) that are cut, run vertically and run horizontally.
    colour
        Of its name and of its line in the other planes, as 3D Slicer has it.
    """

    name: str
    normal: int
    rows: int
    columns: int
    colour: str

    def order(self, ndim: int) -> tuple[int, ...]:
        """Order of all axes of a viewer, as `dims.order` takes it; unchanged where there are not three."""
        if ndim < 3:
            return tuple(range(ndim))
        first = ndim - 3
        return (*range(first), first + self.normal, first + self.rows, first + self.columns)


AXIAL = Plane("Axial", 0, 1, 2, "#f34a33")
CORONAL = Plane("Coronal", 1, 0, 2, "#6eb04b")
SAGITTAL = Plane("Sagittal", 2, 0, 1, "#edd54c")
PLANES = (AXIAL, CORONAL, SAGITTAL)


def plane_across(order: Sequence[int]) -> Plane | None:
    """Plane that a 2D view with this order of axes shows, however turned; None where it is none of space."""
    first = len(order) - 3
    if first < 0 or min(order[-3:]) < first:
        return None
    return PLANES[order[-3] - first]


def upright(order: Sequence[int]) -> tuple[str, str, str]:
    """Camera orientation (depth, vertical, horizontal) for an order of axes: head up, and 3D not mirrored.

    S, P, L are left-handed. napari shows axes as if they were right-handed unless one or three of the directions are turned.
    """
    if len(order) < 3:
        return "towards", "down", "right"
    first = len(order) - 3
    depth, rows, columns = (axis - first for axis in order[-3:])
    vertical = "up" if rows == 0 else "down"
    swapped = (depth > rows) + (depth > columns) + (rows > columns)
    away = (swapped + (vertical == "up")) % 2 == 0
    return "away" if away else "towards", vertical, "right"
