"""`combine` against numpy's logic."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import napari_hounsfield as nh

from .conftest import AFFINE, labelled, maps

OPERATIONS = {"union": np.logical_or, "difference": lambda a, b: a & ~b, "exclusive or": np.logical_xor}
EVERY = OPERATIONS | {"intersection": np.logical_and}


@given(maps(), st.sampled_from(list(OPERATIONS)), st.sampled_from([0, 1, 3, 5]))
def test_within_one_map(array, how, into):
    after = nh.combine(labelled(array), nh.CombineParams(label=1, classes=2, how=how, into=into)).array
    result = OPERATIONS[how](array == 1, array == 2)
    target = into or 1
    expected = np.where(array == target, 0, array)
    expected[result] = target
    assert np.array_equal(after, expected)


@given(maps(2), st.sampled_from(list(EVERY)), st.randoms(use_true_random=False))
def test_with_another_map_that_is_stored_flipped(array, how, random):
    other = np.random.default_rng(random.getrandbits(32)).integers(0, 3, array.shape).astype(np.uint8)
    affine = AFFINE.copy()
    affine[:3, 3] += affine[:3, 0] * (array.shape[0] - 1)
    affine[:3, 0] *= -1
    turned = nh.LabelMap(other[::-1], affine, {2: "two"})
    after = nh.combine(labelled(array), turned, nh.CombineParams(label=1, classes=2, how=how)).array
    result = EVERY[how](array == 1, other == 2)
    assert np.array_equal(after == 1, result)
    assert np.array_equal(after[~result & (array != 1)], array[~result & (array != 1)])
    every = nh.combine(labelled(array), turned, nh.CombineParams(label=1, how=how)).array
    assert np.array_equal(every == 1, EVERY[how](array == 1, other > 0))


@given(maps(), st.sampled_from(list(OPERATIONS)), st.sampled_from(["keep", "overwrite"]))
def test_locked_classes_never_change(array, how, others):
    after = nh.combine(labelled(array), nh.CombineParams(label=1, classes=3, how=how, locked=2, others=others)).array
    assert np.array_equal(after == 2, array == 2)


def test_only_classes_that_are_named_are_combined():
    array = np.array([[[0, 1, 2, 3]]], np.uint8)
    with pytest.raises(nh.ParameterError, match="name the classes that the first is combined with"):
        nh.combine(labelled(array))
    assert nh.combine(labelled(array), nh.CombineParams(label=1, classes=2, others="keep")).array.tolist() == [[[0, 1, 1, 3]]]


def test_bad_input():
    some = labelled(np.ones((1, 3, 3), np.uint8))
    with pytest.raises(nh.ParameterError, match="give the other label map"):
        nh.combine(some, nh.CombineParams(classes=2, how="intersection"))
    with pytest.raises(nh.LabelError, match="no class of the label 9"):
        nh.combine(some, nh.CombineParams(classes=9))
    with pytest.raises(nh.LabelError, match="one is locked"):
        nh.combine(some, nh.CombineParams(classes=2, locked=1))
    with pytest.raises(nh.LabelError, match="label 300 does not fit labels of type uint8"):
        nh.combine(some, nh.CombineParams(classes=2, into=300))
    with pytest.raises(nh.GridError):
        nh.combine(some, nh.LabelMap(np.ones((1, 3, 4), np.uint8), AFFINE))
