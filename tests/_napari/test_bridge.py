"""Layers and data: there and back, for every way an image can lie."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from napari.components import ViewerModel
from napari.layers import Image, Labels, Points
from napari.layers._layer_actions import _convert_to_labels

import napari_hounsfield as nh
from napari_hounsfield._napari.bridge import draft_of
from napari_hounsfield._napari.layers import KEY

SHAPE = (3, 4, 5)


@st.composite
def affines(draw: Any, oblique: float = 0.0) -> np.ndarray:
    """Affine of any axis order and directions; `oblique`: largest angle in degrees of a rotation on top."""
    order = draw(st.sampled_from(list(permutations(range(3)))))
    signs = draw(st.tuples(*[st.sampled_from((-1.0, 1.0))] * 3))
    spacing = draw(st.tuples(*[st.floats(0.3, 10)] * 3))
    affine = np.eye(4)
    affine[:3, :3] = 0
    for stored, patient in enumerate(order):
        affine[patient, stored] = signs[stored] * spacing[stored]
    affine[:3, 3] = draw(st.tuples(*[st.floats(-500, 500)] * 3))
    if oblique:
        a, b = np.radians(draw(st.tuples(*[st.floats(-oblique, oblique)] * 2)))
        about_z = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
        about_x = np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
        affine[:3, :3] = about_z @ about_x @ affine[:3, :3]
    return affine


def image(affine: np.ndarray, **more: Any) -> nh.Volume:
    array = np.random.default_rng(0).integers(-1000, 1000, SHAPE).astype(np.int16)
    return nh.Volume(array, affine, unit="HU", modality="CT", name="CT 3", **more)


def world(layer: Any, index: Any) -> np.ndarray:
    return np.array(layer.data_to_world(index))


@given(affines(oblique=40))
@settings(max_examples=15)
def test_volume_comes_back_as_it_was(affine: np.ndarray) -> None:
    volume = image(affine, frame_of_reference="1.2", source=nh.Source("1.2.3"))
    (layer,) = nh.show(ViewerModel(), volume)
    back = nh.from_layer(layer)
    assert np.array_equal(back.array, volume.array)
    assert np.shares_memory(back.array, volume.array)
    assert np.array_equal(back.affine, volume.affine)
    for name in ("unit", "modality", "name", "frame_of_reference", "source", "axes", "valid", "history"):
        assert getattr(back, name) == getattr(volume, name)


@given(affines())
@settings(max_examples=15)
def test_world_is_the_patient_in_millimetres(affine: np.ndarray) -> None:
    volume = image(affine)
    (layer,) = nh.show(ViewerModel(), volume)
    assert (layer.scale > 0).all()
    for stored in np.ndindex(2, 2, 2):
        value = volume.array[stored]
        places = np.argwhere(layer.data == value)
        expected = volume.grid.positions([stored])[0][::-1]  # (S, P, L)
        assert any(np.allclose(world(layer, place), expected, atol=1e-6) for place in places)
    assert all(str(unit) == "millimeter" for unit in layer.units)


@given(affines(oblique=40), st.tuples(*[st.integers(0, n - 1) for n in (3, 4, 5)]))
@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow])
def test_a_voxel_painted_in_the_viewer_is_that_voxel_of_the_file(affine: np.ndarray, stored: tuple[int, int, int]) -> None:
    volume = image(affine)
    volume.array[stored] = 2000  # the only one
    viewer = ViewerModel()
    (shown,) = nh.show(viewer, volume)
    (labels,) = nh.show(viewer, nh.LabelMap(np.zeros(SHAPE, np.uint8), affine, {2: "lung"}))
    assert np.allclose(labels.scale, shown.scale)
    assert np.allclose(labels.translate, shown.translate)
    labels.data_setitem(tuple(np.array([i]) for i in np.argwhere(shown.data == 2000)[0]), 2)
    back = nh.from_layer(labels)
    assert back.classes == {2: "lung"}
    assert np.argwhere(back.array).tolist() == [list(stored)]
    assert np.array_equal(back.affine, affine)


@given(affines(oblique=30))
@settings(max_examples=15)
def test_new_labels_layer_of_napari_lies_on_the_image(affine: np.ndarray) -> None:
    volume = image(affine, frame_of_reference="9.9")
    viewer = ViewerModel()
    (shown,) = nh.show(viewer, volume)
    viewer.layers.selection.active = shown
    viewer._new_labels()
    viewer.layers[-1].data[np.unravel_index(shown.data.argmax(), shown.data.shape)] = 1
    painted = nh.from_layer(viewer.layers[-1], like=shown).on(volume.grid)
    assert painted.array.ravel()[volume.array.argmax()] == 1
    assert painted.array.sum() == 1
    assert painted.frame_of_reference == "9.9"


@given(affines(oblique=40), affines(oblique=40))
@settings(max_examples=15)
@pytest.mark.filterwarnings("ignore:Non-orthogonal slicing")
def test_two_series_of_one_frame_overlay(first: np.ndarray, second: np.ndarray) -> None:
    viewer = ViewerModel()
    (a,) = nh.show(viewer, image(first, frame_of_reference="1"))
    (b,) = nh.show(viewer, image(second, frame_of_reference="1"))
    one, two = nh.from_layer(a), nh.from_layer(b)
    assert np.allclose(two.affine, second)
    patient = one.grid.positions([(1, 2, 3)])
    in_second = np.linalg.inv(second) @ [*patient[0], 1]
    how = b.metadata[KEY].placement
    shown = np.linalg.inv(how.matrix) @ how.world @ second @ in_second
    assert np.allclose(world(b, shown[:3]), how.world[:3] @ [*patient[0], 1], atol=1e-6)
    assert np.array_equal(how.world, a.metadata[KEY].placement.world)


def test_oblique_image_is_shown_straight_at_its_place() -> None:
    angle = np.radians(20)
    affine = nh.axial_affine((2, 1, 1), (-30, 40, 7))
    affine[:3, :3] = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]]) @ affine[:3, :3]
    volume = image(affine)
    (layer,) = nh.show(ViewerModel(), volume)
    assert np.allclose(layer.scale, (2, 1, 1))
    assert np.allclose(layer.affine.affine_matrix, np.eye(4))
    centre = (np.array(SHAPE) - 1) / 2
    assert np.allclose(world(layer, centre), volume.grid.positions([centre])[0][::-1])


def test_layer_that_the_user_moved_is_believed() -> None:
    volume = image(nh.axial_affine((2, 1, 1)))
    (layer,) = nh.show(ViewerModel(), volume)
    layer.translate = layer.translate + np.array((0, 0, 5))
    moved = nh.from_layer(layer)
    assert np.allclose(moved.affine[:3, 3] - volume.affine[:3, 3], (5, 0, 0))


def test_painting_does_not_reach_the_labels_that_were_shown() -> None:
    labels = nh.LabelMap(np.zeros(SHAPE, np.uint8), np.eye(4))
    (layer,) = nh.show(ViewerModel(), labels)
    layer.data_setitem((np.array([0]), np.array([0]), np.array([0])), 3)
    assert not labels.array.any()
    snapshot = nh.from_layer(layer)
    layer.data_setitem((np.array([1]), np.array([0]), np.array([0])), 3)
    assert snapshot.array.sum() == 3


def test_colour_time_and_features_keep_their_axes() -> None:
    affine = nh.axial_affine((2, 1, 1))
    affine[0] *= -1  # rows run to the right
    random = np.random.default_rng(0)
    viewer = ViewerModel()
    rgb = nh.Volume(random.integers(0, 255, (*SHAPE, 3)).astype(np.uint8), affine, axes="zyxc")
    series = nh.Volume(random.random((2, *SHAPE)), affine, axes="tzyx")
    maps = nh.Features(random.random((6, *SHAPE)).astype(np.float32), list("abcdef"), affine)
    for data in (rgb, series, maps):
        (layer,) = nh.show(viewer, data)
        back = nh.from_layer(layer)
        assert type(back) is type(data)
        assert np.array_equal(back.array, data.array)
        assert np.array_equal(back.affine, affine)
    assert viewer.layers[0].rgb


def test_segmentation_is_labels_over_hidden_maps() -> None:
    affine = nh.axial_affine((2, 1, 1))
    labels = nh.LabelMap(np.indices(SHAPE)[0] % 2, affine, {0: "background", 1: "lung"}, name="result")
    maps = nh.Features(np.full((2, *SHAPE), 0.5, np.float32), ["background", "lung"], affine)
    layers = nh.show(ViewerModel(), nh.Segmentation(labels, maps, np.ones(SHAPE, np.float32)))
    assert [layer.visible for layer in layers] == [False, False, False, True]
    assert all(list(layer.contrast_limits) == [0, 1] for layer in layers[:3])
    table = layers[-1].features
    assert table["class"].tolist() == ["lung"]
    assert table["voxels"].tolist() == [20]
    assert table["volume_ml"].tolist() == [pytest.approx(0.04)]


def test_draft_keeps_its_sureness_and_what_is_painted_is_sure() -> None:
    affine = nh.axial_affine((2, 1, 1))
    affine[2] *= -1
    labels = nh.LabelMap(np.ones(SHAPE, np.uint8), affine, {1: "lung", 2: "fat"})
    sureness = np.random.default_rng(0).random(SHAPE).astype(np.float32) * 0.9
    layer = nh.show(ViewerModel(), nh.Segmentation(labels, sureness=sureness))[-1]
    layer.data_setitem((np.array([0]), np.array([1]), np.array([1])), 2)
    draft = draft_of(layer)
    painted = draft.labels.array == 2
    assert painted.sum() == 1
    assert draft.sureness[painted] == 1
    assert np.array_equal(draft.sureness[~painted], sureness[~painted])


def test_names_edited_in_the_table_are_the_classes() -> None:
    (layer,) = nh.show(ViewerModel(), nh.LabelMap(np.ones(SHAPE, np.uint8), np.eye(4), {1: "lung"}))
    layer.features = {"index": [1, 4], "class": ["left lung", "tumour"]}
    assert nh.from_layer(layer).classes == {1: "left lung", 4: "tumour"}


def test_plain_layers_have_their_affine_from_the_transform() -> None:
    volume = nh.from_layer(Image(np.zeros(SHAPE), scale=(3, 2, 1), translate=(30, 20, 10), name="plain"))
    assert volume.unit == "stored value"
    assert np.allclose(volume.affine, nh.axial_affine((3, 2, 1), (10, 20, 30)))
    micro = nh.from_layer(Image(np.zeros(SHAPE), scale=(3, 2, 1), units=("um",) * 3))
    assert np.allclose(micro.spacing, (0.003, 0.002, 0.001))
    turned = nh.from_layer(Image(np.zeros(SHAPE), rotate=90, scale=(3, 2, 1)))
    assert sorted(np.round(turned.spacing, 9)) == [1, 2, 3]
    assert not np.allclose(turned.affine, nh.axial_affine((3, 2, 1)))
    flat = nh.from_layer(Labels(np.ones((4, 5), int), scale=(2, 1)))
    assert flat.array.shape == (1, 4, 5)
    assert flat.spacing == (1, 2, 1)
    assert nh.from_layer(Image(np.zeros((*SHAPE, 3), np.uint8), rgb=True)).axes == "zyxc"
    assert nh.from_layer(Image(np.zeros((2, *SHAPE)))).axes == "tzyx"
    assert nh.from_layer(Image(np.ones(SHAPE, bool))).array.dtype == np.uint8


def test_image_converted_to_labels_in_napari_keeps_its_place() -> None:
    affine = nh.axial_affine((3, 2, 1), (5, 6, 7))
    affine[0] *= -1
    viewer = ViewerModel()
    volume = nh.Volume(np.arange(60, dtype=np.int32).reshape(SHAPE) % 4, affine, unit="stored value", name="seg.nii.gz")
    (layer,) = nh.show(viewer, volume)
    viewer.layers.selection.active = layer
    _convert_to_labels(viewer.layers)
    back = nh.from_layer(viewer.layers[-1])
    assert isinstance(back, nh.LabelMap)
    assert np.array_equal(back.array, volume.array)
    assert np.array_equal(back.affine, affine)


def test_other_layers_are_refused_in_words() -> None:
    with pytest.raises(nh.HounsfieldError, match="dots: a points layer"):
        nh.from_layer(Points(np.zeros((1, 3)), name="dots"))
    with pytest.raises(nh.HounsfieldError, match="it has 5 dimensions; choose a layer of 2 to 4"):
        nh.from_layer(Image(np.zeros((2, 2, 2, 2, 2))))
    with pytest.raises(TypeError, match="nothing to show for str"):
        nh.show(ViewerModel(), "text")


def test_a_cropped_layer_is_plain_again() -> None:
    volume = image(nh.axial_affine((2, 1, 1), (5, 6, 7)))
    (layer,) = nh.show(ViewerModel(), volume)
    layer.data = layer.data[1:]
    cropped = nh.from_layer(layer)
    assert cropped.array.shape == (2, 4, 5)
    assert cropped.unit == "stored value"


def test_nothing_of_the_patient_shows_in_the_metadata() -> None:
    source = nh.Source("1.2.840.99", ())
    (layer,) = nh.show(ViewerModel(), image(np.eye(4), frame_of_reference="1.2.840.77", source=source))
    assert "1.2.840" not in repr(layer.metadata)
    assert list(layer.metadata) == [KEY]


def test_contrast_is_the_window_of_the_modality() -> None:
    viewer = ViewerModel()
    (ct,) = nh.show(viewer, image(np.eye(4)))
    assert list(ct.contrast_limits) == [-1000, 400]
    array = np.random.default_rng(0).random(SHAPE) * 500
    (mr,) = nh.show(viewer, nh.Volume(array, np.eye(4), unit="stored value", modality="MR"))
    assert list(mr.contrast_limits) == pytest.approx(np.percentile(array, (0.5, 99.5)))
    (windowed,) = nh.show(viewer, nh.window(image(np.eye(4))))
    assert list(windowed.contrast_limits) == [0, 1]
    (empty,) = nh.show(viewer, nh.Volume(np.full(SHAPE, np.nan), np.eye(4), unit="stored value"))
    assert empty.contrast_limits[0] < empty.contrast_limits[1]


def test_colours_are_distinct_and_the_same_for_a_number() -> None:
    labels = nh.LabelMap(np.arange(60).reshape(SHAPE) % 8, np.eye(4), {1: "lung", 2: "background"})
    (first,) = nh.show(ViewerModel(), labels)
    colours = [tuple(first.colormap.map(value)) for value in range(1, 8)]
    assert len(set(colours)) == 7
    assert first.colormap.map(0)[3] == 0
    assert all(first.colormap.map(value)[3] == 1 for value in range(1, 65)), "what is painted later must be seen"
    (second,) = nh.show(ViewerModel(), nh.LabelMap(np.full(SHAPE, 3), np.eye(4)))
    assert tuple(second.colormap.map(3)) == tuple(first.colormap.map(3))


@pytest.mark.parametrize("last", [3, 4])
def test_few_columns_are_no_colours(last: int) -> None:
    affine = nh.axial_affine((1, 1, 1))[:, [2, 1, 0, 3]]  # the slices of the file run along the displayed columns
    volume = nh.Volume(np.zeros((last, 6, 5), np.int16), affine, unit="HU")
    maps = nh.Features(np.zeros((2, last, 6, 5), np.float32), ["a", "b"], affine)
    for data in (volume, maps):
        (layer,) = nh.show(ViewerModel(), data)
        assert layer.data.shape[-1] == last
        assert not layer.rgb
        assert nh.from_layer(layer).array.shape == data.array.shape


@pytest.mark.parametrize("values", [[70_000], [2**16], range(3000)])
def test_labels_of_any_size_are_drawn(values: Any) -> None:
    array = np.zeros((1, 60, 60), np.uint32)
    array.ravel()[: len(values)] = values
    (layer,) = nh.show(ViewerModel(), nh.LabelMap(array, np.eye(4)))
    drawn = layer.colormap.map(np.array([0, max(values)]))
    assert drawn[0, 3] == 0
    assert drawn[1, 3] == 1
