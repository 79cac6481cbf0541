"""A layer that is edited: every way of napari to write is undone across slices, locks hold, counts follow, nothing is left."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from typing import Any
from weakref import ref

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.utils.key_bindings import KeymapHandler

import napari_hounsfield as nh
from napari_hounsfield._napari.editor.adopted import LayerEditing
from napari_hounsfield._napari.editor.register import editing_of, release
from napari_hounsfield.editing.area import EditableArea
from napari_hounsfield.editing.history import Steps
from napari_hounsfield.operation import Progress


def paint(layer: Any) -> None:
    layer.mode = "paint"
    layer.brush_size = 5
    layer.selected_label = 3
    with layer.block_history():
        layer.paint((5, 8, 5), 3)
        layer.paint((5, 9, 6), 3)


def paint_ball(layer: Any) -> None:
    layer.n_edit_dimensions = 3
    layer.brush_size = 9
    layer.paint((10, 10, 4), 1)


def erase(layer: Any) -> None:
    layer.mode = "erase"
    layer.paint((12, 8, 4), 0)


def fill(layer: Any) -> None:
    layer.mode = "fill"
    layer.n_edit_dimensions = 3
    layer.fill((0, 0, 0), 2)


def polygon(layer: Any) -> None:
    layer.n_edit_dimensions = 2
    layer.mode = "polygon"
    layer.paint_polygon([(4, 1, 1), (4, 15, 1), (4, 15, 6), (4, 1, 6)], 2)


def set_items(layer: Any) -> None:
    layer.data_setitem((np.array([1, 2, 20]), np.array([3, 4, 5]), np.array([6, 7, 1])), [3, 1, 2])


def set_one_value(layer: Any) -> None:
    layer.data_setitem((np.array([1, 2, 20]), np.array([3, 4, 5]), np.array([6, 7, 1])), 2)


TOOLS = [paint, paint_ball, erase, fill, polygon, set_items, set_one_value]


def counted_right(editing: LayerEditing) -> bool:
    tally, array = editing.editor.tally, editing.editor.array
    assert tally is not None
    return all(tally.voxels(value) == (array == value).sum() for value in range(5))


@pytest.mark.parametrize("tool", TOOLS)
def test_each_tool_of_napari_is_undone_and_redone(editing: LayerEditing, tool: Callable[[Any], None]) -> None:
    layer = editing.layer
    before = layer.data.copy()
    tool(layer)
    after = layer.data.copy()
    assert not np.array_equal(before, after)
    assert len(editing.editor.history.titles) == 1
    assert not layer._undo_history
    assert counted_right(editing)
    editing.undo()
    assert np.array_equal(layer.data, before)
    assert counted_right(editing)
    editing.redo()
    assert np.array_equal(layer.data, after)
    assert counted_right(editing)


def test_strokes_on_several_slices_are_undone_in_their_order(editing: LayerEditing, viewer: ViewerModel) -> None:
    layer, states = editing.layer, [editing.layer.data.copy()]
    for tool in TOOLS:
        viewer.dims.set_current_step(0, 5)
        tool(layer)
        viewer.dims.set_current_step(0, 3)
        states.append(layer.data.copy())
    for state in states[-2::-1]:
        editing.undo()
        assert np.array_equal(layer.data, state)
    for state in states[1:]:
        editing.redo()
        assert np.array_equal(layer.data, state)


class Slow:
    """A change that takes a while."""

    title, nbytes = "slow", 1

    def __init__(self) -> None:
        self.written: list[bool] = []

    def write(self, *, undo: bool) -> Steps:
        for n in range(5):
            time.sleep(0.02)
            yield Progress(n / 5)
        self.written.append(undo)


def test_steps_that_are_asked_for_while_one_is_taken_follow_it(
    editing: LayerEditing, settled: Callable[[LayerEditing], None]
) -> None:
    first, second = Slow(), Slow()
    editing.editor.history.add(first)
    editing.editor.history.add(second)
    editing.undo()
    assert editing.busy
    editing.undo()
    editing.redo()
    settled(editing)
    assert (first.written, second.written) == ([True, False], [True])
    assert len(editing.editor.history.titles) == 1


def test_undo_is_named(editing: LayerEditing) -> None:
    paint(editing.layer)
    erase(editing.layer)
    assert editing.editor.history.titles == ("paint heart", "erase")


def test_keys_are_those_of_the_layer(editing: LayerEditing) -> None:
    handler, before = KeymapHandler(), editing.layer.data.copy()
    handler.keymap_providers = [editing.layer]
    paint(editing.layer)
    after = editing.layer.data.copy()
    handler.press_key("Control-Z")
    assert np.array_equal(editing.layer.data, before)
    handler.press_key("Control-Shift-Z")
    assert np.array_equal(editing.layer.data, after)


def test_the_layers_own_undo_is_ours(editing: LayerEditing) -> None:
    layer, before = editing.layer, editing.layer.data.copy()
    paint(layer)
    after = layer.data.copy()
    layer.undo()
    assert np.array_equal(layer.data, before)
    layer.redo()
    assert np.array_equal(layer.data, after)
    release(layer)
    erase(layer)
    layer.undo()
    assert np.array_equal(layer.data, after)


def test_other_layers_keep_naparis_history(editing: LayerEditing, viewer: ViewerModel) -> None:
    other = viewer.add_labels(np.zeros((5, 6, 7), int))
    handler = KeymapHandler()
    handler.keymap_providers = [other]
    other.paint((2, 3, 3), 1)
    handler.press_key("Control-Z")
    assert not other.data.any()
    assert not editing.editor.history.titles


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize("locked", [1, 2, 3])
def test_locked_classes_are_never_painted_over_nor_with(editing: LayerEditing, tool: Callable[[Any], None], locked: int) -> None:
    before = editing.layer.data.copy()
    editing.set_locked(frozenset({locked}))
    tool(editing.layer)
    assert np.array_equal(editing.layer.data == locked, before == locked)
    assert counted_right(editing)


@pytest.mark.parametrize("tool", TOOLS)
def test_only_the_editable_area_is_painted(editing: LayerEditing, organs: nh.LabelMap, tool: Callable[[Any], None]) -> None:
    before, image = editing.layer.data.copy(), np.random.default_rng(0).normal(size=organs.array.shape)
    editing.editor.area = EditableArea(over=frozenset({0, 2}), image=image, low=-1, high=0.5)
    tool(editing.layer)
    free = editing.frame.shown((image >= -1) & (image <= 0.5) & np.isin(organs.array, [0, 2]))
    assert np.array_equal(editing.layer.data[~free], before[~free])


def test_painting_lands_in_the_file_where_it_was_seen(editing: LayerEditing, organs: nh.LabelMap) -> None:
    paint(editing.layer)
    editing.undo()
    back = nh.from_layer(editing.layer)
    assert isinstance(back, nh.LabelMap)
    assert np.array_equal(back.array, organs.array)
    assert np.shares_memory(editing.editor.array, editing.layer.data)


@pytest.mark.parametrize("kind", [np.uint8, np.int8, np.uint16, np.int32, np.int64, np.uint32])
@pytest.mark.parametrize("shape", [(9, 10), (4, 9, 10)])
def test_plain_layers_of_any_type(
    viewer: ViewerModel, settled: Callable[[LayerEditing], None], kind: Any, shape: tuple[int, ...]
) -> None:
    array = np.zeros((*shape[:-1], 2 * shape[-1]), kind)[..., ::2]  # not contiguous
    layer = viewer.add_labels(array)
    editing = editing_of(layer, viewer)
    assert editing is not None
    settled(editing)
    layer.paint((2,) * len(shape), 5)
    assert editing.editor.tally is not None
    assert editing.editor.tally.voxels(5) == (layer.data == 5).sum() > 0
    editing.undo()
    assert not layer.data.any()


def test_what_cannot_be_edited_in_place_is_refused_in_a_line(viewer: ViewerModel) -> None:
    import dask.array as da

    fixed = np.zeros((4, 5, 6), np.uint8)
    fixed.flags.writeable = False
    for array, why in (
        (da.zeros((4, 5, 6), dtype=np.uint8), "memory"),
        (fixed, "read-only"),
        (np.zeros((2, 3, 4, 5), np.uint8), "4 dimensions; choose a layer of 2 or 3 dimensions"),
        (np.full((3, 4, 5), -1), "negative"),
        (np.full((3, 4, 5), 2**31), "label 2147483648 is too large; number the labels anew"),
        (np.full((3, 4, 5), 2**40, np.uint64), "is too large"),
        ([np.zeros((64, 64), np.uint8), np.zeros((32, 32), np.uint8)], "memory"),
    ):
        layer = viewer.add_labels(array, name="odd")
        with pytest.raises(nh.HounsfieldError, match=why):
            editing_of(layer, viewer)


def test_another_array_begins_anew(editing: LayerEditing, settled: Callable[[LayerEditing], None]) -> None:
    layer = editing.layer
    paint(layer)
    editing.set_locked(frozenset({2}))
    layer.data = np.full((3, 4, 5), 2, np.int32)
    settled(editing)
    assert editing.editor.history.titles == ()
    assert editing.editor.locked == {2}
    layer.paint((1, 2, 2), 1)
    assert (layer.data == 2).all()
    assert np.shares_memory(editing.editor.array, layer.data)


def test_what_scripts_wrote_is_counted_when_they_say_so(editing: LayerEditing, settled: Callable[[LayerEditing], None]) -> None:
    paint(editing.layer)
    editing.layer.data[:2] = 4
    editing.layer.data = editing.layer.data
    settled(editing)
    assert counted_right(editing)
    assert len(editing.editor.history.titles) == 1


def test_names_edited_in_naparis_table_are_followed(editing: LayerEditing) -> None:
    table = editing.layer.features
    table["class"] = table["class"].replace("lung", "left lung")
    editing.layer.features = table
    assert editing.editor.classes[1] == "left lung"
    editing.undo()
    assert list(editing.layer.features["class"]) == ["lung", "liver", "heart"]


def test_layers_are_let_go(qapp: Any, organs: nh.LabelMap, settled: Callable[[LayerEditing], None]) -> None:
    viewer = ViewerModel()
    layer = nh.show(viewer, organs)[0]
    editing = editing_of(layer, viewer)
    assert editing is not None
    assert editing_of(layer) is editing
    settled(editing)
    paint(layer)
    editing.undo()
    gone = ref(editing), ref(layer)
    viewer.layers.clear()
    del layer, editing, viewer  # napari's list keeps the layer that was last active
    gc.collect()
    gc.collect()  # what only the layer held goes after it
    assert gone[0]() is None
    assert gone[1]() is None


def test_released_layers_are_naparis_again(editing: LayerEditing) -> None:
    layer = editing.layer
    editing.set_locked(frozenset({1, 2, 3}))
    release(layer)
    before = layer.data.copy()
    paint(layer)
    handler = KeymapHandler()
    handler.keymap_providers = [layer]
    assert not np.array_equal(layer.data, before)
    handler.press_key("Control-Z")
    assert np.array_equal(layer.data, before)


def test_counting_begins_anew_when_somebody_paints_meanwhile(
    viewer: ViewerModel, settled: Callable[[LayerEditing], None]
) -> None:
    layer = viewer.add_labels(np.ones((60, 256, 256), np.uint8))
    editing = editing_of(layer, viewer)
    assert editing is not None
    layer.brush_size = 40
    layer.paint((30, 100, 100), 2)
    settled(editing)
    assert counted_right(editing)


@pytest.fixture(autouse=True)
def _no_jobs_left(qtbot: Any) -> Iterator[None]:
    from napari_hounsfield._napari import worker

    yield
    qtbot.waitUntil(lambda: not worker._running, timeout=20_000)


def test_volumes_in_the_layers_table_follow_edits(editing: LayerEditing, settled: Callable[[LayerEditing], None]) -> None:
    layer = editing.layer

    def right() -> bool:
        counts = np.bincount(layer.data.ravel(), minlength=256)
        table = layer.features.set_index("index")
        return all(table.loc[value, "voxels"] == counts[value] for value in table.index if value)

    assert {"voxels", "volume_ml"} <= set(layer.features.columns)
    assert right()
    layer.paint((5, 4, 4), 2)
    assert right()
    editing.undo()
    settled(editing)
    assert right()
    ml = editing.editor.labels.grid.voxel_volume / 1000
    table = layer.features.set_index("index")
    assert table.loc[2, "volume_ml"] == pytest.approx(table.loc[2, "voxels"] * ml, abs=1e-3)
