"""`from_seeds` against scikit-image's watershed, and on organs whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest
from skimage.segmentation import watershed

import napari_hounsfield as nh
from napari_hounsfield.editing import from_seeds as module
from napari_hounsfield.editing.from_seeds import _levels
from napari_hounsfield.editing.gradient import gradient_length
from napari_hounsfield.operation import finish

from .conftest import AFFINE, ball, labelled


@pytest.fixture(scope="module")
def organs():
    """A noisy image of two balls that touch, their truth, and seeds in each and outside."""
    random = np.random.default_rng(0)
    truth = np.zeros((14, 60, 60), np.uint8)
    truth[ball(truth.shape, (7, 30, 20), 14)] = 1
    truth[ball(truth.shape, (7, 30, 44), 11)] = 2
    volume = nh.Volume((np.array([0, 100, 200])[truth] + random.normal(0, 8, truth.shape)).astype(np.float32), AFFINE)
    seeds = np.zeros_like(truth)
    seeds[7, 28:32, 16:24] = 1
    seeds[7, 28:32, 42:46] = 2
    seeds[[0, 13]] = seeds[:, :2] = seeds[:, -2:] = 3
    return volume, truth, labelled(seeds, {1: "one", 2: "two", 3: "Background"})


@pytest.mark.parametrize("at_once", [100, 500_000])
def test_organs_come_back(organs, at_once, monkeypatch):
    monkeypatch.setattr(module, "AT_ONCE", at_once)
    volume, truth, seeds = organs
    found = nh.from_seeds(volume, seeds).array
    assert np.mean(found != truth) < 0.02


def test_nearly_equals_scikit_image(organs):
    volume, _, seeds = organs
    named = labelled(seeds.array)  # no background among them
    found = nh.from_seeds(volume, named, nh.FromSeedsParams(margin_mm=1000)).array
    box = tuple(slice(0, n) for n in seeds.array.shape)
    levels = _levels(finish(gradient_length(volume.array, box, volume.grid, 1.0)), 256)
    expected = watershed(levels, seeds.array.astype(np.int32))
    assert np.mean(found != expected) < 0.01
    assert (found > 0).all()


def test_only_what_may_be_overwritten_is_entered(organs):
    volume, _, seeds = organs
    array = seeds.array.copy()
    array[:, 40:50, 10:50] = 4
    held = nh.from_seeds(volume, labelled(array), nh.FromSeedsParams(classes=(1, 2, 3))).array
    assert np.array_equal(held == 4, array == 4)
    locked = nh.from_seeds(volume, labelled(array), nh.FromSeedsParams(locked=4, others="overwrite")).array
    assert np.array_equal(locked, held)
    taken = nh.from_seeds(volume, labelled(array), nh.FromSeedsParams(classes=(1, 2, 3), others="overwrite")).array
    assert not (taken == 4).any()


def test_nothing_outside_the_margin_changes():
    volume = nh.Volume(np.zeros((1, 9, 30), np.int16), AFFINE)
    array = np.zeros((1, 9, 30), np.uint8)
    array[0, 4, 10], array[0, 4, 14] = 1, 2
    found = nh.from_seeds(volume, labelled(array), nh.FromSeedsParams(margin_mm=3)).array
    assert (found[0, 1:8, 7:18] > 0).all()
    found[0, 1:8, 7:18] = 0
    assert not found.any()


def test_bad_input():
    volume = nh.Volume(np.zeros((1, 9, 30), np.float32), AFFINE)
    array = np.zeros((1, 9, 30), np.uint8)
    with pytest.raises(nh.LabelError, match="two classes are needed"):
        nh.from_seeds(volume, labelled(array))
    array[0, 4, 10], array[0, 4, 14] = 1, 2
    with pytest.raises(nh.LabelError, match="two classes are needed"):
        nh.from_seeds(volume, labelled(array), nh.FromSeedsParams(locked=2))
    with pytest.raises(nh.GridError):
        nh.from_seeds(nh.Volume(np.zeros((1, 9, 29)), AFFINE), labelled(array))
    with pytest.raises(nh.IntensityError):
        nh.from_seeds(nh.Volume(np.full((1, 9, 30), np.nan), AFFINE), labelled(array))
