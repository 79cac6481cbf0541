"""The dock in a real viewer: list, undo, limits, operations; and nothing goes wrong whatever is closed or deleted when."""

from __future__ import annotations

import gc
from collections.abc import Callable, Generator, Iterator
from typing import Any
from weakref import ref

import numpy as np
import pytest
from qtpy.QtCore import Qt

import napari_hounsfield as nh
from napari_hounsfield._napari import worker
from napari_hounsfield._napari.editor import operations
from napari_hounsfield._napari.editor.adopted import LayerEditing
from napari_hounsfield._napari.editor.class_model import LOCKED, NAME, VISIBLE, VOLUME
from napari_hounsfield._napari.editor.dock import SegmentEditor
from napari_hounsfield._napari.editor.register import editing_of
from napari_hounsfield.editing.registry import Edit, everywhere
from napari_hounsfield.operation import Progress, operation

Settled = Callable[[LayerEditing], None]


class SlowParams(nh.Params):
    """Nothing to choose."""


@operation("slow", SlowParams)
def slow(labels: nh.LabelMap, params: SlowParams) -> Generator[Progress, None, nh.LabelMap]:
    """Make everything class 3, after ten seconds."""
    import time

    for step in range(1000):
        time.sleep(0.01)
        yield Progress(step / 1000)
    return nh.LabelMap(np.full_like(labels.array, 3), labels.affine, labels.classes)


@pytest.fixture
def window(make_napari_viewer: Any, qtbot: Any) -> Iterator[Any]:
    yield make_napari_viewer()
    qtbot.waitUntil(lambda: not worker._running, timeout=20_000)


@pytest.fixture
def layer(window: Any, organs: nh.LabelMap) -> Any:
    image = nh.Volume(
        np.random.default_rng(0).normal(size=organs.array.shape).astype(np.float32),
        organs.affine,
        name="scan",
        frame_of_reference="1.2.3",
    )
    nh.show(window, image)
    return nh.show(window, organs)[0]


def opened(window: Any) -> SegmentEditor:
    _, dock = window.window.add_plugin_dock_widget("napari-hounsfield", "Segment editor")
    assert isinstance(dock, SegmentEditor)
    return dock


def second_dock(window: Any) -> SegmentEditor:
    """Another one, which napari's menu would not open beside the first."""
    made = SegmentEditor(window)
    window.window.add_dock_widget(made, name="second")
    return made


@pytest.fixture
def dock(window: Any, layer: Any, settled: Settled) -> SegmentEditor:
    made = opened(window)
    assert made.editing is not None
    settled(made.editing)
    return made


def cells(dock: SegmentEditor, column: int) -> list[Any]:
    model = dock.classes.model
    return [model.index(row, column).data() for row in range(model.rowCount())]


def click(dock: SegmentEditor, row: int, column: int) -> None:
    dock.classes._on_click(dock.classes.model.index(row, column))


def test_the_list_shows_names_and_volumes_live(dock: SegmentEditor, layer: Any) -> None:
    assert cells(dock, NAME) == ["lung", "liver", "heart"]
    before = cells(dock, VOLUME)
    assert all(float(text) > 0 for text in before)
    layer.paint((10, 10, 4), 3)
    assert cells(dock, VOLUME)[2] != before[2]
    assert dock.undo_button.text() == "Undo edit heart"
    dock.undo_button.click()
    assert cells(dock, VOLUME) == before
    assert dock.redo_button.text() == "Redo edit heart"
    assert not dock.undo_button.isEnabled()


def test_clicks_choose_hide_and_lock(dock: SegmentEditor, layer: Any) -> None:
    click(dock, 1, NAME)
    assert layer.selected_label == 2
    layer.selected_label = 3
    assert dock.classes.selected == 3
    click(dock, 0, VISIBLE)
    assert layer.colormap.map(1)[3] == 0
    click(dock, 1, LOCKED)
    before = layer.data.copy()
    layer.fill((0, 0, 0), 2)
    assert np.array_equal(layer.data, before)
    index = dock.classes.model.index(0, NAME)
    assert dock.classes.model.setData(index, "left lung", Qt.ItemDataRole.EditRole)
    assert list(layer.features["class"]) == ["left lung", "liver", "heart"]
    dock.classes.add_button.click()
    assert cells(dock, NAME)[-1] == "class 4"
    dock.classes.remove_button.click()
    assert cells(dock, NAME) == ["left lung", "liver", "heart"]


