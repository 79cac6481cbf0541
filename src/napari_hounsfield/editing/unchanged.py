"""Why an edit changed nothing, in one line."""

from __future__ import annotations

import numpy as np

from napari_hounsfield.operation import Params
from napari_hounsfield.volume import LabelMap

from .margin import MarginParams
from .metric import across, passes
from .polygon import PolygonParams, polygon_mask
from .smooth import SmoothParams


def unchanged(params: Params, before: LabelMap, after: LabelMap) -> str:
    """`nothing changed: ...` where an edit left labels and their names as they were, else nothing."""
    if before.classes != after.classes or not np.array_equal(before.array, after.array):
        return ""
    return f"nothing changed: {why_unchanged(params, before)}"


def why_unchanged(params: Params, labels: LabelMap) -> str:
    """What in the parameters of an edit kept it from changing these labels, as far as they tell."""
    grid = labels.grid
    if isinstance(params, MarginParams | SmoothParams):
        rounds = passes(grid, abs(params.mm), across(grid, params.within)) if params.mm else []
        if all(len(offsets.steps) == 1 for offsets in rounds):
            sides = " x ".join(f"{side:.3g}" for side in grid.spacing)
            return f"{abs(params.mm):g} mm reach no other voxel; voxels are {sides} mm (z, y, x)"
    if isinstance(params, PolygonParams) and params.points:
        slices, (_, mask) = params.slices(grid), polygon_mask(params, grid)
        if slices.start >= slices.stop:
            count = grid.shape[grid.axis_across(params.plane)]
            return f"the outline begins at slice {params.first}, but the last one is {count - 1}"
        if not mask.any():
            return "the outline encloses no voxel of the labels"
    return "no voxel was to change, or locks, limits and the classes that are kept left none"
