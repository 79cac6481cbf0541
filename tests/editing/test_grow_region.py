"""`grow_region` against SimpleITK's region growing."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

import napari_hounsfield as nh
from napari_hounsfield.editing import grow_region as module

from .conftest import AFFINE, ball, labelled

shapes = st.tuples(st.integers(1, 5), st.integers(2, 9), st.integers(2, 9))


@pytest.fixture(params=[1, 1_000_000])
def _steps(request, monkeypatch):
    monkeypatch.setattr(module, "AT_ONCE", request.param)


@pytest.mark.usefixtures("_steps")
@given(shape=shapes, seed=st.integers(0, 2**32 - 1))
def test_threshold_equals_simple_itk(shape, seed):
    random = np.random.default_rng(seed)
    values = random.integers(0, 10, shape).astype(np.int16)
    point = [int(random.integers(0, n)) for n in shape]
    values[tuple(point)] = 4
    labels = labelled(np.zeros(shape, np.uint8))
    params = nh.GrowRegionParams(points=point, lower=2, upper=7)
    found = nh.grow_region(nh.Volume(values, AFFINE), labels, params).array
    image = SimpleITK.GetImageFromArray(values)
    expected = SimpleITK.GetArrayFromImage(SimpleITK.ConnectedThreshold(image, [point[::-1]], 2, 7))
    assert np.array_equal(found, expected)


@pytest.mark.parametrize("iterations", [0, 2, 5])
def test_confidence_is_near_simple_itk_s(iterations):
    random = np.random.default_rng(0)
    inside = ball((12, 40, 40), (6, 20, 18), 14)
    values = (np.where(inside, 60, 0) + random.normal(0, 10, inside.shape)).astype(np.float32)
    point = (6, 20, 18)
    params = nh.GrowRegionParams(points=point, method="confidence", multiplier=2.5, iterations=iterations, around=2)
    labels = labelled(np.zeros(inside.shape, np.uint8))
    found = nh.grow_region(nh.Volume(values, AFFINE), labels, params).array > 0
    image = SimpleITK.GetImageFromArray(values)
    expected = SimpleITK.GetArrayFromImage(
        SimpleITK.ConfidenceConnected(
            image, [point[::-1]], numberOfIterations=iterations, multiplier=2.5, initialNeighborhoodRadius=2
        )
    )
    assert np.mean(found != expected) < 0.002
    assert np.mean(found != inside) < 0.05


def test_seeds_are_what_is_painted_and_nothing_else_is_crossed():
    values = np.zeros((1, 5, 12), np.int16)
    array = np.zeros(values.shape, np.uint8)
    array[0, 2, 1] = 1
    array[0, :, 6] = 3
    volume = nh.Volume(values, AFFINE)
    found = nh.grow_region(volume, labelled(array), nh.GrowRegionParams(lower=0)).array
    assert (found[0, :, :6] == 1).all()
    assert not found[0, :, 7:].any()
    through = nh.grow_region(volume, labelled(array), nh.GrowRegionParams(lower=0, others="overwrite")).array
    assert (through == 1).all()
    held = nh.grow_region(volume, labelled(array), nh.GrowRegionParams(lower=0, others="overwrite", locked=3)).array
    assert np.array_equal(held, found)
    near = nh.grow_region(volume, labelled(array), nh.GrowRegionParams(lower=0, maximum_mm=2)).array
    assert np.array_equal(near[0] == 1, np.pad(np.ones((5, 4), bool), ((0, 0), (0, 8))))


def test_padding_is_not_entered():
    values = np.zeros((1, 3, 9), np.int16)
    valid = np.ones(values.shape, bool)
    valid[0, :, 4] = False
    labels = labelled(np.zeros(values.shape, np.uint8))
    found = nh.grow_region(nh.Volume(values, AFFINE, valid=valid), labels, nh.GrowRegionParams(points=(0, 1, 1), lower=0)).array
    assert np.array_equal(found, ndimage.label(valid)[0] == 1)


def test_bad_input():
    labels = labelled(np.zeros((2, 3, 3), np.uint8))
    volume = nh.Volume(np.zeros((2, 3, 3), np.float32), AFFINE)
    with pytest.raises(nh.LabelError, match="one: there are no seeds"):
        nh.grow_region(volume, labels, nh.GrowRegionParams(lower=0))
    with pytest.raises(nh.ParameterError, match="the range has no limits"):
        nh.grow_region(volume, labels, nh.GrowRegionParams(points=(0, 0, 0)))
    with pytest.raises(nh.ParameterError, match="outside the image"):
        nh.grow_region(volume, labels, nh.GrowRegionParams(points=(2, 0, 0), lower=0))
    with pytest.raises(nh.IntensityError):
        nh.grow_region(nh.Volume(np.full((2, 3, 3), np.nan), AFFINE), labels, nh.GrowRegionParams(points=(0, 0, 0), lower=0))
