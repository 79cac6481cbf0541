"""Letters at the edges of a view that say where they lie in the patient: L R, A P, H F."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from napari_hounsfield.grid import Affine, Grid

TOWARDS = (("R", "L"), ("A", "P"), ("F", "H"))
"""Letters of patient axes L, P, S: against and along."""


@dataclass(frozen=True)
class Edges:
    """One letter an edge; empty where it is not known."""

    top: str = ""
    bottom: str = ""
    left: str = ""
    right: str = ""


def axis_letters(world: Affine) -> tuple[tuple[str, str], ...]:
    """For each world axis, letters of where it comes from and where it leads: the nearest anatomical axes, each taken once.

    Parameters
    ----------
    world
        4x4, napari world from patient mm (L, P, S), as `Placement.world`; oblique and sheared ones too.
    """
    inverse = np.linalg.inv(world).astype(np.float64)
    towards = Grid((1, 1, 1), inverse).patient_axes
    return tuple(TOWARDS[axis] if sign > 0 else TOWARDS[axis][::-1] for axis, sign in towards)


def edge_letters(world: Affine, displayed: Sequence[int], orientation: Sequence[str] = ("down", "right")) -> Edges:
    """Letters of a 2D view.

    Parameters
    ----------
    world
        4x4, napari world from patient mm.
    displayed
        World axes (0 to 2) that run vertically and horizontally.
    orientation
        Where they run to: "down" or "up", "right" or "left".
    """
    letters = axis_letters(world)
    (top, bottom), (left, right) = (letters[axis] for axis in displayed)
    if str(orientation[0]) == "up":
        top, bottom = bottom, top
    if str(orientation[1]) == "left":
        left, right = right, left
    return Edges(top, bottom, left, right)


def common(edges: Iterable[Edges]) -> Edges:
    """What all agree on: images of other orientations that lie over each other may not."""
    found = set(edges)

    def agreed(side: str) -> str:
        letters = {getattr(one, side) for one in found}
        return letters.pop() if len(letters) == 1 else ""

    return Edges(*(agreed(side) for side in ("top", "bottom", "left", "right")))
