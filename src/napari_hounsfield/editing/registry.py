"""The edits that a segment editor offers, and how far each looks, so that a viewer can compute the shown plane first."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from napari_hounsfield.grid import Grid
from napari_hounsfield.operation import Operation
from napari_hounsfield.volume import LabelMap, Volume

from .combine import combine
from .fill_holes import fill_holes, fill_holes_reach
from .islands import islands
from .margin import margin, margin_reach
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


def cropped(data: LabelMap | Volume, axis: int, planes: slice) -> Any:
    """Labels or a scalar image of some planes along an axis of the array, in their place in the patient."""
    some = (slice(None),) * axis + (planes,)
    affine = data.affine.copy()
    affine[:3, 3] += planes.start * affine[:3, axis]
    changes: dict[str, Any] = {"array": data.array[some], "affine": affine, "source": None}
    if isinstance(data, Volume) and data.valid is not None:
        changes["valid"] = data.valid[some]
    return replace(data, **changes)


EDITS = {
    edit.operation.name: edit
    for edit in (
        Edit(margin, margin_reach),
        Edit(smooth, smooth_reach),
        Edit(islands, everywhere),
        Edit(fill_holes, fill_holes_reach),
        Edit(combine, nowhere),
    )
}
"""By the name of the operation."""
