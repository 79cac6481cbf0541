"""`smooth` against scipy's filters and morphology."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

import napari_hounsfield as nh
from napari_hounsfield.editing import distance
from napari_hounsfield.editing import smooth as module
from napari_hounsfield.editing.metric import ball as ball_of

from .conftest import AFFINE, OBLIQUE, ball, labelled, maps

METHODS = ["median", "gaussian", "opening", "closing"]
radii = st.sampled_from([1.0, 1.5, 3.0])


def element(shape, radius, affine=AFFINE):
    """The ball as an array."""
    steps = ball_of(nh.Grid((99, 99, 99), affine), radius, [axis for axis in range(3) if shape[axis] > 1]).steps
    reach = np.abs(steps).max(axis=0)
    found = np.zeros(2 * reach + 1, bool)
    found[tuple((steps + reach).T)] = True
    return found


@given(maps(1), radii, st.sampled_from([AFFINE, OBLIQUE]))
def test_median_equals_scipy(array, mm, affine):
    found = nh.smooth(labelled(array, affine=affine), nh.SmoothParams(method="median", mm=mm)).array
    footprint = element(array.shape, mm, affine)
    assert np.array_equal(found, ndimage.median_filter(array, footprint=footprint, mode="nearest"))


@given(maps(1), radii)
def test_gaussian_equals_scipy(array, mm):
    found = nh.smooth(labelled(array), nh.SmoothParams(method="gaussian", mm=mm)).array
    blurred = array.astype(float)
    for axis, step in enumerate((3.0, 1.0, 1.0)):
        if array.shape[axis] > 1:
            radius = min(int(3 * mm / step + 1e-9), array.shape[axis] - 1)
            weights = np.exp(-0.5 * (np.arange(-radius, radius + 1) * step / mm) ** 2)
            blurred = ndimage.correlate1d(blurred, weights / weights.sum(), axis, mode="nearest")
    clear = abs(blurred - 0.5) > 1e-3
    assert np.array_equal(found[clear], (blurred > 0.5)[clear])


@given(maps(1), radii)
def test_opening_and_closing_equal_scipy(array, mm):
    footprint = element(array.shape, mm)
    solid = array > 0
    widths = [(n, n) for n in footprint.shape]
    inner = tuple(slice(a, -b) for a, b in widths)
    eroded = ndimage.binary_erosion(solid, footprint, border_value=1)
    opened = ndimage.binary_dilation(eroded, footprint)
    assert np.array_equal(nh.smooth(labelled(array), nh.SmoothParams(method="opening", mm=mm)).array, opened)
    grown = ndimage.binary_dilation(np.pad(solid, widths), footprint)[inner]
    closed = ndimage.binary_erosion(grown, footprint, border_value=1)
    assert np.array_equal(nh.smooth(labelled(array), nh.SmoothParams(method="closing", mm=mm)).array, closed | solid)


@given(maps(), st.sampled_from(METHODS), radii, st.sampled_from([(0,), (1,), (0, 1, 2)]))
def test_flips_commute(array, method, mm, axes):
    params = nh.SmoothParams(method=method, mm=mm)
    flipped = nh.smooth(labelled(np.flip(array, axes)), params).array
    assert np.array_equal(flipped, np.flip(nh.smooth(labelled(array), params).array, axes))


@given(maps(), st.sampled_from(METHODS), radii, st.sampled_from(["keep", "overwrite"]), st.sampled_from([(1,), (2, 3)]))
def test_locked_classes_never_change(array, method, mm, others, locked):
    after = nh.smooth(labelled(array), nh.SmoothParams(method=method, mm=mm, others=others, locked=locked)).array
    for value in locked:
        assert np.array_equal(after == value, array == value)


@given(maps(), st.sampled_from(METHODS), radii)
def test_one_class_among_others(array, method, mm):
    """Others keep their voxels, and no method but closing and voting adds any."""
    after = nh.smooth(labelled(array), nh.SmoothParams(method=method, mm=mm, classes=2)).array
    for value in (1, 3):
        assert np.array_equal(after == value, array == value)
    if method == "opening":
        assert not ((after == 2) & (array != 2)).any()
    if method == "closing":
        assert not ((after != 2) & (array == 2)).any()


@pytest.mark.parametrize("method", METHODS)
def test_two_classes_stay_without_a_gap(method):
    """A rough border between two halves of a block becomes smooth, and nothing is lost between them."""
    random = np.random.default_rng(0)
    array = np.zeros((12, 40, 40), np.uint8)
    array[2:10, 5:35, 5:35] = 1
    rough = 20 + random.integers(-2, 3, (12, 40, 1))
    array[(np.arange(40) > rough) & (array > 0)] = 2
    after = nh.smooth(labelled(array), nh.SmoothParams(method=method, mm=2)).array
    assert (after[3:9, 10:30, 10:30] > 0).all()
    if method != "closing":
        edges = [np.count_nonzero(np.diff((labels[4:8, 10:30, 5:35] == 2).astype(int), axis=1)) for labels in (array, after)]
        assert edges[1] < edges[0]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("mm", [2.0, 4.0])
def test_slabs_change_nothing(method, mm, monkeypatch):
    array = np.zeros((20, 30, 30), np.uint8)
    array[ball(array.shape, (10, 15, 12), 12)] = 1
    array[ball(array.shape, (10, 15, 22), 9)] = 2
    array[np.random.default_rng(0).random(array.shape) < 0.1] = 3
    whole = nh.smooth(labelled(array), nh.SmoothParams(method=method, mm=mm)).array
    monkeypatch.setattr(distance, "SLAB_VOXELS", 1)
    monkeypatch.setattr(module, "SLAB_VOXELS", 1)
    monkeypatch.setattr(module, "HALO_SHARE", 0)
    assert np.array_equal(nh.smooth(labelled(array), nh.SmoothParams(method=method, mm=mm)).array, whole)


@settings(max_examples=20)
@given(maps(), st.sampled_from(METHODS))
def test_nothing_is_smoothed_by_nothing(array, method):
    assert np.array_equal(nh.smooth(labelled(array), nh.SmoothParams(method=method, mm=0)).array, array)


def test_in_slices_each_slice_is_by_itself():
    array = np.random.default_rng(0).integers(0, 3, (4, 12, 12)).astype(np.uint8)
    for method in METHODS:
        params = nh.SmoothParams(method=method, mm=3, within="axial")
        whole = nh.smooth(labelled(array), params).array
        for z in range(4):
            assert np.array_equal(nh.smooth(labelled(array[z : z + 1]), params).array[0], whole[z])
