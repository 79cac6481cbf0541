"""Slabs: maximum, minimum and mean over millimetres, along whichever axis is sliced."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import napari_hounsfield as nh
from napari_hounsfield._napari.slab import MODES, SlabPanel, set_slab

REDUCE = {"max": np.max, "min": np.min, "mean": np.mean}


@pytest.fixture
def volume() -> nh.Volume:
    array = np.random.default_rng(0).integers(-1000, 1000, (20, 24, 28)).astype(np.int16)
    return nh.Volume(array, nh.axial_affine((2.0, 0.7, 0.9)), unit="HU", modality="CT", name="CT")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("axis", "step"), [(0, 2.0), (1, 0.7), (2, 0.9)])
def test_slab_takes_whole_slices_within_half_the_thickness(
    viewer: Any, volume: nh.Volume, mode: str, axis: int, step: float
) -> None:
    (layer,) = nh.show(viewer, volume)
    viewer.dims.order = (axis, *(other for other in range(3) if other != axis))
    taken = set_slab(viewer, mode, 6.0)
    half = int(3.0 / step)
    assert taken == 2 * half + 1
    for at in (7, 8, 0):
        viewer.dims.set_current_step(axis, at)
        expected = REDUCE[MODES[mode]](volume.array.take(range(max(at - half, 0), at + half + 1), axis), axis)
        assert np.allclose(layer._slice.image.raw, expected), at
    set_slab(viewer, "off", 6.0)
    assert np.array_equal(layer._slice.image.raw, volume.array.take(0, axis))


def test_labels_stay_those_of_the_slice(viewer: Any, volume: nh.Volume) -> None:
    nh.show(viewer, volume)
    marked = np.zeros(volume.array.shape, np.uint8)
    marked[9] = 1
    (labels,) = nh.show(viewer, volume.label_map(marked, {1: "one"}))
    viewer.dims.set_current_step(0, 8)
    set_slab(viewer, "maximum (MIP)", 10)
    assert not labels._slice.image.raw.any()


def test_time_points_are_not_mixed(viewer: Any, volume: nh.Volume) -> None:
    series = replace(volume, array=np.stack([volume.array, volume.array + 5000]), axes="tzyx")
    (layer,) = nh.show(viewer, series)
    viewer.dims.set_current_step(0, 0)
    viewer.dims.set_current_step(1, 10)
    assert set_slab(viewer, "maximum (MIP)", 8) == 5
    assert np.array_equal(layer._slice.image.raw, volume.array[8:13].max(axis=0))


def test_panel_sets_the_slab_and_images_that_come_later_join(viewer: Any, volume: nh.Volume, qtbot: Any) -> None:
    panel = SlabPanel(viewer)
    qtbot.addWidget(panel.native)
    panel.mode.value = "mean"
    nh.show(viewer, volume)
    assert panel.taken.value == "5 slices"
    (second,) = nh.show(viewer, replace(volume, name="CT 2"))
    panel.mode.value = "minimum (MinIP)"
    panel.thickness.value = 4
    (third,) = nh.show(viewer, replace(volume, name="CT 3"))
    assert {str(layer.projection_mode) for layer in viewer.layers} == {"min"}
    assert panel.taken.value == "3 slices"
    viewer.dims.order = (1, 0, 2)
    assert panel.taken.value == "5 slices"
    panel.mode.value = "off"
    assert viewer.dims.thickness == (0, 0, 0)
    assert viewer.layers[0].data.dtype == third.data.dtype == second.data.dtype


def test_slab_of_a_flat_image_is_itself(viewer: Any) -> None:
    viewer.add_image(np.zeros((5, 6)))
    assert set_slab(viewer, "mean", 10) == 1
    viewer.layers.clear()
    assert set_slab(viewer, "mean", 10) == 1
