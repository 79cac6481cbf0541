"""`copy_slice` by what the slices hold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import napari_hounsfield as nh

from .conftest import labelled, maps


@given(
    maps(),
    st.sampled_from(["axial", "coronal", "sagittal"]),
    st.booleans(),
    st.sampled_from(["keep", "overwrite"]),
    st.sampled_from([(), (3,)]),
    st.data(),
)
def test_copies(array, plane, clears, others, locked, data):
    axis = {"axial": 0, "coronal": 1, "sagittal": 2}[plane]
    count = array.shape[axis]
    if count < 2:
        return
    source, target = data.draw(st.lists(st.integers(0, count - 1), min_size=2, max_size=2, unique=True))
    params = nh.CopySliceParams(
        plane=plane, source=source, target=target, classes=(1, 2), replace=clears, others=others, locked=locked
    )
    after = np.moveaxis(nh.copy_slice(labelled(array), params).array, axis, 0)
    before = np.moveaxis(array, axis, 0)
    expected = before.copy()
    plane_ = expected[target]
    if clears:
        plane_[np.isin(plane_, (1, 2))] = 0
    free = ~np.isin(before[target], locked) if others == "overwrite" else before[target] != 3
    copied = np.isin(before[source], (1, 2)) & free
    plane_[copied] = before[source][copied]
    assert np.array_equal(after, expected)


def test_the_next_slice_is_the_usual_one():
    array = np.zeros((3, 4, 4), np.uint8)
    array[1, 1:3, 1:3] = 1
    after = nh.copy_slice(labelled(array), nh.CopySliceParams(source=1)).array
    assert np.array_equal(after[2], array[1])
    assert not after[0].any()


def test_bad_input():
    some = labelled(np.ones((2, 5, 5), np.uint8))
    with pytest.raises(nh.ParameterError, match="no axial slice 2: the last one is 1"):
        nh.copy_slice(some, nh.CopySliceParams(source=1))
    with pytest.raises(nh.ParameterError, match="onto itself"):
        nh.copy_slice(some, nh.CopySliceParams(source=1, target=1))
    with pytest.raises(nh.ParameterError, match="one axial slice only"):
        nh.copy_slice(labelled(np.ones((1, 5, 5), np.uint8)), nh.CopySliceParams())
