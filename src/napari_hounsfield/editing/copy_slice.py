"""Copying classes from one slice to another."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace

import numpy as np

from napari_hounsfield.errors import ParameterError
from napari_hounsfield.operation import Progress, number, operation
from napari_hounsfield.volume import LabelMap

from .params import ClassesParams, Plane
from .writing import Rules, edited_boxes, one_of, write


class CopySliceParams(ClassesParams):
    """From which slice to which."""

    plane: Plane = "axial"
    """The plane of the slices."""
    source: int = number(0, 0, 100_000)
    """The slice to copy, counted from 0."""
    target: int = number(-1, -1, 100_000, lowest="the next")
    """The slice to copy to, counted from 0. -1: the one after."""
    replace: bool = True
    """Clear the classes in the target slice first; otherwise add to them."""


@operation("copy_slice", CopySliceParams)
def copy_slice(labels: LabelMap, params: CopySliceParams) -> Generator[Progress, None, LabelMap]:
    """Copy classes from one slice to another.

    Parameters
    ----------
    labels
        (z, y, x); 0 is background.
    params
        Classes and slices.

    Returns
    -------
    LabelMap
        On the same grid, with the same classes and type of numbers.

    Raises
    ------
    LabelError
        If a class is named that is locked or is not there.
    ParameterError
        If there is no such slice, or both are the same.
    """
    axis = labels.grid.axis_across(params.plane)
    target = params.source + 1 if params.target < 0 else params.target
    count = labels.array.shape[axis]
    if count == 1:
        raise ParameterError(f"there is one {params.plane} slice only, and none to copy to")
    for index in (params.source, target):
        if index >= count:
            raise ParameterError(f"there is no {params.plane} slice {index}: the last one is {count - 1}")
    if target == params.source:
        raise ParameterError("the slice would be copied onto itself; choose another target")
    boxes = yield from edited_boxes(labels, params)
    array = labels.array.copy()
    source, plane = (np.moveaxis(some, axis, 0)[i] for some, i in ((labels.array, params.source), (array, target)))
    rules = Rules.of(params, boxes)
    if params.replace:
        plane[one_of(plane, rules.edited)] = 0
    for value in boxes:
        write(plane, source == value, value, rules)
    yield Progress(1.0, "copy")
    return replace(labels, array=array)
