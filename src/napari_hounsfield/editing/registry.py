"""The edits that a segment editor offers, and how far each looks, so that a viewer can compute the shown plane first."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from napari_hounsfield.grid import Grid
from napari_hounsfield.operation import Operation
from napari_hounsfield.volume import LabelMap, Volume

from .combine import combine
from .copy_slice import copy_slice
from .fill_holes import fill_holes, fill_holes_reach
from .fill_range import fill_range
from .from_seeds import from_seeds
from .grow_region import grow_region
from .interpolate import interpolate
from .islands import islands
from .margin import margin, margin_reach
from .scissors import scissors
from .smooth import smooth, smooth_reach

Reach = Callable[[Any, Grid], tuple[float, float, float] | None]


def nowhere(params: Any, grid: Grid) -> tuple[float, float, float]:
    """The reach of an edit that looks at each voxel by itself."""
    return 0.0, 0.0, 0.0


def everywhere(params: Any, grid: Grid) -> None:
    """The reach of an edit that must see all."""


@dataclass(frozen=True)
class Edit:
    """One edit."""

    operation: Operation[..., LabelMap]
    reach: Reach
    """From parameters and grid: how far in mm along each axis (z, y, x) of the array it looks around a voxel, `inf` for all of an
    axis; None: everything. What it gives in a plane is right where it saw that much on both sides of it."""

    def slab(self, params: Any, grid: Grid, axis: int, index: int) -> slice | None:
        """The planes along an axis of the array that must be seen for plane `index` to be right; None: all of them."""
        reach = self.reach(params, grid)
        if reach is None or math.isinf(reach[axis]):
            return None
        beyond = math.ceil(reach[axis] / grid.spacing[axis] * (1 + 1e-6)) + 1
        return slice(max(0, index - beyond), min(grid.shape[axis], index + beyond + 1))


@dataclass(frozen=True)
class Plane:
    """An edit of some planes of which one will be right."""

    data: tuple[Any, ...]
    """Inputs for the operation."""
    params: Any
    index: int
    """The plane that will be right, among those of the result."""


def cropped(data: LabelMap | Volume, axis: int, planes: slice) -> Any:
    """Labels or a scalar image of some planes along an axis of the array, in their place in the patient; nothing is copied."""
    some = (slice(None),) * axis + (planes,)
    affine = data.affine.copy()
    affine[:3, 3] += planes.start * affine[:3, axis]
    changes: dict[str, Any] = {"array": data.array[some], "affine": affine, "source": None}
    if isinstance(data, Volume) and data.valid is not None:
        changes["valid"] = data.valid[some]
    return replace(data, **changes)


def plane_of(edit: Edit, data: Sequence[LabelMap | Volume], params: Any, axis: int, index: int) -> Plane | None:
    """What to run first for one plane along an axis of the array to be right; None where all must be seen.

    Parameters
    ----------
    edit
        One of `EDITS`.
    data
        Its inputs, on one grid in the same axes. Every label that is painted must have a name, or be edited by being left out:
        a class that is named in the parameters, and neither occurs in the planes nor has a name, is an error.
    params
        Of the edit.
    axis, index
        The plane.
    """
    grid = data[-1].grid
    planes = edit.slab(params, grid, axis, index)
    if planes is None:
        return None
    z, y, x = (planes.start if i == axis else 0 for i in range(3))
    return Plane(tuple(cropped(each, axis, planes) for each in data), params.moved((z, y, x), grid), index - planes.start)


EDITS = {
    edit.operation.name: edit
    for edit in (
        Edit(margin, margin_reach),
        Edit(smooth, smooth_reach),
        Edit(islands, everywhere),
        Edit(fill_holes, fill_holes_reach),
        Edit(combine, nowhere),
        Edit(interpolate, everywhere),
        Edit(copy_slice, everywhere),
        Edit(scissors, nowhere),
        Edit(fill_range, nowhere),
        Edit(grow_region, everywhere),
        Edit(from_seeds, everywhere),
    )
}
"""By the name of the operation."""
