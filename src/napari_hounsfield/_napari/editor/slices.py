"""Slices as the viewer's slider counts them, from 0, in terms of the stored array, which may run the other way."""

from __future__ import annotations

from typing import Any

from napari_hounsfield.editing.copy_slice import CopySliceParams
from napari_hounsfield.editing.polygon import PolygonParams
from napari_hounsfield.errors import ParameterError
from napari_hounsfield.operation import Params

from .adopted import LayerEditing

PLANES = ("axial", "coronal", "sagittal")


def plane_across(editing: LayerEditing, axis: int) -> str:
    """Name of the planes across an axis of the stored array."""
    grid = editing.editor.labels.grid
    return next(plane for plane in PLANES if grid.axis_across(plane) == axis)


def slices_of(params: Params, drawn_in: str, editing: LayerEditing) -> dict[str, Any]:
    """Plane and slices of an edit that has some, in the stored array.

    Parameters
    ----------
    params
        With the numbers of slices as they were typed.
    drawn_in
        The plane that something was drawn in; empty: the one that is shown.
    editing
        Of the layer.

    Raises
    ------
    ParameterError
        If a slice is copied to one that is not there.
    """
    at = editing.looked_at()
    if at is None or not isinstance(params, PolygonParams | CopySliceParams):
        return {"plane": drawn_in} if drawn_in else {}
    grid, frame = editing.editor.labels.grid, editing.frame
    plane = drawn_in or plane_across(editing, at.axis)
    axis = grid.axis_across(plane)
    last = grid.shape[axis] - 1
    if isinstance(params, CopySliceParams):
        if last == 0:
            raise ParameterError(f"there is one {plane} slice only, and none to copy to")
        source = frame.turned(axis, at.index)
        target = source + 1 if params.target < 0 else params.target
        if target > last:
            raise ParameterError(f"there is no {plane} slice {target}: the last one is {last}")
        return {"plane": plane, "source": at.index, "target": frame.turned(axis, target)}
    if params.first > last:
        return {"plane": plane}
    ends = sorted(frame.turned(axis, last if end < 0 else min(end, last)) for end in (params.first, params.last))
    return {"plane": plane, "first": ends[0], "last": ends[1]}
