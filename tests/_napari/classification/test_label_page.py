"""Labels by the keyboard alone, in a viewer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import Qt

import napari_hounsfield as nh
from napari_hounsfield.images.labels_file import images_to_label, read_labels
from napari_hounsfield.images.table import NOT_FIT


@pytest.fixture
def page(dock: Any, table: Path, seen: Any) -> Any:
    """The page at the first of 24 images."""
    page = dock.label
    page.source.choose(table.parent)
    page.classes.value = "across, along"
    page.begin()
    seen(page)
    return page


@pytest.fixture
def seen(qtbot: Any) -> Any:
    """Wait until the image at hand is there, or known not to be readable."""
    return lambda page: qtbot.waitUntil(lambda: page.trouble is not None, timeout=60_000)


@pytest.fixture
def press(window: Any, qtbot: Any, seen: Any) -> Any:
    """Press keys in the canvas, one after the other."""

    def do(page: Any, *keys: Any) -> None:
        for key in keys:
            qtbot.keyClick(window.window._qt_viewer.canvas.native, key)
            seen(page)

    return do


def test_images_are_labelled_by_the_keyboard_and_the_labels_are_saved(
    window: Any, dock: Any, page: Any, table: Path, press: Any, qtbot: Any, said: Any
) -> None:
    layer = page.picture.layer
    assert window.layers.selection.active == layer
    assert layer.name == "0.png"
    first = layer.data.copy()
    press(page, Qt.Key.Key_1)
    assert (layer.name, page.labelling.labelled) == ("1.png", 1)
    assert not np.array_equal(layer.data, first)
    press(page, Qt.Key.Key_2, Qt.Key.Key_X, Qt.Key.Key_Right, Qt.Key.Key_0, Qt.Key.Key_Left, Qt.Key.Key_Space)
    names = [entry.path.name for entry in page.labelling.images.entries]
    assert [page.labelling.labels.get(place, "") for place in range(5)] == ["across", "along", NOT_FIT, "", NOT_FIT]
    assert layer.name == names[5], "back to the fifth, and on by the space bar"
    press(page, Qt.Key.Key_Z)
    assert page.labelling.labelled == 3
    assert "3 of 24 done" in page.progress.native.text()
    target = table.parent / "labels.csv"
    qtbot.waitUntil(lambda: target.exists() and len(read_labels(target, images_to_label(table.parent))) == 3, timeout=20_000)
    qtbot.waitUntil(lambda: dock.compare.table.path == target, timeout=20_000)
    assert len(window.layers) == 1, "one layer shows them all"
    assert len(said()) == 0


def test_a_layer_that_is_removed_comes_back_with_its_keys(window: Any, page: Any, press: Any, seen: Any, said: Any) -> None:
    text = window.canvas.overlays.text
    assert text.visible
    window.layers.clear()
    assert not text.visible
    page.forward()
    seen(page)
    press(page, Qt.Key.Key_2)
    assert page.labelling.labels == {1: "along"}
    assert text.visible
    assert said() == []


def test_other_layers_keep_their_keys(window: Any, dock: Any, page: Any, press: Any, qtbot: Any) -> None:
    labels = window.add_labels(np.zeros((1, 48, 48), np.uint8))
    canvas = window.window._qt_viewer.canvas.native
    qtbot.keyClick(canvas, Qt.Key.Key_2)
    assert page.labelling.labelled == 0
    assert labels.mode == "paint", "napari's own"
    window.layers.selection.active = page.picture.layer
    dock.tabs.setCurrentIndex(1)
    qtbot.keyClick(canvas, Qt.Key.Key_1)
    assert page.labelling.labelled == 0, "the page is not seen"
    dock.tabs.setCurrentIndex(0)
    qtbot.keyClick(canvas, Qt.Key.Key_1)
    assert page.labelling.labelled == 1


def test_blind_readers_see_no_name(window: Any, page: Any, seen: Any, said: Any) -> None:
    page.blind.value = True
    seen(page)
    names = [entry.path.stem for entry in page.labelling.images.entries]
    order = []
    for _ in names:
        order.append(page.labelling.current.path.stem)
        assert page.picture.layer.name == page.labelling.title
        assert ".png" not in page.headline.value + window.canvas.overlays.text.text + str(page.picture.layer.metadata)
        page.forward()
        seen(page)
    assert sorted(order) == sorted(names) != order
    assert said() == []


def test_what_cannot_be_read_is_put_aside_alone(dock: Any, table: Path, press: Any, seen: Any, said: Any) -> None:
    (table.parent / "0.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    page = dock.label
    page.source.choose(table.parent)
    page.begin()
    assert said() == ["classes: name at least one, such as: healthy, ill"]
    page.classes.value = "across, along"
    page.begin()
    seen(page)
    press(page, Qt.Key.Key_1)
    assert page.labelling.labelled == 0
    assert "damaged" in page.headline.value
    assert "0 puts it aside" in said()[-1]
    press(page, Qt.Key.Key_0)
    assert page.labelling.counts[NOT_FIT] == 1
    assert page.trouble == ""


def test_volumes_are_paged_through_by_the_keyboard(
    window: Any, dock: Any, ct: nh.Volume, tmp_path: Path, press: Any, seen: Any, said: Any
) -> None:
    (tmp_path / "volumes").mkdir()
    for number in range(2):
        nh.write(tmp_path / "volumes" / f"{number}.nii.gz", ct)
    page = dock.label
    page.source.choose(tmp_path / "volumes")
    page.classes.value = "a"
    page.begin()
    seen(page)
    middle = window.dims.current_step[0]
    press(page, Qt.Key.Key_Up, Qt.Key.Key_Up, Qt.Key.Key_Down)
    assert window.dims.current_step[0] == middle + 1
    press(page, Qt.Key.Key_1)
    assert window.dims.current_step[0] == middle
    assert np.array_equal(nh.from_layer(page.picture.layer).array, nh.read(tmp_path / "volumes" / "1.nii.gz")[0].array)
    assert str(page.picture.layer.units[-1]) == "millimeter"
    assert said() == []


def test_classes_are_renamed_while_labelling(page: Any, press: Any, said: Any) -> None:
    press(page, Qt.Key.Key_1)
    page.classes.value = "horizontal, along"
    page.classes.native.editingFinished.emit()
    assert page.labelling.labels == {0: "horizontal"}
    page.classes.value = "along"
    page.classes.native.editingFinished.emit()
    assert page.classes.value == "horizontal, along"
    assert said() == ["classes: horizontal has images; relabel them first"]


def test_closing_the_dock_saves_and_gives_the_keys_back(
    window: Any, dock: Any, page: Any, table: Path, press: Any, qtbot: Any, said: Any
) -> None:
    layer = page.picture.layer
    press(page, Qt.Key.Key_2)
    window.window.remove_dock_widget(dock)
    with qtbot.waitSignal(dock.destroyed):
        dock.deleteLater()
    assert read_labels(table.parent / "labels.csv", images_to_label(table.parent)) == {0: "along"}
    assert not layer.keymap
    assert nh.from_layer(layer).array.shape == (1, 48, 48)
    assert said() == []
