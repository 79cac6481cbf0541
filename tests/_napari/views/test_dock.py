"""*Linked views* in a real window."""

from __future__ import annotations

import gc
from typing import Any

import numpy as np
import pytest
from napari._qt.qt_viewer import QtViewer
from qtpy.QtCore import QEvent
from qtpy.QtWidgets import QApplication
from tests._napari.views.mouse import drag, world_at

import napari_hounsfield as nh
from napari_hounsfield._napari.layers import blank_strokes

FLAT = ("Axial", "Coronal", "Sagittal")


@pytest.fixture
def chest() -> nh.Volume:
    array = np.random.default_rng(3).integers(-200, 200, (18, 24, 30)).astype(np.int16)
    affine = np.diag([3.0, 1.0, 0.8, 1.0])[[2, 1, 0, 3]]
    return nh.Volume(array, affine, unit="HU", modality="CT", name="CT", frame_of_reference="1.2.3")


def redrawn(widget: Any) -> dict[str, int]:
    """Counter of the slices that the views make."""
    counts = dict.fromkeys(FLAT, 0)
    for name in FLAT:
        layer = widget.desk.views[name].model.layers[0]

        def count(event: Any, name: str = name) -> None:
            counts[name] += 1

        layer.events.set_data.connect(count)
    return counts


def centre_of_voxel(window: Any, world: Any) -> Any:
    layer = window.layers[0]
    return layer.data_to_world(np.clip(np.round(layer.world_to_data(world)), 0, np.array(layer.data.shape) - 1))


def test_views_show_the_layers_of_the_window_in_their_planes(window: Any, dock: Any, chest: nh.Volume, settle: Any) -> None:
    (image,) = nh.show(window, chest)
    widget = dock()
    (strokes,) = nh.show(window, blank_strokes(chest, {1: "lung"}))
    settle(widget)
    for name in FLAT:
        layers = widget.desk.views[name].model.layers
        assert [layer.data is original.data for layer, original in zip(layers, window.layers, strict=True)] == [True, True]
        assert layers.selection.active.name == strokes.name
    assert len(widget.desk.views["3D"].model.layers) == 0, "volumes are not drawn in 3D unless asked"
    orders = [widget.desk.views[name].model.dims.order for name in FLAT]
    assert orders == [(0, 1, 2), (1, 0, 2), (2, 0, 1)]
    window.layers.move(0, 2)
    settle(widget)
    assert [layer.name for layer in widget.desk.views["Coronal"].model.layers] == [layer.name for layer in window.layers]
    window.layers.remove(image)
    settle(widget)
    assert all(len(widget.desk.views[name].model.layers) == 1 for name in FLAT)


@pytest.mark.slow
def test_a_change_of_slice_slices_only_the_views_that_change(window: Any, dock: Any, chest: nh.Volume) -> None:
    nh.show(window, chest)
    widget = dock()
    counts = redrawn(widget)
    window.dims.set_current_step(0, 5)
    assert counts == {"Axial": 1, "Coronal": 0, "Sagittal": 0}
    for name in FLAT:
        assert widget.desk.views[name].model.dims.point == pytest.approx(window.dims.point)
    sagittal = widget.desk.views["Sagittal"].model
    sagittal.dims.set_current_step(2, 7)
    assert counts == {"Axial": 1, "Coronal": 0, "Sagittal": 1}
    assert window.dims.current_step == (5, window.dims.current_step[1], 7)


@pytest.mark.slow
def test_shift_and_drag_moves_the_position_and_paints_nothing(window: Any, dock: Any, chest: nh.Volume, settle: Any) -> None:
    nh.show(window, chest)
    widget = dock()
    (strokes,) = nh.show(window, blank_strokes(chest, {1: "lung"}))
    strokes.mode, strokes.selected_label = "paint", 1
    settle(widget)
    for name in FLAT:
        _point_and_paint(window, widget, strokes, widget.desk.views[name])
        settle(widget)


