"""`islands` against scipy's labelling."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy import ndimage

import napari_hounsfield as nh
from napari_hounsfield.editing import islands as module

from .conftest import AFFINE, labelled, maps


def parts_of(array, value):
    """Parts, their sizes, and their numbers from the largest on."""
    parts, count = ndimage.label(array == value)
    sizes = np.bincount(parts.ravel(), minlength=count + 1)[1:]
    return parts, sizes, 1 + np.argsort(-sizes, kind="stable")


@given(maps(), st.integers(1, 3))
def test_largest_equal_scipy(array, keep):
    after = nh.islands(labelled(array), nh.IslandsParams(keep=keep)).array
    for value in (1, 2, 3):
        parts, _, order = parts_of(array, value)
        assert np.array_equal(after == value, np.isin(parts, order[:keep]))


@given(maps(), st.sampled_from([0.003, 0.006, 0.02]))
def test_small_ones_are_removed(array, minimum):
    after = nh.islands(labelled(array), nh.IslandsParams(minimum_ml=minimum)).array
    for value in (1, 2, 3):
        parts, sizes, _ = parts_of(array, value)
        kept = 1 + np.flatnonzero(sizes * 3 / 1000 > minimum - 1e-12)
        assert np.array_equal(after == value, np.isin(parts, kept))


@given(maps(2))
def test_split_makes_a_class_of_each_further_island(array):
    found = nh.islands(labelled(array), nh.IslandsParams(split=True))
    again = 0
    for value in (1, 2):
        parts, _, order = parts_of(array, value)
        names = [{1: "one", 2: "two"}[value] + (f" {i}" if i > 1 else "") for i in range(1, len(order) + 1)]
        for name, part in zip(names, order, strict=True):
            (label,) = [v for v, n in found.classes.items() if n == name]
            assert np.array_equal(found.array == label, parts == part)
            again += 1
    assert len(np.unique(found.array[found.array > 0])) == again


@given(maps(), st.sampled_from(["keep", "remove"]), st.data())
def test_points_choose(array, what, data):
    point = [data.draw(st.integers(0, n - 1)) for n in array.shape]
    value = int(array[tuple(point)])
    after = nh.islands(labelled(array), nh.IslandsParams(points=point, at_points=what)).array
    expected = array.copy()
    if value:
        parts, _, _ = parts_of(array, value)
        chosen = parts == parts[tuple(point)]
        expected[(array == value) & (~chosen if what == "keep" else chosen)] = 0
    assert np.array_equal(after, expected)
    patient = (AFFINE @ [*point, 1])[:3]
    params = nh.IslandsParams(points=patient, coordinates="patient", at_points=what)
    assert np.array_equal(nh.islands(labelled(array), params).array, expected)


@given(maps(), st.sampled_from([(1,), (2, 3)]))
def test_locked_classes_never_change(array, locked):
    after = nh.islands(labelled(array), nh.IslandsParams(keep=1, locked=locked)).array
    for value in locked:
        assert np.array_equal(after == value, array == value)


def test_labels_widen_where_a_split_needs_it():
    array = np.zeros((1, 40, 41), np.uint8)
    array[0, ::2, ::2] = 255
    found = nh.islands(labelled(array), nh.IslandsParams(split=True))
    assert found.array.dtype == np.uint16
    assert found.array.max() == 255 + 20 * 21 - 1


def test_new_classes_have_names_of_their_own():
    array = np.array([[[1, 1, 1, 0, 1, 1, 0, 1, 0, 2]]], np.uint8)
    after = nh.islands(labelled(array, {1: "lung", 2: "lung 2"}), nh.IslandsParams(classes=1, split=True))
    assert after.classes == {1: "lung", 2: "lung 2", 3: "lung 3", 4: "lung 4"}


def test_bad_input(monkeypatch):
    array = np.ones((1, 3, 3), np.uint8)
    array[0, 1] = 0
    with pytest.raises(nh.ParameterError, match="point 2 of 2 lies outside"):
        nh.islands(labelled(array), nh.IslandsParams(points=(0, 0, 0, 0, 3, 0)))
    with pytest.raises(ValidationError, match="4 numbers are no points"):
        nh.IslandsParams(points=(0, 0, 0, 0))
    monkeypatch.setattr(module, "MOST_NEW", 0)
    with pytest.raises(nh.LabelError, match="2 islands are too many"):
        nh.islands(labelled(array), nh.IslandsParams(split=True))
