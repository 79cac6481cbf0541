"""What is drawn or shown in the viewer reaches the edit at its place: scissors, seeds, copies of slices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.utils.key_bindings import KeymapHandler

import napari_hounsfield as nh
from napari_hounsfield._napari.editor.adopted import LayerEditing
from napari_hounsfield._napari.editor.operations import OFFERED, EditForm

Settled = Callable[[LayerEditing], None]


@pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2), (2, 0, 1)])
def test_scissors_cut_what_lies_behind_the_polygon(
    editing: LayerEditing, viewer: ViewerModel, settled: Settled, order: tuple[int, int, int]
) -> None:
    layer = editing.layer
    before = layer.data.copy()
    viewer.dims.order = order
    form = EditForm(viewer, OFFERED["scissors"])
    form.drawn.draw()
    rows, columns = order[1], order[2]
    middle = np.argwhere(before == 2).mean(axis=0)
    corners = np.tile(np.round(middle), (4, 1))
    for corner, (down, right) in zip(corners, [(-2.4, -2.4), (-2.4, 2.4), (2.4, 2.4), (2.4, -2.4)], strict=True):
        corner[rows] += down
        corner[columns] += right
    shapes = form.drawn.choice.value
    shapes.add([[layer.data_to_world(corner) for corner in corners]], shape_type="polygon")
    form.fields.inputs["classes"].value = (2,)
    editing.run(lambda editor: editor.steps(form.edit.operation, form.params(editing)))
    settled(editing)
    inside = np.zeros(before.shape, bool)
    cut: list[Any] = [slice(None)] * 3
    for axis in (rows, columns):
        cut[axis] = slice(round(middle[axis]) - 2, round(middle[axis]) + 3)
    inside[tuple(cut)] = True
    assert np.array_equal(layer.data, np.where(inside & (before == 2), 0, before))


@pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2), (2, 0, 1)])
@pytest.mark.parametrize(("key", "step"), [("Alt-Right", 1), ("Alt-Left", -1)])
def test_keys_copy_to_the_next_slice_and_go_there(
    editing: LayerEditing, viewer: ViewerModel, settled: Settled, order: tuple[int, int, int], key: str, step: int
) -> None:
    layer, axis = editing.layer, order[0]
    viewer.dims.order = order
    layer.selected_label = 2
    inside = np.flatnonzero((layer.data == 2).any(axis=tuple({0, 1, 2} - {axis})))
    start = int(inside[-1] if step > 0 else inside[0])
    viewer.dims.set_current_step(axis, start)
    before = layer.data.copy()
    handler = KeymapHandler()
    handler.keymap_providers = [layer]
    handler.press_key(key)
    settled(editing)
    assert viewer.dims.current_step[axis] == start + step
    expected = np.moveaxis(before.copy(), axis, 0)
    source = expected[start] == 2
    target = expected[start + step]
    target[source & (target == 0)] = 2
    assert np.array_equal(np.moveaxis(layer.data, axis, 0), expected)
    editing.undo()
    settled(editing)
    assert np.array_equal(layer.data, before)


def test_nothing_to_copy_is_said(editing: LayerEditing, viewer: ViewerModel, said: Callable[[], list[str]]) -> None:
    editing.layer.selected_label = 2
    viewer.dims.set_current_step(0, 0)
    handler = KeymapHandler()
    handler.keymap_providers = [editing.layer]
    handler.press_key("Alt-Right")
    assert said() == ["liver is not on this slice"]


def test_seeds_are_points(editing: LayerEditing, viewer: ViewerModel, organs: nh.LabelMap) -> None:
    nh.show(viewer, nh.Volume(np.zeros(organs.array.shape, np.float32), organs.affine, frame_of_reference="1.2.3"))
    form = EditForm(viewer, OFFERED["grow_region"])
    form.drawn.draw()
    voxel = (3, 12, 6)
    form.drawn.choice.value.add(editing.layer.data_to_world(editing.frame.shown_index(voxel)))
    params = form.params(editing)
    assert isinstance(params, nh.GrowRegionParams)
    assert params.points == pytest.approx(voxel)
    assert params.coordinates == "voxels"
