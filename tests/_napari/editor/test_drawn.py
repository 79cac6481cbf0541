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
from napari_hounsfield._napari.editor.operations import OFFERED, EditForm, Operations

Settled = Callable[[LayerEditing], None]


@pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2), (2, 0, 1)])
def test_scissors_cut_what_lies_behind_the_polygon(
    editing: LayerEditing, viewer: ViewerModel, settled: Settled, order: tuple[int, int, int]
) -> None:
    layer = editing.layer
    before = layer.data.copy()
    viewer.dims.order = order
    form = EditForm(viewer, OFFERED["scissors"])
    rows, columns = order[1], order[2]
    middle = np.argwhere(before == 2).mean(axis=0)
    corners = np.tile(np.round(middle), (4, 1))
    for corner, (down, right) in zip(corners, [(-2.4, -2.4), (-2.4, 2.4), (2.4, 2.4), (2.4, -2.4)], strict=True):
        corner[rows] += down
        corner[columns] += right
    shapes = viewer.add_shapes(ndim=3)  # of the user's own, that stands otherwise than the labels
    form.drawn.choice.value = shapes
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


@pytest.fixture
def page(viewer: ViewerModel, editing: LayerEditing) -> Operations:
    """The page of operations at scissors, for all classes."""
    made = Operations(viewer)
    made.show_editing(editing)
    made.choice.value = "scissors"
    made.form.drawn.draw()
    made.form.fields.inputs["classes"].value = ()
    return made


def test_every_shape_is_cut_as_it_is_drawn(
    page: Operations, editing: LayerEditing, viewer: ViewerModel, settled: Settled
) -> None:
    layer = editing.layer
    layer.data = np.full_like(layer.data, 2)
    settled(editing)
    _, rows, columns = layer.data.shape
    drawn, centre, radii = page.form.drawn.choice.value, np.array([rows / 2, 2]), np.array([rows / 4, 1.6])
    viewer.dims.set_current_step(0, 5)

    def corners(low: Any, high: Any) -> Any:
        (top, left), (bottom, right) = low, high
        flat = [(top, left), (top, right), (bottom, right), (bottom, left)]
        return [(5, *corner) for corner in flat]

    drawn.add([corners(centre - radii, centre + radii)], shape_type="ellipse")
    drawn.add([corners((rows - 2.4, 4.6), (rows - 0.6, 7.4))], shape_type="rectangle")
    assert viewer.dims.nsteps[0] == len(layer.data)
    page.apply()
    settled(editing)
    y, x = np.ogrid[:rows, :columns]
    inside = ((y - centre[0]) / radii[0]) ** 2 + ((x - centre[1]) / radii[1]) ** 2 <= 1
    inside[rows - 2 : rows, 5:8] = True
    assert np.array_equal(layer.data, np.broadcast_to(np.where(inside, 0, 2), layer.data.shape))
    assert (len(drawn.data), drawn.visible) == (0, False), "used up"
    handler = KeymapHandler()
    handler.keymap_providers = [viewer.layers.selection.active]
    handler.press_key("Control-Z")
    settled(editing)
    assert (layer.data == 2).all()


@pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2), (2, 0, 1)])
def test_slices_are_counted_as_the_slider_does(
    editing: LayerEditing, viewer: ViewerModel, organs: nh.LabelMap, order: tuple[int, int, int]
) -> None:
    layer, axis = editing.layer, order[0]
    viewer.dims.order = order
    nh.show(viewer, nh.Volume(np.zeros(organs.array.shape, np.float32), organs.affine, frame_of_reference="1.2.3"))
    form = EditForm(viewer, OFFERED["fill_range"])
    for name, value in (("first", 1), ("last", 2), ("label", 3)):
        form.fields.inputs[name].value = value
    form.fields.inputs["lower"].value = -5.0
    form.fields.inputs["others"].value = "overwrite"
    volume = nh.Volume(np.zeros(organs.array.shape, np.float32), organs.affine)
    after = editing.frame.shown(nh.fill_range(volume, organs, form.params(editing)).array)
    expected = np.moveaxis(layer.data.copy(), axis, 0)
    expected[1:3] = 3
    assert np.array_equal(np.moveaxis(after, axis, 0), expected)

    form = EditForm(viewer, OFFERED["copy_slice"])
    source = int(np.flatnonzero((layer.data == 2).any(axis=tuple({0, 1, 2} - {axis})))[0])
    viewer.dims.set_current_step(axis, source)
    for typed, target in ((-1, source + 1), (0, 0)):
        form.fields.inputs["target"].value = typed
        copied = np.moveaxis(editing.frame.shown(nh.copy_slice(organs, form.params(editing)).array), axis, 0)
        assert np.array_equal(copied[target], np.moveaxis(layer.data, axis, 0)[source])
    form.fields.inputs["target"].value = 99
    with pytest.raises(nh.ParameterError, match=r"there is no \w+ slice 99: the last one is"):
        form.params(editing)


def test_what_encloses_nothing_is_refused(
    page: Operations, editing: LayerEditing, said: Callable[[], list[str]], settled: Settled
) -> None:
    drawn, before = page.form.drawn.choice.value, editing.layer.data.copy()
    page.form.drawn.choice.value = None
    page.apply()
    page.form.drawn.choice.value = drawn
    page.apply()
    drawn.add([[(5, 1, 1), (5, 9, 1), (5, 9, 6)]], shape_type="path")
    page.apply()
    drawn.data = []
    drawn.add([[(5, 1, 1), (5, 9, 1), (5, 9, 6)], [(5, 1, 1), (9, 1, 1), (9, 1, 6)]], shape_type="polygon")
    page.apply()
    assert [line.split(":")[1].split(";")[0] for line in said()] == [
        " press Draw, draw in the picture, then go on",
        " nothing is drawn yet",
        " a path is open and encloses nothing",
        " the outlines lie in different planes",
    ]
    assert np.array_equal(editing.layer.data, before)
    drawn.data = []
    drawn.add([[(5, 100, 100), (5, 190, 100), (5, 190, 190)]], shape_type="polygon")
    page.apply()
    settled(editing)
    assert said()[-1] == "nothing changed: the outline encloses no voxel of the labels"
    page.form.drawn.draw()
    assert page.form.drawn.choice.value is drawn


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
    form.follow(editing)
    form.drawn.draw()
    voxel = (3, 12, 6)
    form.drawn.choice.value.add(editing.frame.shown_index(voxel))
    params = form.params(editing)
    assert isinstance(params, nh.GrowRegionParams)
    assert params.points == pytest.approx(voxel)
    assert params.coordinates == "voxels"
