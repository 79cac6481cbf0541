"""Copying the class that is painted with to the next slice, and going there."""

from __future__ import annotations

from napari_hounsfield.editing.copy_slice import CopySliceParams, copy_slice
from napari_hounsfield.errors import LabelError

from .adopted import LayerEditing
from .slices import plane_across


def copy_along(editing: LayerEditing, step: int) -> None:
    """Copy the selected class from the slice that is shown to one before or behind it, and show that one.

    Raises
    ------
    LabelError
        If there is no such slice, or the class is not on the one that is shown.
    """
    layer, viewer, at = editing.layer, editing.viewer(), editing.looked_at()
    if viewer is None or at is None or layer.ndim < 3:
        raise LabelError("copying to the next slice needs the viewer to show a slice of a volume")
    along = viewer.dims.not_displayed[-1]
    axis = along - (viewer.dims.ndim - layer.ndim)
    value = int(layer.selected_label)
    forward = editing.frame.stored_plane(axis, 1).index > editing.frame.stored_plane(axis, 0).index
    target = at.index + (step if forward else -step)
    if not 0 <= target < editing.editor.array.shape[at.axis]:
        raise LabelError("this is the last slice")
    if not (editing.editor.array.take(at.index, at.axis) == value).any():
        raise LabelError(f"{editing.name_of(value)} is not on this slice")
    params = CopySliceParams(classes=(value,), plane=plane_across(editing, at.axis), source=at.index, target=target)
    title = f"copy {editing.name_of(value)} to the next slice"
    editing.run(lambda editor: editor.steps(copy_slice, params, title=title))
    viewer.dims.set_current_step(along, viewer.dims.current_step[along] + step)
