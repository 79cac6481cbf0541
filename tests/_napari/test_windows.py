"""Windows in a viewer: presets, drag, keys, reset, one window for all images in HU."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import napari_hounsfield as nh
from napari_hounsfield._napari.windowing.drag import PIXELS
from napari_hounsfield._napari.windowing.keys import KEYS, PRESET_KEYS, bind_keys
from napari_hounsfield._napari.windowing.panel import WindowPanel
from napari_hounsfield._napari.windowing.window import windows_of

MIDDLE, LEFT = 3, 1


@pytest.fixture
def window(make_napari_viewer: Any) -> Any:
    return make_napari_viewer()


@pytest.fixture
def press() -> Callable[[Any, str], None]:
    """Press a key in a viewer, as its canvas does."""
    from napari.utils.key_bindings import KeymapHandler

    def press(viewer: Any, key: str) -> None:
        canvas = KeymapHandler()
        canvas.keymap_providers = [viewer]
        canvas.press_key(key)

    return press


@pytest.fixture
def drag(window: Any) -> Callable[..., None]:
    """Drag over the canvas by pixels to the right and downwards."""

    def move(right: int, down: int, button: int = MIDDLE, modifiers: tuple[str, ...] = ()) -> None:
        scene = window.window._qt_viewer.canvas._scene_canvas
        x, y = (size // 2 for size in scene.size)
        scene.events.mouse_press(pos=(x, y), button=button, modifiers=modifiers)
        for part in (0.5, 1.0):
            at = (x + round(right * part), y + round(down * part))
            window.window._qt_viewer.canvas._on_mouse_move(_Move(scene, at, (x, y), button, modifiers))
        scene.events.mouse_release(pos=at, button=button, modifiers=modifiers)

    return move


class _Move:
    """What vispy tells napari of a move; napari hears moves at most every 5 ms, tests do not wait."""

    def __new__(cls, scene: Any, at: Any, start: Any, button: int, modifiers: Any) -> Any:
        from vispy.app.canvas import MouseEvent

        pressed = MouseEvent("mouse_press", pos=start, button=button, buttons=[button], modifiers=modifiers)
        return MouseEvent(
            "mouse_move", pos=at, button=button, buttons=[button], modifiers=modifiers, press_event=pressed, last_event=pressed
        )


def suv(ct: nh.Volume) -> nh.Volume:
    return replace(ct, array=np.abs(ct.array / 100).astype(np.float32), unit="SUV", modality="PT", name="PT 5")


def test_keys_choose_the_presets_of_what_the_image_is(viewer: Any, press: Any, ct: nh.Volume) -> None:
    (layer,) = nh.show(viewer, ct)
    press(viewer, "F2")
    assert layer.contrast_limits == [-1350, 150]
    press(viewer, "F5")
    assert layer.contrast_limits == [0, 80]
    (pet,) = nh.show(viewer, suv(ct))
    press(viewer, "F2")
    assert pet.contrast_limits == [0, 5]
    assert layer.contrast_limits == [0, 80]


def test_images_in_hu_share_a_window_and_need_not(viewer: Any, press: Any, ct: nh.Volume) -> None:
    first, second = (nh.show(viewer, replace(ct, name=name))[0] for name in ("CT 1", "CT 2"))
    press(viewer, "F3")
    assert first.contrast_limits == second.contrast_limits == [-160, 240]
    windows_of(viewer).together = False
    press(viewer, "F4")
    assert (first.contrast_limits, second.contrast_limits) == ([-160, 240], [-450, 1050])


def test_images_whose_numbers_differ_share_none(viewer: Any, press: Any, ct: nh.Volume) -> None:
    mr = [replace(ct, unit="stored value", modality="MR", array=ct.array * gain, name=f"MR {gain}") for gain in (1, 5)]
    first, second = (nh.show(viewer, one)[0] for one in mr)
    before = first.contrast_limits
    press(viewer, "F3")
    assert second.contrast_limits == [mr[1].array.min(), mr[1].array.max()]
    assert first.contrast_limits == before


def test_middle_drag_sets_width_to_the_right_and_level_downwards(window: Any, drag: Any, ct: nh.Volume) -> None:
    (layer,) = nh.show(window, ct)
    layer.contrast_limits = (-100, 200)
    drag(PIXELS // 2, 0)
    assert layer.contrast_limits == [-175, 275]
    layer.contrast_limits = (-100, 200)
    drag(0, PIXELS // 3)
    assert layer.contrast_limits == [0, 300]
    drag(-10 * PIXELS, 0)
    lower, upper = layer.contrast_limits
    assert upper - lower == 1


def test_drag_with_the_left_button_moves_the_picture_unless_w_was_pressed(
    window: Any, drag: Any, press: Any, ct: nh.Volume
) -> None:
    (layer,) = nh.show(window, ct)
    before, centre = layer.contrast_limits, window.scene.camera.center
    drag(30, 0, LEFT)
    assert layer.contrast_limits == before
    press(window, "W")
    centre = window.scene.camera.center
    drag(30, 0, LEFT)
    assert layer.contrast_limits != before
    assert window.scene.camera.center == centre
    assert window.scene.camera.mouse_pan
    press(window, "W")
    limits = layer.contrast_limits
    drag(30, 0, LEFT)
    assert layer.contrast_limits == limits


@pytest.mark.parametrize("button", [MIDDLE, LEFT])
def test_dragging_a_window_does_not_paint(window: Any, drag: Any, press: Any, ct: nh.Volume, button: int) -> None:
    (image,) = nh.show(window, ct)
    (labels,) = nh.show(window, ct.label_map(np.zeros(ct.array.shape, np.uint8), {1: "one"}))
    before = image.contrast_limits
    labels.mode = "paint"
    press(window, "W")
    drag(40, 20, button)
    assert image.contrast_limits != before
    assert not labels.data.any()
    press(window, "W")
    drag(5, 5, LEFT)
    assert labels.data.any(), "the brush is back"


def test_reset_shows_the_image_as_it_was_opened(viewer: Any, press: Any, ct: nh.Volume) -> None:
    asked = replace(ct, window=(-900.0, 100.0))
    mr = replace(ct, unit="stored value", modality="MR", name="MR")
    for volume in (asked, ct, suv(ct), mr):
        (layer,) = nh.show(viewer, volume)
        before = layer.contrast_limits
        windows_of(viewer).set((1.0, 2.0))
        press(viewer, "Shift-W")
        assert layer.contrast_limits == pytest.approx(before), volume
        viewer.layers.clear()


def test_plain_images_have_percentiles(viewer: Any, ct: nh.Volume) -> None:
    layer = viewer.add_image(np.arange(6000.0).reshape(10, 20, 30))
    windows_of(viewer).use_number(1)
    assert layer.contrast_limits == [0, 5999]
    windows_of(viewer).reset()
    assert layer.contrast_limits == pytest.approx([30, 5969], abs=40)


def test_without_an_image_nothing_happens(viewer: Any, press: Any, said: Any) -> None:
    bind_keys(viewer)
    for key in KEYS:
        press(viewer, key)
    viewer.add_image(np.zeros((8, 8, 3), np.uint8), rgb=True)
    for key in KEYS:
        press(viewer, key)
    assert said() == []


def napari_keys() -> set[str]:
    """Everything that napari binds: shortcuts of viewer and layers, and of its menus."""
    from napari._app_model import get_app_model
    from napari.layers import Image, Labels, Points, Shapes, Surface, Tracks, Vectors
    from napari.utils.shortcuts import default_shortcuts
    from napari.viewer import Viewer

    found = {str(key) for keys in default_shortcuts.values() for key in keys}
    for kind in (Viewer, Image, Labels, Points, Shapes, Surface, Tracks, Vectors):
        found |= {str(key) for base in kind.__mro__ for key in getattr(base, "class_keymap", {})}
    return found | {str(rule.keybinding) for rule in get_app_model().keybindings}


def test_no_key_is_naparis(viewer: Any) -> None:
    from napari.utils.key_bindings import coerce_keybinding

    ours = {str(coerce_keybinding(key)) for key in KEYS}
    taken = napari_keys()
    assert {"1", "7", "Ctrl+R"} <= taken, "napari's keys are where this test looks for them"
    assert not ours & taken


def test_every_key_is_in_the_documentation(repository: Path) -> None:
    page = (repository / "docs" / "viewer.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^\| `([^`]+)`", page, re.MULTILINE))
    assert {key.replace("Shift-", "Shift+") for key in KEYS if key not in PRESET_KEYS} <= listed
    assert f"{PRESET_KEYS[0]} to {PRESET_KEYS[-1]}" in listed


def test_keys_of_the_user_come_first(viewer: Any, ct: nh.Volume, press: Any) -> None:
    pressed = []
    viewer.bind_key("W", lambda viewer: pressed.append("W"))
    nh.show(viewer, ct)
    press(viewer, "W")
    assert pressed == ["W"]
    assert not windows_of(viewer).by_left_button


def test_patients_hang_head_up_however_the_axes_are_rolled(viewer: Any, ct: nh.Volume) -> None:
    nh.show(viewer, ct)
    for order, vertical in (((1, 0, 2), "up"), ((2, 0, 1), "up"), ((0, 1, 2), "down")):
        viewer.dims.order = order
        assert viewer.scene.camera.orientation[1] == vertical
    viewer.layers.clear()
    before = viewer.scene.camera.orientation
    viewer.add_image(np.zeros((3, 4, 5)))
    viewer.dims.order = (1, 0, 2)
    assert viewer.scene.camera.orientation == before, "of no patient"


def test_scale_bar_in_millimetres_comes_with_the_first_image_and_can_be_put_away(viewer: Any, ct: nh.Volume) -> None:
    bar = viewer.canvas.overlays.scale_bar
    assert not bar.visible
    (layer,) = nh.show(viewer, ct)
    assert bar.visible
    assert {str(unit) for unit in layer.units} == {"millimeter"}
    bar.visible = False
    nh.show(viewer, replace(ct, name="CT 4"))
    assert not bar.visible


@pytest.fixture
def panel(viewer: Any, qtbot: Any) -> Any:
    made = WindowPanel(viewer)
    qtbot.addWidget(made.native)
    return made


def test_panel_shows_what_is_so_and_sets_what_is_typed(viewer: Any, panel: Any, press: Any, ct: nh.Volume) -> None:
    assert (panel.level_box.enabled, panel.preset.value) == (False, "custom")
    (layer,) = nh.show(viewer, ct)
    assert (panel.level_box.label, panel.level_box.value, panel.width_box.value) == ("level (HU)", -300, 1400)
    press(viewer, "F2")
    assert (panel.preset.value, panel.level_box.value, panel.width_box.value) == ("lung", -600, 1500)
    panel.preset.value = "bone"
    assert layer.contrast_limits == [-450, 1050]
    panel.width_box.value = 1000
    assert layer.contrast_limits == [-200, 800]
    assert panel.preset.value == "custom"
    press(viewer, "W")
    assert panel.by_left.value


def test_panel_follows_the_chosen_image(viewer: Any, panel: Any, ct: nh.Volume) -> None:
    (layer,) = nh.show(viewer, ct)
    (pet,) = nh.show(viewer, suv(ct))
    assert panel.level_box.label == "level (SUV)"
    assert panel.preset.choices[1:3] == ("SUV 0 to 5", "SUV 0 to 7")
    pet.contrast_limits = (0, 2.5)
    assert (panel.preset.value, panel.level_box.value) == ("SUV 0 to 2.5", 1.25)
    viewer.layers.selection.active = layer
    assert panel.level_box.value == -300
    viewer.layers.clear()
    assert not panel.level_box.enabled