def _point_and_paint(window: Any, widget: Any, strokes: Any, pane: Any) -> None:
    widget.pointing.setChecked(False)
    strokes.data[:] = 0
    width, height = pane.native.width(), pane.native.height()
    start, end = (width * 0.4, height * 0.45), (width * 0.6, height * 0.55)
    wanted = world_at(pane, end)
    drag(pane, start, end, modifiers=("Shift",))
    assert window.dims.point == pytest.approx(centre_of_voxel(window, wanted), abs=1e-3)
    assert not strokes.data.any()
    drag(pane, start)
    assert strokes.data.any(), "painting goes on as before"
    widget.pointing.setChecked(True)
    before = strokes.data.copy()
    wanted = world_at(pane, start)
    drag(pane, start)
    assert np.array_equal(strokes.data, before)
    assert window.dims.point == pytest.approx(centre_of_voxel(window, wanted), abs=1e-3)


@pytest.mark.slow
def test_zoom_is_shared_about_the_position_and_keeps_it_in_sight(window: Any, dock: Any, chest: nh.Volume) -> None:
    nh.show(window, chest)
    widget = dock()
    view = widget.desk.views["Coronal"]
    zoom = view.model.scene.camera.zoom
    at = view.on_canvas([view.model.dims.point])
    window.scene.camera.zoom *= 2
    assert view.model.scene.camera.zoom == pytest.approx(2 * zoom)
    assert view.on_canvas([view.model.dims.point]) == pytest.approx(at, abs=0.1)
    widget.zooming.setChecked(False)
    window.scene.camera.zoom *= 2
    assert view.model.scene.camera.zoom == pytest.approx(2 * zoom)
    window.reset_view()
    assert view.model.scene.camera.zoom == pytest.approx(zoom, rel=0.05)
    widget.zooming.setChecked(True)
    window.scene.camera.zoom *= 8
    view = widget.desk.views["Sagittal"]
    window.dims.set_current_step(0, 17)
    ((x, y),) = view.on_canvas([view.model.dims.point])
    assert 0 <= x <= view.native.width()
    assert 0 <= y <= view.native.height()


@pytest.mark.slow
def test_marks_and_letters_are_where_napari_and_the_patient_have_them(window: Any, dock: Any, chest: nh.Volume) -> None:
    nh.show(window, chest)
    widget = dock()
    _marks_are_where_napari_says(widget)
    _3d_is_not_mirrored(widget.desk.views["3D"])
    _letters_follow_the_main_canvas(window, widget)


def _marks_are_where_napari_says(widget: Any) -> None:
    for name in FLAT:
        pane = widget.desk.views[name]
        pixel = (pane.native.width() * 0.3, pane.native.height() * 0.6)
        world = pane._canvas._map_canvas2world(pixel, pane._canvas.view)
        assert world == pytest.approx(world_at(pane, pixel), abs=1e-3)
        assert pane.on_canvas([world])[0] == pytest.approx(pixel, abs=0.01)


def _letters_follow_the_main_canvas(window: Any, widget: Any) -> None:
    main = widget.desk.main
    assert main.edges == widget.desk.views["Axial"].edges
    for index, name in enumerate(FLAT):
        widget.main_plane.setCurrentIndex(index)
        widget.main_plane.activated.emit(index)
        assert main.edges == widget.desk.views[name].edges
        assert main.plane is widget.desk.views[name].plane
    for change in (window.dims.roll, window.dims.transpose, window.dims.roll):
        change()
        middle = np.array(window.dims.point, float)
        for edge, axis, away in (("right", 1, 1), ("left", 1, -1)):
            moved = middle.copy()
            moved[window.dims.displayed[axis]] += 1
            (x, _), (x_moved, _) = main.on_canvas([middle, moved])
            letters = ("FH", "AP", "RL")[window.dims.displayed[axis]]
            assert getattr(main.edges, edge) == letters[1 if (x_moved > x) == (away > 0) else 0]


