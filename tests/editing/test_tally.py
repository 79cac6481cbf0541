"""Counts follow every edit, and are those that counting again gives."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from napari_hounsfield.editing.delta import Delta
from napari_hounsfield.editing.tally import fullest_steps, tally_steps
from napari_hounsfield.operation import finish

SHAPE = (3, 4, 5)
LABELS = {"elements": st.integers(0, 120)}


@given(st.sampled_from([np.uint8, np.int8, np.uint16, np.int64]).flatmap(lambda k: st.tuples(*[arrays(k, SHAPE, **LABELS)] * 2)))
def test_counts_follow_edits(pair: tuple[np.ndarray, np.ndarray]) -> None:
    before, after = pair
    tally = finish(tally_steps(before))
    delta = Delta.between(before, after)
    for array, undo in ((after, False), (before, True)):
        if delta is not None:
            tally.follow(delta, undo=undo)
        assert tally.values == sorted({*np.unique(array).tolist()} - {0})
        for value in tally.values:
            assert tally.voxels(value) == (array == value).sum()


@pytest.mark.parametrize("value", [0, 5])
def test_what_does_not_occur(value: int) -> None:
    tally = finish(tally_steps(np.ones(SHAPE, np.uint8)))
    assert tally.voxels(value) == 0


@given(arrays(np.uint8, SHAPE, elements=st.integers(0, 2)), st.integers(0, 2))
def test_the_fullest_plane(array: np.ndarray, axis: int) -> None:
    voxel = finish(fullest_steps(array, 2, axis))
    if voxel is None:
        assert not (array == 2).any()
        return
    planes = np.moveaxis(array == 2, axis, 0).sum(axis=(1, 2))
    assert planes[voxel[axis]] == planes.max()
    assert array[voxel] == 2
