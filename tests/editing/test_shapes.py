"""Signed distances against all pairs of points, and matching of parts."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from napari_hounsfield.editing.shapes import between, signed_distance

masks = hnp.arrays(bool, st.tuples(st.integers(1, 9), st.integers(2, 9)))


@given(masks, st.sampled_from([(1.0, 1.0), (3.0, 0.7)]))
def test_distance_to_the_outline_between_pixels(mask, spacing):
    if mask.all() or not mask.any():
        return
    points = [(y + 0.5, x) for y, x in np.argwhere(mask[1:] != mask[:-1])]
    points += [(y, x + 0.5) for y, x in np.argwhere(mask[:, 1:] != mask[:, :-1])]
    pixels = np.argwhere(np.ones(mask.shape, bool))
    apart = (pixels[:, None] - np.array(points)[None]) * spacing
    expected = np.linalg.norm(apart, axis=2).min(axis=1).reshape(mask.shape)
    np.testing.assert_allclose(signed_distance(mask, spacing), np.where(mask, expected, -expected), rtol=1e-5)


def test_parts_that_meet_are_one_and_near_ones_moved():
    first, second = np.zeros((2, 20, 60), bool)
    first[5:15, 5:25] = second[5:15, 5:10] = second[5:15, 18:28] = True  # a fork
    first[5:10, 40:45] = second[12:17, 42:47] = True  # moved
    found = between(first, second, (1.0, 1.0))
    assert len(found) == 2
    assert {tuple(np.round(each.move, 1)) for each in found} == {(0.0, 2.8), (7.0, 2.0)}


def test_what_is_far_has_no_counterpart():
    first, second = np.zeros((2, 20, 90), bool)
    first[5:10, 5:10] = second[5:10, 80:85] = True
    found = between(first, second, (1.0, 1.0))
    assert len(found) == 2
    for each in found:
        levels = np.full(first.shape, -1, np.float32)
        each.add_to(levels, 0.5)
        assert not (levels > 1e-6).any()