def test_limits_of_painting(dock: SegmentEditor, layer: Any, window: Any, said: Callable[[], list[str]]) -> None:
    before, image = layer.data.copy(), window.layers["scan"].data
    dock.painting.image.value = window.layers["scan"]
    assert (dock.painting.low.value, dock.painting.high.value) == pytest.approx(window.layers["scan"].contrast_limits, abs=0.01)
    dock.painting.low.value, dock.painting.high.value = -0.5, 0.5
    dock.painting.over.value = "inside liver"
    layer.brush_size = 30
    layer.n_edit_dimensions = 3
    layer.paint((10, 10, 4), 1)
    expected = np.where((before == 2) & (image >= -0.5) & (image <= 0.5), layer.data, before)
    assert np.array_equal(layer.data, expected)
    assert not np.array_equal(layer.data, before)
    window.layers.remove("scan")
    assert "scan is gone: organs is no longer limited" in said()[-1]
    assert dock.painting.image.value is None
    dock.painting.over.value = "everywhere"
    layer.paint((10, 10, 4), 3)
    assert layer.data[10, 10, 4] == 3


def test_brush_in_millimetres(dock: SegmentEditor, layer: Any) -> None:
    dock.painting.brush.value = 6.0  # the displayed rows and columns are 1.5 and 2 mm
    assert layer.brush_size == 4
    layer.brush_size = 8
    assert dock.painting.brush.value == pytest.approx(12.0)
    dock.painting.ball.value = True
    assert layer.n_edit_dimensions == 3
    assert layer.brush_size == 12  # slices are 1 mm apart


def test_an_operation_is_previewed_applied_and_undone(
    dock: SegmentEditor, layer: Any, window: Any, organs: nh.LabelMap, settled: Settled, qtbot: Any
) -> None:
    before = layer.data.copy()
    window.dims.set_current_step(0, 12)
    layer.selected_label = 2
    page = dock.operations
    page.choice.value = "margin"
    assert page.form.fields.inputs["classes"].value == (2,)
    page.form.fields.inputs["mm"].value = 3.0
    params = nh.MarginParams(classes=(2,), mm=3.0, locked=(1,))
    click(dock, 0, LOCKED)
    expected = nh.margin(organs, params).array
    page.preview_button.native.setChecked(True)
    qtbot.waitUntil(lambda: page._picture.layer is not None, timeout=20_000)
    shown = np.asarray(page._picture.layer.data)[0]
    assert np.array_equal(shown[..., 3] > 0, dock.editing.frame.shown(expected)[12] != before[12])
    assert np.array_equal(layer.data, before)
    assert window.layers.selection.active is layer
    page.apply_button.changed.emit(True)
    assert not layer.editable
    settled(dock.editing)
    assert "preview of the edit" not in window.layers
    assert np.array_equal(dock.editing.editor.array, expected)
    assert dock.undo_button.text() == "Undo margin liver"
    dock.undo_button.click()
    settled(dock.editing)
    assert np.array_equal(layer.data, before)
    assert layer.editable


@pytest.mark.parametrize("name", sorted(operations.OFFERED))
def test_every_operation_has_a_form(dock: SegmentEditor, name: str) -> None:
    dock.operations.choice.value = name
    assert dock.operations.form.edit.operation.name == name
    if dock.operations.form.drawn is None:
        assert isinstance(dock.operations.form.params(dock.editing), nh.Params)


def test_edits_are_of_the_class_that_is_painted_with(dock: SegmentEditor, layer: Any) -> None:
    layer.selected_label = 2
    dock.operations.choice.value = "scissors"
    inputs = dock.operations.form.fields.inputs
    assert (inputs["classes"].value, inputs["label"].value) == ((2,), 2)
    layer.selected_label = 3
    assert (inputs["classes"].value, inputs["label"].value) == ((3,), 3)
    inputs["classes"].value = (1, 2)  # by the user, who knows better
    layer.selected_label = 2
    assert (inputs["classes"].value, inputs["label"].value) == ((1, 2), 2)
    dock.operations.choice.value = "combine"
    assert dock.operations.form.fields.inputs["classes"].value == ()


