"""Classes are named, coloured, hidden, locked, added, removed and merged; all but hiding and locking can be undone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel

import napari_hounsfield as nh
from napari_hounsfield._napari.editor.adopted import LayerEditing
from napari_hounsfield._napari.editor.classes import Classes
from napari_hounsfield._napari.editor.register import editing_of


@pytest.fixture
def classes(editing: LayerEditing) -> Classes:
    return Classes(editing)


def names(editing: LayerEditing) -> dict[int, str]:
    features = editing.layer.features
    return dict(zip(features["index"], features["class"], strict=True))


def test_rows_say_what_there_is(classes: Classes, organs: nh.LabelMap) -> None:
    assert classes.values == [1, 2, 3]
    row = classes.row(2)
    assert (row.name, row.visible, row.locked) == ("liver", True, False)
    assert row.ml == pytest.approx((organs.array == 2).sum() * 3.0 / 1000)


def test_volumes_follow_every_stroke(editing: LayerEditing, classes: Classes) -> None:
    layer = editing.layer
    layer.paint((10, 10, 4), 7)
    assert classes.values == [1, 2, 3, 7]
    assert classes.row(7).ml == pytest.approx((layer.data == 7).sum() * 3.0 / 1000)
    editing.undo()
    assert classes.values == [1, 2, 3]


def test_renaming(editing: LayerEditing, classes: Classes) -> None:
    classes.rename(1, "  left   lung ")
    assert names(editing) == {1: "left lung", 2: "liver", 3: "heart"}
    assert nh.from_layer(editing.layer).classes[1] == "left lung"  # type: ignore[union-attr]
    editing.undo()
    assert names(editing)[1] == "lung"
    with pytest.raises(nh.LabelError, match="name"):
        classes.rename(1, " ")
    with pytest.raises(nh.LabelError, match="there is a class heart already, label 3"):
        classes.rename(1, "Heart")
    classes.rename(1, "Lung")


def test_adding(editing: LayerEditing, classes: Classes) -> None:
    assert classes.add() == 4
    assert names(editing)[4] == "class 4"
    assert editing.layer.selected_label == 4
    assert classes.row(4).ml == 0
    editing.undo()
    assert names(editing) == {1: "lung", 2: "liver", 3: "heart"}
    classes.rename(1, "class 4")
    classes.add()
    assert names(editing)[4] == "class 5"
    with pytest.raises(nh.LabelError, match="already"):
        classes.add("liver")


def test_no_number_is_left(viewer: ViewerModel, settled: Callable[[LayerEditing], None]) -> None:
    editing = editing_of(viewer.add_labels(np.full((2, 3, 4), 255, np.uint8)), viewer)
    assert editing is not None
    settled(editing)
    with pytest.raises(nh.LabelError, match="no number"):
        Classes(editing).add()


def test_removing_and_merging(
    editing: LayerEditing, classes: Classes, organs: nh.LabelMap, settled: Callable[[LayerEditing], None]
) -> None:
    classes.remove(1)
    settled(editing)
    assert names(editing) == {2: "liver", 3: "heart"}
    classes.merge(3, 2)
    settled(editing)
    assert names(editing) == {2: "liver"}
    assert editing.layer.selected_label == 2
    expected = np.array([0, 0, 2, 2], np.uint8)[organs.array]
    assert np.array_equal(editing.editor.array, expected)
    assert classes.row(2).ml == pytest.approx((expected == 2).sum() * 3.0 / 1000)
    editing.undo()
    settled(editing)
    editing.undo()
    settled(editing)
    assert names(editing) == {1: "lung", 2: "liver", 3: "heart"}
    assert np.array_equal(editing.editor.array, organs.array)
    classes.set_locked(2, True)
    for refused in (lambda: classes.remove(2), lambda: classes.merge(1, 2)):
        with pytest.raises(nh.LabelError, match="liver is locked"):
            refused()
    with pytest.raises(nh.LabelError, match="another class"):
        classes.merge(1, 1)


def test_hiding_touches_no_voxel_and_no_other_class(editing: LayerEditing, classes: Classes) -> None:
    layer = editing.layer
    before, colours = layer.data.copy(), {value: layer.colormap.map(value).copy() for value in range(70)}
    classes.set_visible(2, False)
    assert layer.colormap.map(2)[3] == 0
    assert not classes.row(2).visible
    assert np.allclose(classes.row(2).colour, colours[2][:3])
    assert all(np.allclose(layer.colormap.map(value), colours[value]) for value in range(70) if value != 2)
    classes.set_visible(2, True)
    assert np.allclose(layer.colormap.map(2), colours[2])
    assert np.array_equal(layer.data, before)
    classes.show_only({3})
    assert [classes.row(value).visible for value in (1, 2, 3)] == [False, False, True]
    classes.show_all()
    assert all(np.allclose(layer.colormap.map(value), colours[value]) for value in (1, 2, 3))


def test_colours(editing: LayerEditing, classes: Classes) -> None:
    before = classes.row(1).colour
    classes.set_visible(1, False)
    classes.set_colour(1, (1, 0, 0.5))
    assert np.allclose(editing.layer.colormap.map(1), (1, 0, 0.5, 1))
    classes.set_colour(1, (0, 1, 0))
    editing.undo()
    assert np.allclose(classes.row(1).colour, (1, 0, 0.5))
    editing.undo()
    assert np.allclose(classes.row(1).colour, before)


def test_layers_with_naparis_own_colours(viewer: ViewerModel, settled: Callable[[LayerEditing], None]) -> None:
    array = np.arange(24, dtype=np.int32).reshape(2, 3, 4)
    editing = editing_of(viewer.add_labels(array), viewer)
    assert editing is not None
    settled(editing)
    classes = Classes(editing)
    before = {value: classes.row(value).colour for value in classes.values}
    classes.set_visible(5, False)
    assert all(np.allclose(classes.row(value).colour, before[value], atol=1e-5) for value in classes.values)
    assert [value for value in classes.values if not classes.row(value).visible] == [5]
    large = viewer.add_labels(np.full((2, 3, 4), 10**6))
    huge = editing_of(large, viewer)
    assert huge is not None
    settled(huge)
    with pytest.raises(nh.LabelError, match="up to label"):
        Classes(huge).set_visible(10**6, False)


@pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2), (2, 0, 1)])
def test_going_to_the_largest_slice_of_those_that_are_cut(
    editing: LayerEditing, classes: Classes, viewer: ViewerModel, qtbot: Any, order: tuple[int, int, int]
) -> None:
    layer = editing.layer
    layer.data[2:20, 3:6, 2:4] = 9
    layer.data[11:13, 5, 3:7] = 9
    layer.data[12, 5:12, 5] = 9
    viewer.dims.order = order
    viewer.dims.current_step = (0, 0, 0)
    classes.go_to(9)
    fullest = np.moveaxis(layer.data == 9, order[0], 0).sum(axis=(1, 2)).argmax()
    qtbot.waitUntil(lambda: viewer.dims.current_step[order[0]] == fullest, timeout=10_000)


def test_tables_of_others_keep_their_columns(viewer: ViewerModel, settled: Callable[[LayerEditing], None]) -> None:
    layer = viewer.add_labels(np.array([[0, 1], [2, 4]]), features={"index": [1, 2], "area": [0.5, 2.0]})
    editing = editing_of(layer, viewer)
    assert editing is not None
    settled(editing)
    Classes(editing).rename(4, "cell")
    table: Any = layer.features
    assert list(table["index"]) == [1, 2, 4]
    assert list(table["area"])[:2] == [0.5, 2.0]
    assert list(table["class"]) == ["", "", "cell"]