def _3d_is_not_mirrored(view: Any) -> None:
    camera = view.model.scene.camera
    camera.set_view_direction(view_direction=(0, 1, 0), up_direction=(1, 0, 0))
    right, left, head, foot = view.on_canvas([[0, 0, -9], [0, 0, 9], [9, 0, 0], [-9, 0, 0]])
    assert left[0] > right[0], "from the front, the patient's left is at the right"
    assert head[1] < foot[1]


def test_layers_of_no_patient_have_no_letters(window: Any, dock: Any) -> None:
    window.add_image(np.zeros((5, 6, 7)))
    widget = dock()
    assert set(vars(widget.desk.views["Axial"].edges).values()) == {""}
    assert window.scene.camera.orientation[0] == "towards", "its camera is left alone"


@pytest.mark.slow
def test_options_and_switches(window: Any, dock: Any, chest: nh.Volume, settle: Any, said: Any) -> None:
    nh.show(window, chest)
    widget = dock()
    _volume_in_3d_on_request(widget, settle)
    _scale_bar_and_theme_are_those_of_the_window(window, widget)
    _views_switch_off_and_on(window, widget, settle)
    _what_waits_for_a_view_that_is_closed_is_forgotten(widget, settle)
    assert said() == []


def _volume_in_3d_on_request(widget: Any, settle: Any) -> None:
    widget.volumes.setChecked(True)
    settle(widget)
    assert len(widget.desk.views["3D"].model.layers) == 1
    widget.volumes.setChecked(False)
    settle(widget)
    assert len(widget.desk.views["3D"].model.layers) == 0


def _scale_bar_and_theme_are_those_of_the_window(window: Any, widget: Any) -> None:
    widget.scale_bar.setChecked(True)
    assert window.canvas.overlays.scale_bar.visible
    assert all(widget.desk.views[name].model.canvas.overlays.scale_bar.visible for name in FLAT)
    assert str(widget.desk.views["Coronal"].model.layers.extent.units[0]) == "millimeter"
    widget.scale_bar.setChecked(False)
    assert not any(widget.desk.views[name].model.canvas.overlays.scale_bar.visible for name in FLAT)
    window.theme = "light"
    assert widget.desk.views["Axial"].model.theme == "light"


def _views_switch_off_and_on(window: Any, widget: Any, settle: Any) -> None:
    widget.switches["Axial"].setChecked(False)
    assert "Axial" not in widget.desk.views
    window.dims.set_current_step(0, 4)
    widget.switches["Axial"].setChecked(True)
    settle(widget)
    assert widget.desk.views["Axial"].model.dims.current_step[0] == 4


def _what_waits_for_a_view_that_is_closed_is_forgotten(widget: Any, settle: Any) -> None:
    for name in ("3D", "Axial", "3D", "Coronal", "3D"):  # each change asks the others to be fitted, soon
        widget.switches[name].click()
    settle(widget)
    assert set(widget.desk.views) == {"Sagittal"}


def test_nothing_is_left_when_the_dock_closes(window: Any, dock: Any, chest: nh.Volume, qtbot: Any, said: Any) -> None:
    (image,) = nh.show(window, chest)
    window.dims.set_current_step(0, 3)
    before = _heard(window, image)
    widget = dock()
    shell = widget.parent()
    window.window.remove_dock_widget(shell)
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    gc.collect()
    assert len(QtViewer._instances) == 1, "only the window's own canvas"
    assert _heard(window, image) == before
    del widget, shell
    window.dims.set_current_step(0, 5)
    image.opacity = 0.5
    assert said() == []


def _heard(window: Any, image: Any) -> int:
    """How many listen to the viewer and to the layer."""
    groups = (image.events, window.layers.events, window.dims.events, window.scene.camera.events, window.events)
    return sum(len(emitter.callbacks) for group in groups for emitter in group.emitters.values())


@pytest.mark.slow
def test_layers_in_different_units_are_drawn(window: Any, dock: Any, chest: nh.Volume, settle: Any) -> None:
    nh.show(window, chest)
    widget = dock()
    window.add_labels(np.zeros(chest.array.shape, np.uint8))  # in pixels, as napari has it
    settle(widget)
    assert all(len(widget.desk.views[name].model.layers) == 2 for name in FLAT)
