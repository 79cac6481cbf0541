"""Boxes, planes and voxels of a displayed array are found again in the stored one."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from napari_hounsfield._napari.editor.frame import Frame

SIDES = (4, 5, 6)
FRAMES = st.builds(
    lambda axes, flips: Frame(tuple(SIDES[axis] for axis in axes), axes, flips),
    st.sampled_from(list(itertools.permutations(range(3)))),
    st.sampled_from([(), (0,), (1, 2), (0, 1, 2)]),
)


@given(FRAMES, st.data())
def test_boxes_planes_and_voxels(frame: Frame, data: st.DataObject) -> None:
    stored = np.arange(np.prod(SIDES)).reshape(SIDES)
    shown = frame.shown(stored)
    assert shown.shape == frame.shape
    assert np.array_equal(frame.stored(shown), stored)
    box = tuple(slice(a, b + 1) for a, b in (sorted(data.draw(st.tuples(*[st.integers(0, n - 1)] * 2))) for n in frame.shape))
    assert np.array_equal(frame.stored(shown[box]), stored[frame.stored_box(box)])
    assert frame.shown_box(frame.stored_box(box)) == box
    axis = data.draw(st.integers(0, 2))
    index = data.draw(st.integers(0, frame.shape[axis] - 1))
    plane = frame.stored_plane(axis, index)
    assert {*stored.take(plane.index, plane.axis).flat} == {*shown.take(index, axis).flat}
    voxel = tuple(data.draw(st.integers(0, n - 1)) for n in SIDES)
    assert shown[frame.shown_index(voxel)] == stored[voxel]


def test_two_dimensions() -> None:
    frame, shown = Frame((5, 6)), np.arange(30).reshape(5, 6)
    stored = frame.stored(shown)
    assert stored.shape == (1, 5, 6)
    assert np.shares_memory(stored, shown)
    assert frame.stored_box((slice(1, 2), slice(3, 5))) == (slice(0, 1), slice(1, 2), slice(3, 5))
    assert frame.shown_box((slice(0, 1), slice(1, 2), slice(3, 5))) == (slice(1, 2), slice(3, 5))
    assert shown[frame.shown_index((0, 2, 3))] == stored[0, 2, 3]
