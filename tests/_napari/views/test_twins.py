"""Layers and their copies, without windows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image, Labels, Layer, Points, Shapes

from napari_hounsfield._napari.views.later import Later
from napari_hounsfield._napari.views.twins import Twins


@pytest.fixture
def later(qapp: Any) -> Later:
    return Later()


@pytest.fixture
def pair(later: Later) -> Callable[..., tuple[Any, Any, Twins]]:
    """A layer in a viewer, and its copy in another that cuts another axis."""

    def made(layer: Layer, **how: Any) -> tuple[Any, Any, Twins]:
        one, other = ViewerModel(), ViewerModel(order=(1, 0, 2))
        one.layers.append(layer)
        twins = Twins(layer, one, later)
        other.layers.append(twins.add(other, **how))
        layer.metadata["viewers"] = (one, other)  # kept as long as the layer
        return layer, other.layers[0], twins

    return made


@pytest.fixture
def idle(qtbot: Any, later: Later) -> Callable[[], None]:
    return lambda: qtbot.waitUntil(lambda: later.idle, timeout=60_000)


def labels() -> Labels:
    return Labels(np.zeros((8, 9, 10), np.uint8), scale=(3, 1, 1), name="labels")


def test_voxels_are_shared_not_copied(pair: Any) -> None:
    for layer in (Image(np.zeros((8, 9, 10), np.int16)), labels()):
        layer, copy, _ = pair(layer)
        assert copy.data is layer.data
        assert tuple(copy.scale) == tuple(layer.scale)


def test_images_change_together_both_ways(pair: Any) -> None:
    image, copy, _ = pair(Image(np.arange(720, dtype=np.int16).reshape(8, 9, 10), contrast_limits=(0, 700)))
    image.contrast_limits = (10, 90)
    image.colormap = "viridis"
    assert tuple(copy.contrast_limits) == (10, 90)
    assert copy.colormap.name == "viridis"
    copy.contrast_limits = (20, 80)
    copy.opacity = 0.3
    copy.visible = False
    assert tuple(image.contrast_limits) == (20, 80)
    assert image.opacity == 0.3
    assert not image.visible
    image.name, image.translate = "other", (5, 6, 7)
    assert copy.name == "other"
    assert tuple(copy.translate) == (5, 6, 7)


def test_tools_of_labels_change_together(pair: Any) -> None:
    layer, copy, _ = pair(labels())
    layer.mode, layer.selected_label, layer.brush_size, layer.contour, layer.preserve_labels = "paint", 3, 7, 2, True
    assert (copy.mode, copy.selected_label, copy.brush_size, copy.contour, copy.preserve_labels) == ("paint", 3, 7, 2, True)
    copy.mode, copy.selected_label = "erase", 4
    assert (layer.mode, layer.selected_label) == ("erase", 4)


def test_what_is_painted_in_one_is_drawn_in_the_other(pair: Any, idle: Any) -> None:
    layer, copy, _ = pair(labels())
    one, other = layer.metadata["viewers"]
    for viewer in (one, other):
        viewer.dims.current_step = (4, 5, 6)
    copy.paint((4, 5, 6), 2)
    idle()
    assert layer.data[4, 5, 6] == 2
    assert np.asarray(layer._slice.image.view)[5, 6] == np.asarray(copy._slice.image.view)[4, 6] != 0
    layer.paint((4, 5, 8), 3)
    idle()
    assert np.asarray(copy._slice.image.view)[4, 8] == np.asarray(layer._slice.image.view)[5, 8] != 0


def test_a_stroke_in_a_view_is_told_and_undone_as_one_of_the_original(pair: Any, idle: Any) -> None:
    layer, copy, _ = pair(labels())
    told = []
    layer.events.paint.connect(lambda event: told.append(event.value))
    copy.paint((4, 5, 6), 2)
    assert len(told) == 1
    layer.undo()
    assert not layer.data.any()
    idle()
    assert not np.asarray(copy._slice.image.view).any()
    copy.redo()
    assert layer.data[4, 5, 6] == 2


def test_new_data_are_shared_again(pair: Any, idle: Any) -> None:
    layer, copy, _ = pair(labels())
    layer.data = np.ones((8, 9, 10), np.uint8)
    idle()
    assert copy.data is layer.data
    copy.data = np.full((8, 9, 10), 2, np.uint8)
    idle()
    assert layer.data is copy.data
    layer.editable = False
    layer.editable = True
    copy.paint((1, 1, 1), 3)
    layer.undo()
    assert layer.data[1, 1, 1] == 2


def test_moving_a_slice_does_not_draw_the_others_again(pair: Any, later: Later) -> None:
    layer, _, _ = pair(labels())
    one, _ = layer.metadata["viewers"]
    one.dims.set_current_step(0, 2)
    one.dims.set_current_step(0, 3)
    assert later.idle


def test_geometry_is_followed(pair: Any, idle: Any) -> None:
    points, copy, _ = pair(Points(np.array([[1.0, 2, 3]])))
    points.add([4, 5, 6])
    idle()
    assert np.array_equal(copy.data, points.data)
    copy.add([7, 8, 9])
    idle()
    assert np.array_equal(copy.data, points.data)
    assert len(points.data) == 3
    shapes, copy, _ = pair(Shapes([np.array([[1.0, 1, 1], [1, 5, 6]])], shape_type="line"))
    shapes.add([np.array([[2.0, 1, 1], [2, 5, 6]])], shape_type="line")
    idle()
    assert list(copy.shape_type) == ["line", "line"]


def test_thinned_copies_lie_where_the_original_does(pair: Any, idle: Any) -> None:
    image, copy, _ = pair(Image(np.zeros((300, 20, 20), np.int16), scale=(2, 1, 1), translate=(5, 0, 0)), coarse=True)
    assert copy.data.shape == (75, 20, 20)
    assert np.may_share_memory(copy.data, image.data)
    assert copy.data_to_world((10, 3, 4)) == pytest.approx(image.data_to_world((40, 3, 4)))
    image.scale = (4, 1, 1)
    assert copy.data_to_world((10, 3, 4)) == pytest.approx(image.data_to_world((40, 3, 4)))
    assert not copy.editable
    image.data = np.ones((200, 20, 20), np.int16)
    idle()
    assert copy.data.any()


def test_properties_of_its_own_are_not_shared(pair: Any) -> None:
    image, copy, _ = pair(Image(np.zeros((8, 9, 10))), own=frozenset({"visible"}))
    image.visible = False
    assert copy.visible
    copy.visible = False
    image.visible = True
    assert not copy.visible


def test_closed_twins_are_strangers(pair: Any, later: Later) -> None:
    layer, copy, twins = pair(labels())
    before = {name: len(emitter.callbacks) for name, emitter in layer.events.emitters.items()}
    twins.close()
    layer.opacity = 0.1
    layer.paint((1, 2, 3), 1)
    assert copy.opacity != 0.1
    assert later.idle
    assert sum(before.values()) > sum(len(emitter.callbacks) for emitter in layer.events.emitters.values())
