"""Polygons in planes, against matplotlib's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.path import Path
from pydantic import ValidationError

import napari_hounsfield as nh
from napari_hounsfield.editing.polygon import PolygonParams, polygon_box, polygon_mask

from .conftest import AFFINE, OBLIQUE

off_centre = st.floats(-4, 14).map(lambda v: np.floor(v) + 0.37)
outlines = st.lists(st.tuples(off_centre, off_centre.map(lambda v: v + 0.21)), min_size=3, max_size=3)


@given(outlines, st.sampled_from(["axial", "coronal", "sagittal"]), st.sampled_from([AFFINE, OBLIQUE]), st.booleans())
def test_mask_equals_matplotlib(outline, plane, affine, in_patient):
    grid = nh.Grid((9, 10, 11), affine)
    axis = grid.axis_across(plane)
    points = np.insert(np.array(outline), axis, 2.0, axis=1)
    where = "patient" if in_patient else "voxels"
    given_points = grid.positions(points) if in_patient else points
    params = PolygonParams(points=given_points.ravel().tolist(), coordinates=where, plane=plane)
    span, mask = polygon_mask(params, grid)
    shape = [n for i, n in enumerate(grid.shape) if i != axis]
    whole = np.zeros(shape, bool)
    whole[span] = mask
    pixels = np.argwhere(np.ones(shape, bool))
    expected = Path(np.array(outline)).contains_points(pixels).reshape(shape)
    on_edge = Path(np.array(outline)).contains_points(pixels, radius=1e-6) != Path(np.array(outline)).contains_points(
        pixels, radius=-1e-6
    )
    assert np.array_equal(whole.ravel()[~on_edge], expected.ravel()[~on_edge])
    box = polygon_box(span, params.slices(grid), axis)
    assert [s.stop - s.start for s in box] == np.insert(mask.shape, axis, grid.shape[axis]).tolist()


def test_slices_and_moving():
    grid = nh.Grid((9, 10, 11), AFFINE)
    params = PolygonParams(points=(0, 2, 3, 0, 5, 5, 0, 5, 1), first=3, last=6)
    assert params.slices(grid) == slice(3, 7)
    moved = params.moved((2, 1, 0), grid)
    assert moved.points == (-2, 1, 3, -2, 4, 5, -2, 4, 1)
    assert (moved.first, moved.last) == (1, 4)
    assert PolygonParams().slices(grid) == slice(0, 9)
    assert params.moved((8, 0, 0), grid).slices(nh.Grid((1, 10, 11), AFFINE)) == slice(1, 1)
    assert PolygonParams(first=20).slices(grid) == slice(9, 9)
    with pytest.raises(ValidationError, match="the last slice 4 lies before the first, 5"):
        PolygonParams(first=5, last=4)


def test_too_few_points():
    with pytest.raises(nh.ParameterError, match="2 points make no polygon"):
        polygon_mask(PolygonParams(points=(0, 0, 0, 0, 5, 5)), nh.Grid((9, 10, 11), AFFINE))


@given(st.lists(outlines, min_size=1, max_size=3))
def test_several_polygons_are_their_union(some):
    grid = nh.Grid((9, 10, 11), AFFINE)

    def whole(*polygons):
        points = np.insert(np.concatenate([np.array(each) for each in polygons]), 0, 0.0, axis=1).ravel().tolist()
        span, mask = polygon_mask(PolygonParams(points=points, corners=[len(each) for each in polygons]), grid)
        found = np.zeros(grid.shape[1:], bool)
        found[span] = mask
        return found

    assert np.array_equal(whole(*some), np.logical_or.reduce([whole(each) for each in some]))


def test_corners_are_those_of_the_points():
    with pytest.raises(ValidationError, match="corners 3, 4 are not the 3 points"):
        PolygonParams(points=(0, 0, 0, 0, 5, 5, 0, 5, 0), corners=(3, 4))
