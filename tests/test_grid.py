"""Grids: where voxels lie, and when two grids are the same lattice."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK
from hypothesis import given
from hypothesis import strategies as st

import napari_hounsfield as nh
from napari_hounsfield.grid import checked_affine, reordered, same_lattice

SPACINGS = st.tuples(*[st.floats(0.3, 10)] * 3)
ORIGINS = st.tuples(*[st.floats(-500, 500)] * 3)
SHAPES = st.tuples(*[st.integers(1, 5)] * 3)


def stored_otherwise(array, affine, order, axes):
    """The same voxels in the same places, with axes in another order and then reversed."""
    array, affine = array.transpose(order), affine[:, [*order, 3]].copy()
    for axis in axes:
        affine[:3, 3] += affine[:3, axis] * (array.shape[axis] - 1)
        affine[:3, axis] *= -1
    return np.flip(array, axes), affine


def oblique(spacing, origin, angles=(0.3, -0.5, 0.8), shear=0.2):
    turn = SimpleITK.Euler3DTransform()
    turn.SetRotation(*angles)
    affine = np.eye(4)
    affine[:3, :3] = np.reshape(turn.GetMatrix(), (3, 3)) @ [[1, 0, 0], [shear, 1, 0], [0, 0, 1]] @ np.diag(spacing)
    affine[:3, 3] = origin
    return affine


def test_axial_affine_is_the_documented_matrix():
    expected = [[0, 0, 0.7, 10], [0, 0.7, 0, 20], [3, 0, 0, 30], [0, 0, 0, 1]]
    assert np.array_equal(nh.axial_affine((3, 0.7, 0.7), (10, 20, 30)), expected)


@given(SPACINGS, ORIGINS, st.tuples(*[st.integers(0, 20)] * 3))
def test_positions_equal_simpleitk(spacing, origin, index):
    image = SimpleITK.Image(21, 21, 21, SimpleITK.sitkUInt8)
    image.SetSpacing(spacing[::-1])
    image.SetOrigin(origin)
    grid = nh.Grid((21, 21, 21), nh.axial_affine(spacing, origin))
    assert grid.positions([index])[0] == pytest.approx(image.TransformIndexToPhysicalPoint(index[::-1]))
    assert grid.spacing == pytest.approx(spacing)


@given(SPACINGS)
def test_voxel_volume_of_a_sheared_grid_is_less_than_the_product_of_its_sides(spacing):
    grid = nh.Grid((2, 2, 2), oblique(spacing, (0, 0, 0), shear=0.5))
    assert grid.voxel_volume == pytest.approx(np.prod(spacing))
    assert grid.voxel_volume < np.prod(grid.spacing)


@given(SHAPES, SPACINGS, ORIGINS, st.permutations([0, 1, 2]), st.sets(st.integers(0, 2)), st.booleans())
def test_whatever_the_storage_voxels_return_to_their_places(shape, spacing, origin, order, axes, straight):
    array = np.arange(np.prod(shape)).reshape(shape)
    affine = nh.axial_affine(spacing, origin) if straight else oblique(spacing, origin)
    other, other_affine = stored_otherwise(array, affine, order, tuple(axes))
    source, target = nh.Grid(other.shape, other_affine), nh.Grid(shape, affine)
    assert same_lattice(source, target)
    back = reordered(other, source, target)
    assert np.array_equal(back, array)
    assert np.shares_memory(back, array)


@given(SHAPES, SPACINGS, st.permutations([0, 1, 2]), st.sets(st.integers(0, 2)))
def test_patient_axes_name_the_direction_of_each_array_axis(shape, spacing, order, axes):
    _, affine = stored_otherwise(np.zeros(shape), nh.axial_affine(spacing), order, tuple(axes))
    expected = tuple(((2, 1, 0)[axis], -1 if place in axes else 1) for place, axis in enumerate(order))
    assert nh.Grid(tuple(shape[i] for i in order), affine).patient_axes == expected


def test_patient_axes_are_one_to_one_when_oblique():
    affine = np.eye(4)
    affine[:3, :3] = [[0.6, 0.64, 0.48], [0.64, 0.1, -0.76], [-0.48, 0.76, -0.43]]
    assert sorted(axis for axis, _ in nh.Grid((2, 2, 2), affine).patient_axes) == [0, 1, 2]


@pytest.mark.parametrize(
    ("shape", "affine"),
    [
        ((2, 3, 5), nh.axial_affine((3, 1, 1))),
        ((2, 3, 4), nh.axial_affine((3, 1, 1.02))),
        ((2, 3, 4), nh.axial_affine((3, 1, 1), (0.5, 0, 0))),
        ((2, 3, 4), nh.axial_affine((3, 1, 1), (0, 0, 3))),
        ((2, 3, 4), oblique((3, 1, 1), (0, 0, 0))),
    ],
)
def test_other_lattices_are_refused_with_both_grids(shape, affine):
    here, there = nh.Grid((2, 3, 4), nh.axial_affine((3, 1, 1))), nh.Grid(shape, affine)
    assert not same_lattice(there, here)
    with pytest.raises(nh.GridError, match=r"strokes: grids differ: Grid\(shape=.*against Grid\(shape=\(2, 3, 4\)"):
        reordered(np.zeros(shape), there, here, "strokes")


def test_rounding_in_a_header_is_not_another_lattice():
    here = nh.Grid((40, 512, 512), nh.axial_affine((3, 0.7, 0.7), (100.123456, 0, 0)))
    there = nh.Grid((40, 512, 512), nh.axial_affine((3, 0.7000001, 0.7), (100.1235, 0, 0)))
    assert same_lattice(here, there)


@pytest.mark.parametrize(
    ("affine", "reason"),
    [
        (np.eye(3), "shape"),
        (np.full((4, 4), np.nan), "not finite"),
        (np.diag([1, 1, 1, 2]), "last row"),
        (np.diag([1, 0, 1, 1]), "no volume"),
        ([[1, 1, 0, 0], [0, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]], "no volume"),
    ],
)
def test_what_is_no_affine_is_refused(affine, reason):
    with pytest.raises(nh.GridError, match=reason):
        checked_affine(affine)


def test_an_affine_is_kept_apart_from_the_array_it_came_from():
    mine = np.eye(4)
    grid = nh.Grid((1, 1, 1), mine)
    mine[0, 0] = 5
    assert grid.affine[0, 0] == 1
    with pytest.raises(ValueError, match="read-only"):
        grid.affine[0, 0] = 2


def test_the_representation_holds_no_identifier():
    assert "1.2.3" not in repr(nh.Grid((1, 2, 3), np.eye(4), "1.2.3"))


def test_grids_that_look_alike_are_told_apart_in_millimetres():
    shifted = nh.axial_affine((3, 1, 1), (2, 0, 0))
    labels = nh.LabelMap(np.zeros((3, 4, 5), np.uint8), shifted)
    with pytest.raises(nh.GridError, match="centres 2 mm apart"):
        labels.on(nh.Grid((3, 4, 5), nh.axial_affine((3, 1, 1))))
