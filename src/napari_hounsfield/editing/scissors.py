"""Scissors: polygons through slices, inside or outside of which classes are erased or filled."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from typing import Literal

import numpy as np

from napari_hounsfield.operation import Progress, operation
from napari_hounsfield.volume import LabelMap

from .params import ClassesParams, label_value
from .polygon import PolygonParams, polygon_box, polygon_mask
from .writing import Rules, edited_boxes, one_of, require_class, write


class ScissorsParams(ClassesParams, PolygonParams):
    """Polygons, and what is done with them."""

    how: Literal["erase inside", "erase outside", "fill inside", "fill outside"] = "erase inside"
    """Erase the edited classes, or give what may be overwritten to a class, on one side of the outline."""
    label: int = label_value()
    """The class that is filled in."""


@operation("scissors", ScissorsParams)
def scissors(labels: LabelMap, params: ScissorsParams) -> Generator[Progress, None, LabelMap]:
    """Cut classes along polygons that go straight through slices, or fill them.

    Inside is what lies in one of the polygons. Slices that they do not go through stay as they are.

    Parameters
    ----------
    labels
        (z, y, x); 0 is background.
    params
        The polygons: points in the plane, by voxel index or by position in the patient (what they say across the plane is left
        out), the slices, and what to do.

    Returns
    -------
    LabelMap
        On the same grid, with the same classes and type of numbers.

    Raises
    ------
    LabelError
        If a class is named that is locked or is not there.
    ParameterError
        If there are fewer than three points.
    """
    grid = labels.grid
    slices = params.slices(grid)
    span, mask = polygon_mask(params, grid)
    erases, inside = params.how.startswith("erase"), params.how.endswith("inside")
    if erases:
        boxes = yield from edited_boxes(labels, params)
    else:
        boxes = {}
        require_class(labels, params.label, params)
    rules = Rules.of(params, boxes if erases else {params.label})
    axis = grid.axis_across(params.plane)
    if not inside:
        whole = np.ones([n for i, n in enumerate(grid.shape) if i != axis], bool)
        whole[span] = ~mask
        span, mask = (slice(0, whole.shape[0]), slice(0, whole.shape[1])), whole
    array = labels.array.copy()
    stack = np.moveaxis(array[polygon_box(span, slices, axis)], axis, 0)
    for done, plane in enumerate(stack):
        if erases:
            plane[mask & one_of(plane, rules.edited)] = 0
        else:
            write(plane, mask, params.label, rules)
        yield Progress((done + 1) / len(stack), "scissors")
    return replace(labels, array=array)
