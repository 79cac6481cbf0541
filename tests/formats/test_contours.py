"""Masks as polygons and back, against scikit-image."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from skimage.draw import polygon2mask
from skimage.measure import label

from napari_hounsfield.formats.contours import filled, outlines

MASKS = arrays(bool, array_shapes(min_dims=2, max_dims=2, max_side=12))


@given(MASKS)
def test_outlines_hold_exactly_the_centres(mask: np.ndarray) -> None:
    polygons = outlines(mask)
    assert np.array_equal(filled(polygons, mask.shape), mask)
    apart = [polygon2mask(mask.shape, polygon) for polygon in polygons]
    assert np.array_equal(np.sum(apart, axis=0) if apart else np.zeros(mask.shape), mask), "whether added up or by even and odd"
    assert len(polygons) == label(mask, connectivity=1).max(), "one polygon a region; pixels touching at corners are apart"


@given(MASKS)
def test_corners_lie_halfway_between_pixels_and_turn(mask: np.ndarray) -> None:
    for polygon in outlines(mask):
        assert np.array_equal(polygon * 2, np.rint(polygon * 2))
        off = np.abs(polygon - np.rint(polygon))
        assert (off.max(axis=1) == 0.5).all(), "no corner is a centre"
        steps, following = np.roll(polygon, -1, axis=0) - polygon, np.roll(polygon, -2, axis=0) - np.roll(polygon, -1, axis=0)
        turns = steps[:, 0] * following[:, 1] - steps[:, 1] * following[:, 0]
        assert ((turns != 0) | ((steps * following).sum(axis=1) < 0)).all(), "no corner lies on a straight line"


@pytest.mark.parametrize("islands", [0, 1, 2])
def test_rings_within_rings(islands: int) -> None:
    y, x = np.mgrid[-20:21, -20:21]
    radius = np.hypot(y, x)
    mask = (radius < 19) & (radius > 12)
    for inner in range(islands):
        mask |= (radius < 9 - 4 * inner) & (radius > 6 - 4 * inner)
    polygons = outlines(mask)
    assert len(polygons) == 1 + islands
    assert np.array_equal(filled(polygons, mask.shape), mask)


CORNERS = st.tuples(st.integers(-400, 1000), st.integers(-400, 1000))
"""In 64ths of a pixel."""


@settings(max_examples=20)
@given(st.lists(st.lists(CORNERS, min_size=3, max_size=8), min_size=1, max_size=4))
def test_any_polygons_by_even_and_odd(corners: list[list[tuple[int, int]]]) -> None:
    shape = (11, 9)
    expected = np.zeros(shape, bool)
    for corner in corners:
        expected ^= _even_odd(np.array(corner), shape)
    polygons = [np.array(corner) / 64 for corner in corners]
    assert np.array_equal(filled(polygons, shape), expected)
    assert np.array_equal(filled([polygon[::-1] for polygon in polygons], shape), expected)


def _even_odd(corners: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Whether a ray crosses an odd number of sides, in whole numbers; what has a centre on an outline is not looked at."""
    y, x = 64 * np.mgrid[: shape[0], : shape[1]]
    inside = np.zeros(shape, bool)
    for (y0, x0), (y1, x1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        side = (x1 - x0) * (y - y0) - (x - x0) * (y1 - y0)
        between = (y0 <= y) != (y1 <= y)
        assume(not ((side == 0) & ((y0 <= y) != (y1 < y))).any())
        inside ^= between & ((side < 0) == (y1 > y0))
    return inside


@pytest.mark.parametrize("shift", [0.0, 0.5])
def test_a_square_has_its_area(shift: float) -> None:
    square = np.array([(1, 1), (1, 5), (5, 5), (5, 1)]) + shift
    assert filled([square], (8, 8)).sum() == 16


def test_nothing_and_everything() -> None:
    assert outlines(np.zeros((3, 4), bool)) == []
    assert not filled([], (3, 4)).any()
    (all_of_it,) = outlines(np.ones((3, 4), bool))
    assert len(all_of_it) == 8
    huge = np.array([(-1e9, -1e9), (-1e9, 1e9), (1e9, 1e9), (1e9, -1e9)])
    assert filled([huge], (3, 4)).all()
