"""What was changed comes back, whatever the type, the place and the order."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from napari_hounsfield.editing.delta import Delta
from napari_hounsfield.operation import finish

KINDS = st.sampled_from([np.uint8, np.uint16, np.int32, np.int64])


@st.composite
def edits(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    kind, shape = draw(KINDS), draw(array_shapes(min_dims=3, max_dims=3, max_side=6))
    labels = st.integers(0, 3)
    return draw(arrays(kind, shape, elements=labels)), draw(arrays(kind, shape, elements=labels))


@given(edits())
def test_undone_and_redone(edit: tuple[np.ndarray, np.ndarray]) -> None:
    before, after = edit
    delta = Delta.between(before, after)
    if delta is None:
        assert np.array_equal(before, after)
        return
    array = after.copy()
    finish(delta.write(array, undo=True))
    assert np.array_equal(array, before)
    finish(delta.write(array, undo=False))
    assert np.array_equal(array, after)
    assert delta.voxels == (before != after).sum()


@given(edits(), st.integers(0, 5))
def test_plane_that_is_looked_at_is_written_first(edit: tuple[np.ndarray, np.ndarray], first: int) -> None:
    before, after = edit
    delta = Delta.between(before, after)
    if delta is None or not delta.box[0].start <= first < delta.box[0].stop:
        return
    array = before.copy()
    next(delta.write(array, undo=False, first=first))
    assert np.array_equal(array[first], after[first])
    others = np.arange(len(array)) != first
    assert np.array_equal(array[others], before[others])


def test_edits_of_other_voxels_stay() -> None:
    before = np.zeros((3, 4, 5), np.uint8)
    after = before.copy()
    after[1, 1, 1] = 2
    delta = Delta.between(before, after)
    assert delta is not None
    after[1, 1, 2] = 3
    finish(delta.write(after, undo=True))
    assert after[1, 1].tolist() == [0, 0, 3, 0, 0]


def test_only_the_box_is_compared() -> None:
    before = np.zeros((3, 4, 5), np.uint8)
    after = before + np.uint8(1)
    delta = Delta.between(before, after, (slice(1, 2), slice(0, 4), slice(2, 4)))
    assert delta is not None
    assert delta.voxels == 8
    assert delta.box == (slice(1, 2), slice(0, 4), slice(2, 4))


def test_arrays_that_are_views_are_written_through() -> None:
    stored = np.zeros((4, 5, 6), np.uint8)
    shown = np.flip(stored.transpose(2, 0, 1), 1)
    after = shown.copy()
    after[2:4, 1, 1:3] = 7
    delta = Delta.between(shown, after)
    assert delta is not None
    finish(delta.write(shown, undo=False))
    assert np.array_equal(shown, after)
    assert (stored == 7).sum() == 4


def test_a_large_organ_takes_little_memory() -> None:
    z, y, x = np.ogrid[:100, :256, :256]
    ball = (4 * (z - 50) ** 2 + (y - 128) ** 2 + (x - 128) ** 2 < 90**2).astype(np.uint8)
    delta = Delta.between(np.zeros_like(ball), ball)
    assert delta is not None
    assert delta.nbytes < ball.nbytes / 50


def test_other_shapes_and_types_are_refused() -> None:
    array = np.zeros((2, 2, 2), np.uint8)
    for other in (np.zeros((2, 2, 3), np.uint8), array.astype(np.int32)):
        with pytest.raises(ValueError, match="one shape"):
            Delta.between(array, other)
