"""Anatomical planes, as views of napari's world axes S, P, L."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

UNMIRRORED = ("away", "down", "right")
"""Camera orientation in which 3D is not mirrored: S, P, L is left-handed, and napari's default takes axes as right-handed."""


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

    @property
    def orientation(self) -> tuple[str, str, str]:
        """Camera orientation (depth, vertical, horizontal): head up, and not mirrored when it is turned to 3D."""
        return ("towards", "up", "right") if self.rows == 0 else UNMIRRORED


AXIAL = Plane("Axial", 0, 1, 2, "#f34a33")
CORONAL = Plane("Coronal", 1, 0, 2, "#6eb04b")
SAGITTAL = Plane("Sagittal", 2, 0, 1, "#edd54c")
PLANES = (AXIAL, CORONAL, SAGITTAL)


def plane_across(order: Sequence[int]) -> Plane | None:
    """Plane that a 2D view with this order of axes shows, however turned; None for an image without depth."""
    if len(order) < 3:
        return None
    return PLANES[order[-3] - (len(order) - 3)] if order[-3] >= len(order) - 3 else None
