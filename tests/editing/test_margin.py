"""`margin` against distances to every voxel, and scipy's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

import napari_hounsfield as nh
from napari_hounsfield.editing import distance

from .conftest import AFFINE, OBLIQUE, ball, labelled, maps

radii = st.sampled_from([0.5, 1.0, 1.5, 3.0, 4.3])


def distances(array, wanted, affine):
    """Distance in mm from every voxel to the nearest of the wanted ones, from all pairs."""
    there = np.argwhere(wanted) @ affine[:3, :3].T
    here = np.argwhere(np.ones(array.shape, bool)) @ affine[:3, :3].T
    if not len(there):
        return np.full(array.shape, np.inf)
    return np.linalg.norm(here[:, None] - there[None], axis=2).min(axis=1).reshape(array.shape)


@given(maps(), radii, st.sampled_from([AFFINE, OBLIQUE]))
def test_grown_voxels_are_the_nearest_class_s(array, mm, affine):
    after = nh.margin(labelled(array, affine=affine), nh.MarginParams(mm=mm)).array
    each = np.stack([distances(array, array == value, affine) for value in (1, 2, 3)])
    expected = np.where((array == 0) & (each.min(axis=0) <= mm + 1e-6), each.argmin(axis=0) + 1, array)
    ties = np.sort(each, axis=0)
    clear = ties[1] > ties[0] + 1e-5  # equal distances may be rounded to either side
    assert np.array_equal(after[clear], expected[clear])
    assert np.array_equal(after > 0, expected > 0)


@given(maps(), radii, st.sampled_from([AFFINE, OBLIQUE]))
def test_shrunk_classes_keep_what_is_far_from_others(array, mm, affine):
    after = nh.margin(labelled(array, affine=affine), nh.MarginParams(mm=-mm)).array
    for value in (1, 2, 3):
        kept = (array == value) & (distances(array, array != value, affine) > mm + 1e-6)
        assert np.array_equal(after == value, kept)


@given(maps(1), radii)
def test_one_class_equals_scipy(array, mm):
    if array.any():
        grown = ndimage.distance_transform_edt(array == 0, sampling=(3, 1, 1)) <= mm
        assert np.array_equal(nh.margin(labelled(array), nh.MarginParams(mm=mm)).array, grown)


@given(maps(), radii, st.sampled_from(["axial", "coronal", "sagittal"]))
def test_in_planes(array, mm, within):
    axis = {"axial": 0, "coronal": 1, "sagittal": 2}[within]
    after = nh.margin(labelled(array), nh.MarginParams(mm=mm, within=within, classes=1)).array
    for before, plane in zip(np.moveaxis(array, axis, 0), np.moveaxis(after, axis, 0), strict=True):
        sampling = [s for i, s in enumerate((3, 1, 1)) if i != axis]
        near = (before == 1).any() & (ndimage.distance_transform_edt(before != 1, sampling=sampling) <= mm)
        assert np.array_equal(plane, np.where(near & (before == 0), 1, before))


@given(maps(), radii, st.sampled_from([1, -1]), st.sampled_from([(0,), (1,), (2,), (0, 1, 2)]))
def test_flips_commute(array, mm, sign, axes):
    params = nh.MarginParams(mm=sign * mm)
    flipped = nh.margin(labelled(np.flip(array, axes)), params).array
    assert np.array_equal(flipped, np.flip(nh.margin(labelled(array), params).array, axes))


@given(maps(), st.floats(-5, 5), st.sampled_from(["keep", "overwrite"]), st.sampled_from([(), (1,), (2, 3)]))
def test_locked_classes_never_change(array, mm, others, locked):
    before = array.copy()
    after = nh.margin(labelled(array), nh.MarginParams(mm=mm, others=others, locked=locked)).array
    for value in locked:
        assert np.array_equal(after == value, array == value)
    if mm > 0:
        assert np.array_equal(after[array > 0], array[array > 0])
    else:
        assert not ((after != array) & (after != 0)).any()
    assert np.array_equal(array, before)


def test_overwriting_takes_other_classes_but_no_locked_ones():
    line = np.array([[[2, 2, 1, 3, 3]]], np.uint8)
    grown = nh.margin(labelled(line), nh.MarginParams(mm=1, classes=1, others="overwrite")).array
    assert grown.tolist() == [[[2, 1, 1, 1, 3]]]
    grown = nh.margin(labelled(line), nh.MarginParams(mm=1, classes=1, others="overwrite", locked=3)).array
    assert grown.tolist() == [[[2, 1, 1, 3, 3]]]


def test_no_margin_is_the_same_and_a_huge_one_fills_the_image():
    array = ball((5, 9, 9), (2, 4, 4), 3).astype(np.uint8)
    assert np.array_equal(nh.margin(labelled(array), nh.MarginParams(mm=0)).array, array)
    assert nh.margin(labelled(array), nh.MarginParams(mm=200)).array.all()
    assert not nh.margin(labelled(array), nh.MarginParams(mm=-200)).array.any()
    assert nh.margin(labelled(np.ones((3, 4, 4), np.uint8)), nh.MarginParams(mm=-200)).array.all()  # no surface anywhere


def test_slabs_and_threads_change_nothing(monkeypatch):
    array = np.random.default_rng(0).choice(4, (20, 30, 30), p=[0.97, 0.01, 0.01, 0.01]).astype(np.uint8)
    expected = [nh.margin(labelled(array), nh.MarginParams(mm=mm)).array for mm in (4, -1)]
    monkeypatch.setattr(distance, "SLAB_VOXELS", 1)
    for mm, whole in zip((4, -1), expected, strict=True):
        assert np.array_equal(nh.margin(labelled(array), nh.MarginParams(mm=mm)).array, whole)


def test_labels_of_any_number():
    array = np.zeros((1, 5, 9), np.int32)
    array[0, 2, 2], array[0, 2, 6] = 70_000, 2_000_000_000
    grown = nh.margin(labelled(array), nh.MarginParams(mm=2)).array
    assert grown[0, 2].tolist() == [70_000] * 5 + [2_000_000_000] * 4
    assert grown.dtype == np.int32


def test_what_cannot_be_edited_is_told():
    some = labelled(np.ones((1, 3, 3), np.uint8))
    with pytest.raises(nh.LabelError, match="no class of the label 9"):
        nh.margin(some, nh.MarginParams(classes=9))
    with pytest.raises(nh.LabelError, match="one is locked"):
        nh.margin(some, nh.MarginParams(classes=1, locked=1))
    with pytest.raises(nh.LabelError, match="label 0 is the background"):
        nh.margin(some, nh.MarginParams(classes=0))
    empty = labelled(np.zeros((1, 3, 3), np.uint8))
    assert nh.margin(empty).array is empty.array
    assert nh.margin(empty, nh.MarginParams(classes=2)).array is empty.array
