"""Filling the holes of classes."""

from __future__ import annotations

import math
from collections.abc import Generator
from dataclasses import replace

import numpy as np

from napari_hounsfield.components import filled
from napari_hounsfield.grid import Grid
from napari_hounsfield.operation import Progress, operation, part
from napari_hounsfield.volume import LabelMap

from .params import WithinParams
from .writing import Rules, edited_boxes, write


class FillHolesParams(WithinParams):
    """Which holes are filled: those that a class encloses in space, or in each plane of a stack by itself."""


@operation("fill_holes", FillHolesParams)
def fill_holes(labels: LabelMap, params: FillHolesParams) -> Generator[Progress, None, LabelMap]:
    """Fill what classes enclose.

    A hole is what hangs together by the faces of voxels and does not reach the edge of the image. Other classes within a hole
    stay, unless they may be overwritten. A voxel that several classes enclose goes to the one of the least volume.

    Parameters
    ----------
    labels
        (z, y, x); 0 is background.
    params
        Classes, and whether holes of the volume or of its slices are filled.

    Returns
    -------
    LabelMap
        On the same grid, with the same classes and type of numbers.

    Raises
    ------
    LabelError
        If a class is named that is locked or is not there.
    """
    boxes = yield from part(edited_boxes(labels, params), 0, 0.1)
    axis = 0 if params.within == "volume" else labels.grid.axis_across(params.within)
    array = labels.array.copy()
    solids = []
    for done, (value, box) in enumerate(boxes.items()):
        start, stop = (0.1 + 0.8 * (done + k) / len(boxes) for k in (0, 1))
        mask = np.moveaxis(labels.array[box] == value, axis, 0)
        solid = yield from part(filled(mask, "volume" if params.within == "volume" else "slices"), start, stop)
        solids.append((int(np.count_nonzero(solid)), value, box, np.moveaxis(solid, 0, axis)))
    rules = Rules.of(params, boxes)
    # The largest first, so that the least has the last word, but no edited class takes a voxel of another.
    for _, value, box, solid in sorted(solids, key=lambda found: found[:2], reverse=True):
        free = ~np.isin(labels.array[box], list(boxes))
        write(array[box], solid & free, value, rules)
        yield Progress(0.95, "fill holes")
    return replace(labels, array=array)


def fill_holes_reach(params: FillHolesParams, grid: Grid) -> tuple[float, float, float] | None:
    """How far in mm along each axis the filling of holes looks: through all of a plane."""
    if params.within == "volume":
        return None
    axis = grid.axis_across(params.within)
    z, y, x = (0.0 if i == axis else math.inf for i in range(3))
    return z, y, x
