"""What the status bar says of the point under the cursor: place in the patient, values, classes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import napari_hounsfield as nh
from napari_hounsfield._napari.cursor.reading import patient_text, reading_at, under_cursor
from napari_hounsfield._napari.cursor.status import CursorStatus
from napari_hounsfield._napari.layers import KEY
from napari_hounsfield._napari.units import declare_unit

AXIAL = nh.axial_affine((3, 0.7, 0.7), (-60, -80, 400))
TILTED = AXIAL.copy()
TILTED[1, 0] = 1.1
TURN = np.array([[0.8, -0.6, 0, 0], [0.6, 0.8, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]) @ np.array(
    [[1, 0, 0, 0], [0, 0.96, -0.28, 0], [0, 0.28, 0.96, 0], [0, 0, 0, 1]]
)
SAGITTAL = np.array([[2.0, 0, 0, -10], [0, 0, 0.5, 30], [0, -0.5, 0, 5], [0, 0, 0, 1]])
AFFINES = {"axial": AXIAL, "tilted": TILTED, "oblique": TURN @ AXIAL, "sagittal": SAGITTAL}


def volume(affine: Any = AXIAL, **changes: Any) -> nh.Volume:
    array = np.random.default_rng(1).integers(-1000, 1000, (6, 8, 9)).astype(np.int16)
    made = nh.Volume(array, affine, unit="HU", modality="CT", name="CT 3", frame_of_reference="1.2")
    return replace(made, **changes)


def centre(layer: Any, stored: tuple[int, ...]) -> list[float]:
    """World coordinates of the centre of a stored voxel."""
    leading = len(stored) - 3
    placement = layer.metadata[KEY].placement
    marked = np.zeros(placement.grid.shape)
    marked[stored[leading:]] = 1
    (place,) = np.argwhere(placement.shown(marked))
    return [float(x) for x in layer.data_to_world((*stored[:leading], *place))]


def look(viewer: Any, layer: Any, stored: tuple[int, ...]) -> Any:
    """Read at a stored voxel, on its slice."""
    point = centre(layer, stored)
    viewer.dims.set_point(range(len(point)), point)
    return reading_at(viewer, point)


@pytest.mark.parametrize("name", AFFINES)
@pytest.mark.filterwarnings("ignore:Non-orthogonal")
def test_place_and_value_are_those_of_the_voxel(viewer: Any, name: str) -> None:
    ct = volume(AFFINES[name])
    (layer,) = nh.show(viewer, ct)
    for stored in ((0, 0, 0), (5, 7, 8), (2, 6, 1)):
        found = look(viewer, layer, stored)
        assert found.patient == pytest.approx(ct.grid.positions([stored])[0], abs=1e-6)
        assert found.texts == (f"CT 3: {ct.array[stored]} HU",)


@pytest.mark.filterwarnings("ignore:Non-orthogonal")
def test_series_that_is_oblique_to_the_one_shown_is_read_through_its_affine(viewer: Any) -> None:
    first, second = volume(), volume(AFFINES["oblique"], name="CT 4")
    nh.show(viewer, first)
    (layer,) = nh.show(viewer, second)
    found = look(viewer, layer, (3, 4, 4))
    assert found.patient == pytest.approx(second.grid.positions([(3, 4, 4)])[0], abs=1e-6)


def test_between_centres_the_place_is_that_of_the_cursor(viewer: Any) -> None:
    (layer,) = nh.show(viewer, volume())
    point = centre(layer, (2, 3, 4))
    point[2] += 0.2
    viewer.dims.set_point(range(3), point)
    assert reading_at(viewer, point).patient == pytest.approx(volume().grid.positions([(2, 3, 4)])[0] + (0.2, 0, 0))


def test_padding_is_told(viewer: Any) -> None:
    valid = np.ones((6, 8, 9), bool)
    valid[1, 2, 3] = False
    (layer,) = nh.show(viewer, volume(SAGITTAL, valid=valid))
    assert look(viewer, layer, (1, 2, 3)).texts == ("CT 3: outside the scanned field",)
    assert "HU" in look(viewer, layer, (1, 2, 4)).texts[0]


def test_suv_stored_values_fractions_and_colours(viewer: Any) -> None:
    array = np.full((6, 8, 9), 3.14159, np.float32)
    for made, expected in (
        (volume(array=array, unit="SUV", modality="PT", name="PT 1"), "PT 1: SUV 3.14"),
        (volume(array=array, unit="stored value", modality="MR", name="MR 1"), "MR 1: 3.142 (stored value)"),
        (volume(array=array, name="mean"), "mean: 3.1 HU"),
        (volume(array=array * np.nan, name="none"), "none: no number"),
        (volume(array=np.full((6, 8, 9, 3), (9, 8, 7), np.uint8), axes="zyxc", unit="", name="SC"), "SC: R 9 G 8 B 7"),
    ):
        (layer,) = nh.show(viewer, made)
        assert look(viewer, layer, (1, 2, 3)).texts == (expected,)
        viewer.layers.clear()


def test_time_series_say_their_time(viewer: Any) -> None:
    ct = volume(array=np.random.default_rng(2).integers(0, 99, (4, 6, 8, 9)), axes="tzyx")
    (layer,) = nh.show(viewer, ct)
    found = look(viewer, layer, (2, 1, 5, 6))
    assert found.texts == (f"CT 3 time 3: {ct.array[2, 1, 5, 6]} HU",)
    assert found.patient == pytest.approx(ct.grid.positions([(1, 5, 6)])[0])


def test_maps_say_their_names(viewer: Any) -> None:
    array = np.stack([np.full((6, 8, 9), 0.25, np.float32), np.full((6, 8, 9), 0.5, np.float32)])
    (layer,) = nh.show(viewer, nh.Features(array, ("gradient", "hessian"), AXIAL))
    assert look(viewer, layer, (1, 1, 2, 3)).texts == ("hessian: 0.5",)


def test_classes_by_name_with_their_probabilities(viewer: Any) -> None:
    ct = volume()
    labels = np.zeros((6, 8, 9), np.uint8)
    labels[2, 3, 4], labels[2, 3, 5] = 2, 7
    maps = np.zeros((2, 6, 8, 9), np.float32)
    maps[:, 2, 3, 4] = 0.1, 0.9
    result = nh.Segmentation(
        ct.label_map(labels, {1: "lung", 2: "lesion"}),
        nh.Features(maps, ("lung", "lesion"), AXIAL),
        np.full((6, 8, 9), 0.8, np.float32),
    )
    layer = nh.show(viewer, result)[-1]
    assert look(viewer, layer, (2, 3, 4)).texts == ("CT 3: lesion, P lesion 0.90, lung 0.10, sure 0.80",)
    layer.name = "alone"
    assert look(viewer, layer, (2, 3, 4)).texts == ("alone: lesion",)
    assert look(viewer, layer, (2, 3, 5)).texts == ("alone: label 7",)
    assert look(viewer, layer, (0, 0, 0)).texts == ()


def test_plain_layers_have_values_but_no_place_in_a_patient(viewer: Any) -> None:
    layer = viewer.add_image(np.arange(24.0).reshape(2, 3, 4), name="plain")
    assert reading_at(viewer, [0, 1, 2]).texts == ("plain: 6",)
    assert reading_at(viewer, [0, 1, 2]).patient is None
    assert reading_at(viewer, [0, 1, 4]).texts == ()
    declare_unit(layer, "HU")
    assert reading_at(viewer, [0, 1, 2]).texts == ("plain: 6 HU",)
    viewer.layers.clear()
    viewer.add_image([np.full((8, 8), 9.0), np.full((4, 4), 9.0)], multiscale=True, name="pyramid")
    viewer.add_points([[1, 1]])
    viewer.add_labels(np.ones((8, 8), int), name="plain labels")
    assert reading_at(viewer, [1, 1]).texts == ("pyramid: 9", "plain labels: label 1")


def test_hidden_layers_say_nothing(viewer: Any) -> None:
    (layer,) = nh.show(viewer, volume())
    layer.visible = False
    assert str(look(viewer, layer, (1, 1, 1))) == ""


def test_slices_count_where_the_slider_stands(viewer: Any) -> None:
    ct = volume()
    (layer,) = nh.show(viewer, ct)
    viewer.cursor.position = tuple(centre(layer, (0, 3, 4)))
    viewer.dims.set_point(0, centre(layer, (4, 3, 4))[0])
    assert under_cursor(viewer).texts == (f"CT 3: {ct.array[4, 3, 4]} HU",)
    viewer.dims.ndisplay = 3
    assert str(under_cursor(viewer)) == ""


@pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2), (2, 0, 1)])
def test_slices_along_every_axis_are_read(viewer: Any, order: tuple[int, ...]) -> None:
    ct = volume(SAGITTAL)
    (layer,) = nh.show(viewer, ct)
    viewer.dims.order = order
    assert look(viewer, layer, (3, 2, 7)).texts == (f"CT 3: {ct.array[3, 2, 7]} HU",)


def test_position_is_told_with_letters() -> None:
    assert patient_text((-12.34, 45.67, -0.04)) == "R 12.3  P 45.7  S 0.0 mm"


def test_line_in_the_status_bar_follows_the_cursor(make_napari_viewer: Any, qtbot: Any) -> None:
    viewer = make_napari_viewer()
    ct = volume()
    (layer,) = nh.show(viewer, ct)
    (line,) = viewer.window._qt_window.statusBar().findChildren(CursorStatus)
    nh.show(viewer, replace(ct, name="CT 4"))
    assert len(viewer.window._qt_window.statusBar().findChildren(CursorStatus)) == 1
    viewer.dims.set_point(range(3), centre(layer, (2, 3, 4)))
    viewer.cursor.position = tuple(centre(layer, (2, 3, 4)))
    value = f"{ct.array[2, 3, 4]} HU"
    qtbot.waitUntil(lambda: line.toolTip() == f"R 57.2  A 77.9  S 406.0 mm   CT 4: {value}   CT 3: {value}")
