"""`scissors` against a mask of the polygon."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import napari_hounsfield as nh

from .conftest import labelled, maps

WHOLE = {"axial": 0, "coronal": 1, "sagittal": 2}


def square(axis):
    """Corners of pixels 1 to 4 in both directions."""
    corners = np.array([(0.5, 0.6), (0.5, 4.4), (4.5, 4.4), (4.5, 0.6)])
    return np.insert(corners, axis, 0, axis=1).ravel().tolist()


@given(
    maps(),
    st.sampled_from(["erase inside", "erase outside", "fill inside", "fill outside"]),
    st.sampled_from(list(WHOLE)),
    st.sampled_from(["keep", "overwrite"]),
    st.sampled_from([(), (3,)]),
    st.data(),
)
def test_cuts_and_fills(array, how, plane, others, locked, data):
    axis = WHOLE[plane]
    first = data.draw(st.integers(0, array.shape[axis] - 1))
    last = data.draw(st.integers(first, array.shape[axis] - 1))
    params = nh.ScissorsParams(
        points=square(axis), plane=plane, first=first, last=last, how=how, label=2, others=others, locked=locked
    )
    after = nh.scissors(labelled(array), params).array
    inside = np.ones(array.shape, bool)
    for i, n in enumerate(array.shape):
        places = np.arange(n)
        some = (places >= 1) & (places <= 4) if i != axis else np.ones(n, bool)
        inside &= some.reshape([-1 if k == i else 1 for k in range(3)])
    where = inside if how.endswith("inside") else ~inside
    through = np.arange(array.shape[axis])
    where &= ((through >= first) & (through <= last)).reshape([-1 if k == axis else 1 for k in range(3)])
    if how.startswith("erase"):
        expected = np.where(where & ~np.isin(array, locked), 0, array)
    else:
        free = ~np.isin(array, locked) if others == "overwrite" else (array == 0) | (array == 2)
        expected = np.where(where & free, 2, array)
    assert np.array_equal(after, expected)


def test_beside_the_image_nothing_is_inside():
    some = labelled(np.ones((2, 5, 5), np.uint8))
    points = (0, 10, 10, 0, 10, 20, 0, 20, 15)
    assert nh.scissors(some, nh.ScissorsParams(points=points)).array.all()
    assert not nh.scissors(some, nh.ScissorsParams(points=points, how="erase outside")).array.any()


def test_bad_input():
    some = labelled(np.ones((2, 5, 5), np.uint8))
    with pytest.raises(nh.ParameterError, match="0 points"):
        nh.scissors(some)
    with pytest.raises(nh.LabelError, match="two is locked"):
        nh.scissors(some, nh.ScissorsParams(points=square(0), how="fill inside", label=2, locked=2))
