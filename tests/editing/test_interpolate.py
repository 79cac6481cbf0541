"""`interpolate` on shapes whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import napari_hounsfield as nh

from .conftest import AFFINE, labelled

PLANES = ("axial", "coronal", "sagittal")


def dice(first, second):
    return 2 * np.count_nonzero(first & second) / (np.count_nonzero(first) + np.count_nonzero(second))


def organ(shape, centre, radii, seed):
    """A smooth organ whose outline waves."""
    z, y, x = np.ogrid[: shape[0], : shape[1], : shape[2]]
    z, y, x = ((axis - c) / r for axis, c, r in zip((z, y, x), centre, radii, strict=True))
    wave = 1 + 0.15 * np.sin(3 * np.arctan2(y, x) + seed) * (1 - z**2).clip(0) + 0.07 * np.cos(2 * z + seed)
    return np.sqrt(z**2 + y**2 + x**2) < wave


def painted(truth, axis, count=10):
    """Evenly spaced slices of each class along an axis, its first and its last among them."""
    some = np.zeros_like(truth)
    for value in range(1, truth.max() + 1):
        found = np.moveaxis(truth == value, axis, 0)
        occupied = np.flatnonzero(found.any(axis=(1, 2)))
        for place in np.linspace(occupied[0], occupied[-1], count).round().astype(int):
            np.moveaxis(some, axis, 0)[place][found[place]] = value
    return some


@pytest.fixture(scope="module")
def organs():
    """Two smooth organs that touch, and one between them."""
    truth = np.zeros((100, 120, 120), np.uint8)
    truth[organ(truth.shape, (50, 60, 40), (45, 40, 24), 0)] = 1
    truth[organ(truth.shape, (50, 60, 84), (42, 38, 22), 1)] = 2
    truth[organ(truth.shape, (48, 30, 60), (40, 16, 16), 2)] = 3
    return truth


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_smooth_organs_come_back(organs, axis):
    labels = labelled(painted(np.moveaxis(organs, 0, axis), axis))
    found = nh.interpolate(labels)
    for value in (1, 2, 3):
        assert dice(np.moveaxis(found.array, axis, 0) == value, organs == value) > 0.97
    assert np.array_equal(found.array[labels.array > 0], labels.array[labels.array > 0])
    assert np.array_equal(nh.interpolate(labels, nh.InterpolateParams(plane=PLANES[axis])).array, found.array)


@settings(max_examples=30)
@given(hnp.arrays(np.uint8, (2, 7, 7), elements=st.integers(0, 2)), st.sampled_from([(1,), (2,), (0, 1, 2)]))
def test_flips_commute_and_painted_slices_stay(ends, axes):
    array = np.zeros((5, 7, 7), np.uint8)
    array[[0, 4]] = ends
    if not any((ends == value).any(axis=(1, 2)).all() for value in (1, 2)):
        return
    params = nh.InterpolateParams(plane="axial")
    after = nh.interpolate(labelled(array), params).array
    assert np.array_equal(after[[0, 4]], ends)
    flipped = nh.interpolate(labelled(np.flip(array, axes)), params).array
    differing = np.count_nonzero(np.flip(flipped, axes) != after)
    assert differing <= 3  # where two outlines are equally far, rounding decides


def test_a_disc_that_moves_keeps_its_size():
    """An oblique vessel: the discs do not overlap."""
    array = np.zeros((11, 30, 60), np.uint8)
    y, x = np.mgrid[:30, :60]
    for z, centre in ((0, 15), (10, 40)):
        array[z][(y - 15) ** 2 + (x - centre) ** 2 <= 81] = 1
    after = nh.interpolate(labelled(array), nh.InterpolateParams(plane="axial")).array
    for z, plane in enumerate(after):
        assert abs(int(plane.sum()) - int(array[0].sum())) <= 19  # a pixel a row where the centre lies between two
        assert abs(np.argwhere(plane)[:, 1].mean() - (15 + 2.5 * z)) < 0.6


def test_a_fork_stays_connected_and_what_ends_does_so_halfway():
    array = np.zeros((9, 20, 40), np.uint8)
    array[0, 5:15, 10:30] = 1
    array[8, 5:15, 8:16] = array[8, 5:15, 24:32] = 1
    after = nh.interpolate(labelled(array), nh.InterpolateParams(plane="axial")).array
    assert after.any(axis=(1, 2)).all()
    assert not after[7, 10, 20]
    assert after[1, 10, 20]
    alone = np.zeros((9, 20, 90), np.uint8)
    alone[[0, 8], 5:12, 5:12] = 1
    alone[0, 5:12, 70:77] = 1
    after = nh.interpolate(labelled(alone), nh.InterpolateParams(plane="axial")).array
    assert after[3, :, 60:].any()
    assert not after[5:8, :, 60:].any()


def test_classes_stay_apart_and_others_are_kept():
    array = np.zeros((7, 20, 20), np.uint8)
    array[[0, 6], 5:15, 2:10] = 1
    array[[0, 6], 5:15, 10:18] = 2
    array[3, 9, 5] = 3
    labels = labelled(array)
    after = nh.interpolate(labels, nh.InterpolateParams(locked=3)).array
    assert after[3, 9, 5] == 3
    after[3, 9, 5] = 1
    assert (after == after[0]).all()
    taken = nh.interpolate(labels, nh.InterpolateParams(classes=(1, 2), others="overwrite")).array
    assert taken[3, 9, 5] == 1
    one = nh.interpolate(labels, nh.InterpolateParams(classes=2)).array
    assert (one[1:6] == 2).any()
    assert not (one[1:6] == 1).any()


def test_what_cannot_be_interpolated_is_told():
    array = np.zeros((7, 9, 9), np.uint8)
    with pytest.raises(nh.LabelError, match="at least two slices"):
        nh.interpolate(labelled(array))
    array[3, 2:7, 2:7] = 1
    with pytest.raises(nh.LabelError, match="at least two slices"):
        nh.interpolate(labelled(array))
    array[4, 2:7, 2:7] = 1
    with pytest.raises(nh.LabelError, match="at least two axial slices"):
        nh.interpolate(labelled(array), nh.InterpolateParams(plane="axial"))
    array[:] = 0
    array[::6, ::8, 4] = 1
    with pytest.raises(nh.ParameterError, match="between axial and coronal slices"):
        nh.interpolate(labelled(array))
    with pytest.raises(nh.LabelError, match="no class of the label 9"):
        nh.interpolate(nh.LabelMap(array, AFFINE), nh.InterpolateParams(classes=9))