@pytest.fixture
def computing(dock: SegmentEditor, monkeypatch: pytest.MonkeyPatch) -> SegmentEditor:
    """The dock while it computes for ten seconds."""
    monkeypatch.setitem(operations.OFFERED, "slow", Edit(slow, everywhere))
    dock.operations.choice.choices = [*dock.operations.choice.choices, "slow"]
    dock.operations.choice.value = "slow"
    dock.operations.apply()
    assert dock.editing.busy
    return dock


def test_cancelling(computing: SegmentEditor, layer: Any, settled: Settled, said: Callable[[], list[str]]) -> None:
    before = layer.data.copy()
    layer.paint((10, 10, 4), 3)  # by a script, while it computes
    assert np.array_equal(layer.data, before)
    computing.undo()
    assert "still being computed" in said()[-1]
    computing.cancel_button.click()
    settled(computing.editing)
    assert np.array_equal(layer.data, before)
    assert layer.editable
    assert computing.editing.editor.history.titles == ()


def test_the_layer_is_deleted_while_it_computes(computing: SegmentEditor, layer: Any, window: Any, qtbot: Any) -> None:
    window.layers.remove(layer)
    qtbot.waitUntil(lambda: not worker._running, timeout=5_000)
    assert computing.editing is None
    assert "Convert to Labels" in computing.message.text()
    assert computing.classes.model.rowCount() == 0


def test_the_dock_is_closed_while_it_computes(computing: SegmentEditor, layer: Any, window: Any, settled: Settled) -> None:
    editing, before = computing.editing, layer.data.copy()
    window.window.remove_dock_widget(computing)
    settled(editing)
    assert np.array_equal(layer.data, before)
    layer.paint((10, 10, 4), 3)
    editing.undo()
    assert np.array_equal(layer.data, before)


def test_what_a_dock_imposes_goes_with_the_last_one(
    dock: SegmentEditor, layer: Any, window: Any, said: Callable[[], list[str]], qtbot: Any
) -> None:
    second, before = second_dock(window), layer.data.copy()
    click(dock, 1, LOCKED)
    dock.painting.over.value = "inside lung"
    dock.operations.choice.value = "margin"
    dock.operations.preview_button.native.setChecked(True)
    qtbot.waitUntil(lambda: "preview of the edit" in window.layers, timeout=20_000)
    window.window.remove_dock_widget(dock)
    assert "preview of the edit" not in window.layers
    layer.fill((0, 0, 0), 3)
    assert np.array_equal(layer.data, before)
    assert not said()
    window.window.remove_dock_widget(second)
    assert said() == ["organs: its locks and limits are lifted, as the segment editor is closed"]
    layer.fill((0, 0, 0), 2)
    assert not np.array_equal(layer.data, before)
    layer.undo()
    assert np.array_equal(layer.data, before)


def test_the_viewer_is_closed_while_it_computes(computing: SegmentEditor, window: Any, qtbot: Any) -> None:
    window.close()
    qtbot.waitUntil(lambda: not worker._running, timeout=5_000)


def test_two_docks_and_two_layers(dock: SegmentEditor, layer: Any, window: Any, organs: nh.LabelMap, settled: Settled) -> None:
    other = nh.show(window, organs)[0]
    assert dock.choice.value is other  # the one that is selected
    second = second_dock(window)
    settled(second.editing)
    assert dock.editing is second.editing is editing_of(other)
    other.paint((10, 10, 4), 3)
    assert dock.undo_button.text() == second.undo_button.text() == "Undo edit heart"
    window.layers.selection.active = layer
    assert dock.editing is editing_of(layer)
    assert not dock.undo_button.isEnabled()
    window.window.remove_dock_widget(second)
    layer.paint((10, 10, 4), 3)
    assert dock.undo_button.isEnabled()
    window.layers.clear()
    assert dock.editing is None


def test_a_layer_that_cannot_be_edited_says_why(dock: SegmentEditor, window: Any) -> None:
    fixed = np.zeros((4, 5, 6), np.uint8)
    fixed.flags.writeable = False
    window.add_labels(fixed)
    assert "read-only" in dock.message.text()
    assert dock.editing is None


def test_docks_are_let_go(window: Any, layer: Any, settled: Settled, qtbot: Any) -> None:
    made = opened(window)
    settled(made.editing)
    gone = ref(made.operations), ref(made.classes)
    window.window.remove_dock_widget(made)
    del made
    qtbot.wait(50)
    gc.collect()
    layer.paint((10, 10, 4), 3)
    layer.selected_label = 2
    assert [one() for one in gone] == [None, None]
