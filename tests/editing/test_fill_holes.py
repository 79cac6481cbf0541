"""`fill_holes` against scipy's."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

import napari_hounsfield as nh

from .conftest import labelled, maps


def filled(mask, within):
    """What scipy fills."""
    if within == "volume":
        return ndimage.binary_fill_holes(mask)
    axis = {"axial": 0, "coronal": 1, "sagittal": 2}[within]
    return np.stack([ndimage.binary_fill_holes(plane) for plane in np.moveaxis(mask, axis, 0)], axis)


within = st.sampled_from(["volume", "axial", "coronal", "sagittal"])


@given(maps(1), within)
def test_one_class_equals_scipy(array, how):
    after = nh.fill_holes(labelled(array), nh.FillHolesParams(within=how)).array
    assert np.array_equal(after, filled(array == 1, how))


@given(maps(), within, st.sampled_from(["keep", "overwrite"]), st.sampled_from([(), (3,), (2, 3)]))
def test_one_class_among_others(array, how, others, locked):
    after = nh.fill_holes(labelled(array), nh.FillHolesParams(within=how, classes=1, others=others, locked=locked)).array
    free = ~np.isin(array, locked) if others == "overwrite" else array == 0
    assert np.array_equal(after, np.where(filled(array == 1, how) & free, 1, array))


@given(maps(), within)
def test_several_classes_keep_their_voxels_and_fill_every_hole(array, how):
    after = nh.fill_holes(labelled(array), nh.FillHolesParams(within=how)).array
    assert np.array_equal(after[array > 0], array[array > 0])
    holes = np.any([filled(array == value, how) for value in (1, 2, 3)], axis=0)
    assert np.array_equal(after > 0, holes | (array > 0))


def test_a_hole_goes_to_the_class_of_the_least_volume():
    array = np.zeros((1, 11, 11), int)
    array[0, 1:10, 1:10] = 1
    array[0, 3:8, 3:8] = 2
    array[0, 5, 5] = 0
    assert nh.fill_holes(labelled(array), nh.FillHolesParams(within="axial")).array[0, 5, 5] == 2
    swapped = np.array([0, 2, 1])[array]
    assert nh.fill_holes(labelled(swapped), nh.FillHolesParams(within="axial")).array[0, 5, 5] == 1
