"""`fill_range` against numpy's comparisons."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

import napari_hounsfield as nh
from napari_hounsfield.editing.fill_range import in_range

from .conftest import AFFINE, labelled, maps


@given(
    maps(),
    st.sampled_from([(), (1,), (1, 3)]),
    st.sampled_from(["keep", "overwrite"]),
    st.sampled_from([(), (1,)]),
    st.integers(0, 2**32 - 1),
)
def test_range_in_classes(array, inside, others, locked, seed):
    random = np.random.default_rng(seed)
    values = random.integers(-5, 5, array.shape).astype(np.int16)
    valid = random.random(array.shape) < 0.8
    volume = nh.Volume(values, AFFINE, valid=valid)
    params = nh.FillRangeParams(label=2, lower=-2, upper=3, inside=inside, others=others, locked=locked)
    after = nh.fill_range(volume, labelled(array), params).array
    where = (values >= -2) & (values <= 3) & valid
    if inside:
        where &= np.isin(array, inside)
    free = np.ones(array.shape, bool) if others == "overwrite" else np.isin(array, (0, 2, *inside))
    assert np.array_equal(after, np.where(where & free & ~np.isin(array, locked), 2, array))
    assert np.array_equal(in_range(values, -2, 3, valid), (values >= -2) & (values <= 3) & valid)


def test_in_a_polygon_through_some_slices():
    labels = labelled(np.zeros((4, 6, 6), np.uint8))
    volume = nh.Volume(np.tile(np.arange(6.0), (4, 6, 1)), AFFINE)
    points = (0, 0.5, 0.5, 0, 0.5, 4.5, 0, 4.5, 4.5, 0, 4.5, 0.5)
    params = nh.FillRangeParams(lower=3, points=points, first=1, last=2)
    after = nh.fill_range(volume, labels, params).array
    expected = np.zeros((4, 6, 6), bool)
    expected[1:3, 1:5, 3:5] = True
    assert np.array_equal(after, expected)


def test_an_image_that_is_stored_flipped():
    values = np.arange(4 * 5 * 6).reshape(4, 5, 6).astype(np.float32)
    affine = AFFINE.copy()
    affine[:3, 3] += affine[:3, 2] * 5
    affine[:3, 2] *= -1
    labels = labelled(np.zeros(values.shape, np.uint8))
    after = nh.fill_range(nh.Volume(values[:, :, ::-1], affine), labels, nh.FillRangeParams(lower=50)).array
    assert np.array_equal(after, values >= 50)


def test_bad_input():
    labels = labelled(np.zeros((2, 3, 3), np.uint8))
    values = np.zeros((2, 3, 3), np.float32)
    with pytest.raises(nh.GridError):
        nh.fill_range(nh.Volume(values[:1], AFFINE), labels, nh.FillRangeParams(lower=0))
    values[0, 0, 0] = np.nan
    with pytest.raises(nh.IntensityError, match="NaN"):
        nh.fill_range(nh.Volume(values, AFFINE), labels, nh.FillRangeParams(lower=0))
    with pytest.raises(ValidationError, match="lies above"):
        nh.FillRangeParams(lower=3, upper=2)
    with pytest.raises(nh.LabelError, match="one is locked"):
        nh.fill_range(nh.Volume(np.zeros((2, 3, 3)), AFFINE), labels, nh.FillRangeParams(lower=0, locked=1))
    with pytest.raises(nh.ParameterError, match="the range has no limits"):
        nh.fill_range(nh.Volume(np.zeros((2, 3, 3)), AFFINE), labels)
