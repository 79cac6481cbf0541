"""What an edit may write over."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import napari_hounsfield as nh
from napari_hounsfield.editing.params import ClassesParams
from napari_hounsfield.editing.writing import Rules, edited_boxes, one_of, write
from napari_hounsfield.operation import finish

from .conftest import labelled, maps

sets = st.frozensets(st.integers(0, 4))


@given(maps(), st.integers(0, 3), sets, sets, st.booleans(), st.integers(0, 2**32 - 1))
def test_written_where_it_may(array, value, edited, locked, overwrites, seed):
    mask = np.random.default_rng(seed).random(array.shape) < 0.5
    rules = Rules(edited, locked, overwrites)
    after = array.copy()
    if value and value in locked:
        with pytest.raises(nh.LabelError, match="is locked"):
            write(after, mask, value, rules)
        return
    write(after, mask, value, rules)
    free = np.ones(array.shape, bool) if overwrites else np.isin(array, [*edited, 0])
    assert np.array_equal(after, np.where(mask & free & ~np.isin(array, list(locked)), value, array))


def test_many_labels_are_looked_up():
    array = np.random.default_rng(0).integers(0, 60, (3, 9, 9)).astype(np.uint8)
    wanted = [*range(0, 60, 3), 300]
    assert np.array_equal(one_of(array, wanted), np.isin(array, wanted))
    assert np.array_equal(one_of(array.astype(np.uint16), wanted), np.isin(array, wanted))


def test_a_label_that_does_not_fit():
    with pytest.raises(nh.LabelError, match="label 256 does not fit labels of type uint8, which end at 255"):
        write(np.zeros((1, 2, 2), np.uint8), np.ones((1, 2, 2), bool), 256, Rules(frozenset(), frozenset(), True))


def test_classes_that_are_edited():
    labels = labelled(np.array([[[0, 1, 1, 2, 3]]], np.uint8))
    assert list(finish(edited_boxes(labels, ClassesParams(locked=(2, 7))))) == [1, 3]
    assert list(finish(edited_boxes(labels, ClassesParams(classes=(3, 1))))) == [1, 3]
    only = labelled(np.zeros((1, 2, 2), np.uint8))
    assert finish(edited_boxes(only, ClassesParams(classes=2))) == {}  # has a name
