"""Surfaces in the viewer: named and coloured as the classes, where the labels are, brought up to date on request."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import napari_hounsfield as nh
from napari_hounsfield._napari.surface_form import SurfaceForm
from napari_hounsfield._napari.surface_layers import in_world, show_surface


@pytest.fixture
def labels(ct: nh.Volume) -> nh.LabelMap:
    array = np.zeros(ct.array.shape, np.uint8)
    array[2:8, 3:9, 3:10], array[3:9, 12:18, 5:12] = 1, 2
    return ct.label_map(array, {1: "lung", 2: "lesion"})


@pytest.fixture
def form(viewer: Any, qtbot: Any) -> SurfaceForm:
    made = SurfaceForm(viewer)
    qtbot.addWidget(made.native)
    return made


def surfaces_of(viewer: Any) -> dict[str, Any]:
    return {layer.name: layer for layer in viewer.layers if layer._type_string == "surface"}


def test_surfaces_are_named_coloured_and_placed_as_the_classes(
    viewer: Any, form: SurfaceForm, labels: nh.LabelMap, finish: Any, said: Any
) -> None:
    (layer,) = nh.show(viewer, labels)
    form.run()
    finish(form.bar)
    found = surfaces_of(viewer)
    assert set(found) == {f"{layer.name}: lung", f"{layer.name}: lesion"}
    for value, name in labels.classes.items():
        surface = found[f"{layer.name}: {name}"]
        assert surface.colormap.colors[0] == pytest.approx(layer.get_color(value))
        inside = np.array([layer.data_to_world(index) for index in np.argwhere(layer.data == value)])
        assert surface.data[0].mean(axis=0) == pytest.approx(inside.mean(axis=0), abs=0.7)
        assert surface.data[0].min(axis=0) == pytest.approx(inside.min(axis=0), abs=1.5)
        assert surface.units == layer.units
    assert said() == [f"{layer.name}: 2 surfaces, to be seen in 3D"]


def test_surfaces_follow_the_labels_on_request(viewer: Any, form: SurfaceForm, labels: nh.LabelMap, finish: Any) -> None:
    (layer,) = nh.show(viewer, labels)
    form.run()
    finish(form.bar)
    first = surfaces_of(viewer)[f"{layer.name}: lung"]
    before = len(first.data[0])
    layer.data_setitem(np.nonzero(layer.data == 2), 0)
    layer.data_setitem(tuple(np.argwhere(layer.data == 1)[:100].T), 0)
    form.run()
    finish(form.bar)
    assert set(surfaces_of(viewer)) == {f"{layer.name}: lung"}
    assert surfaces_of(viewer)[f"{layer.name}: lung"] is first
    assert len(first.data[0]) != before


def test_surfaces_are_shown_in_3d_only_and_those_hidden_there_stay_so(
    viewer: Any, form: SurfaceForm, labels: nh.LabelMap, ct: nh.Volume, finish: Any
) -> None:
    (image,) = nh.show(viewer, ct)
    (layer,) = nh.show(viewer, labels)
    form.run()
    finish(form.bar)
    lung, lesion = surfaces_of(viewer).values()
    assert (lung.visible, lesion.visible, image.visible) == (False, False, True)
    form.switch()
    assert (lung.visible, lesion.visible, image.visible, layer.visible) == (True, True, False, False)
    lesion.visible = False
    form.switch()
    assert (lung.visible, lesion.visible, image.visible, layer.visible) == (False, False, True, True)
    viewer.dims.ndisplay = 3
    assert (lung.visible, lesion.visible) == (True, False)
    viewer.layers.remove(lung)
    viewer.dims.ndisplay = 2


def test_patients_are_not_mirrored_in_3d(make_napari_viewer: Any, qtbot: Any) -> None:
    """From the front, the patient's left is on the right and the head is up, and what lies in front hides what lies behind."""
    window = make_napari_viewer(show=True)
    form = SurfaceForm(window)
    qtbot.addWidget(form.native)
    array = np.zeros((40, 40, 40), np.uint8)
    array[18:22, 18:22, 34:38], array[34:38, 18:22, 18:22] = 1, 2  # towards L, towards S
    array[16:24, 30:38, 16:24], array[17:23, 2:6, 17:23] = 3, 4  # the back, and in front of it
    (layer,) = nh.show(window, nh.LabelMap(array, nh.axial_affine((1, 1, 1))))
    found = nh.surfaces(nh.from_layer(layer))
    for part in found.parts:
        show_surface(window, layer, in_world(layer, part)).shading = "none"
    form.switch()
    picture = window.screenshot(flash=False)[..., :3].astype(int)
    at = {}
    for value in (1, 2, 3, 4):
        colour = np.round(255 * np.array(layer.get_color(value)[:3])).astype(int)
        at[value] = np.argwhere(np.abs(picture - colour).max(axis=2) < 12)
    middle = np.array(picture.shape[:2]) / 2
    for surface in surfaces_of(window).values():
        surface.shading = "smooth"
    form.switch()
    form.switch()
    lit = window.screenshot(flash=False)[..., :3].astype(int)
    height, width = lit.shape[:2]
    assert lit[height // 2, width // 2].max() > 0.7 * picture[height // 2, width // 2].max(), "the light comes from the front"
    assert at[1].mean(axis=0)[1] > middle[1] + 20
    assert at[2].mean(axis=0)[0] < middle[0] - 20
    assert np.abs(at[4].mean(axis=0) - middle).max() < 20
    assert not len(at[3]) or np.linalg.norm(at[3] - middle, axis=1).min() > np.linalg.norm(at[4] - middle, axis=1).max() - 12


def test_without_labels_it_is_said(viewer: Any, form: SurfaceForm, said: Any) -> None:
    form.run()
    assert said() == ["labels: there is no labels layer yet"]


def test_giving_up_leaves_no_layer(viewer: Any, form: SurfaceForm, ct: nh.Volume, qtbot: Any, said: Any) -> None:
    noise = np.random.default_rng(0).integers(0, 9, ct.array.shape, np.uint8)
    nh.show(viewer, ct.label_map(noise, {}))
    form.run()
    form.bar.cancel()
    qtbot.wait(200)
    assert surfaces_of(viewer) == {}
    assert said() == []
