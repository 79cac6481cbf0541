"""Joint counts against scikit-learn's confusion matrix, exactly."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.metrics import confusion_matrix, multilabel_confusion_matrix

from napari_hounsfield.evaluation.counts import Counts, class_counts, joint_counts
from napari_hounsfield.operation import finish

TYPES = st.sampled_from([np.uint8, np.int16, np.uint16, np.int64])


@st.composite
def two_maps(draw):
    shape = draw(hnp.array_shapes(min_dims=3, max_dims=3, max_side=6))
    values = st.sampled_from(draw(st.sampled_from([(0, 1), (0, 1, 2, 7), (0, 3, 120)])))
    return tuple(draw(hnp.arrays(draw(TYPES), shape, elements=values)) for _ in range(2))


@pytest.mark.filterwarnings("ignore:A single label")
@given(two_maps())
def test_counts_equal_the_confusion_matrix(maps):
    prediction, reference = maps
    pairs = finish(joint_counts(prediction, reference))
    values = np.union1d(prediction, reference)
    expected = confusion_matrix(reference.ravel(), prediction.ravel(), labels=values)
    found = [[pairs.get((int(p), int(r)), 0) for p in values] for r in values]
    assert np.array_equal(found, expected)
    binary = multilabel_confusion_matrix(reference.ravel(), prediction.ravel(), labels=values)
    for value, ((tn, fp), (fn, tp)) in zip(values, binary, strict=True):
        assert class_counts(pairs, int(value)) == Counts(tp, fp, fn, tn)


@given(two_maps(), st.data())
def test_region_and_ignored_values_are_left_out(maps, data):
    prediction, reference = maps
    region = data.draw(hnp.arrays(np.uint8, reference.shape, elements=st.integers(0, 2)))
    pairs = finish(joint_counts(prediction, reference, region, ignore=[1]))
    counted = (region != 0) & (reference != 1)
    assert sum(pairs.values()) == counted.sum()
    for (p, r), n in pairs.items():
        assert n == ((prediction == p) & (reference == r) & counted).sum()


@given(two_maps())
def test_storage_order_does_not_matter(maps):
    prediction, reference = maps
    views = (np.flip(m.transpose(2, 0, 1), (0, 2)) for m in maps)
    assert finish(joint_counts(*views)) == finish(joint_counts(prediction, reference))


def test_values_far_apart():
    prediction = np.array([[[0, 2**31 - 1, -(2**31), 5]]])
    reference = np.array([[[0, 2**31 - 1, 7, 7]]])
    assert finish(joint_counts(prediction, reference)) == {(0, 0): 1, (2**31 - 1, 2**31 - 1): 1, (-(2**31), 7): 1, (5, 7): 1}


def test_different_types_and_large_unsigned_values():
    prediction = np.array([[[255, 1]]], np.uint8)
    reference = np.array([[[-1, 1]]], np.int8)
    assert finish(joint_counts(prediction, reference)) == {(255, -1): 1, (1, 1): 1}
    huge = np.array([[[2**63, 2**64 - 1]]], np.uint64)
    assert finish(joint_counts(huge, huge)) == {(2**63, 2**63): 1, (2**64 - 1, 2**64 - 1): 1}


def test_nothing_counted():
    labels = np.ones((2, 2, 2), np.uint8)
    assert finish(joint_counts(labels, labels, np.zeros_like(labels))) == {}


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint32])
@pytest.mark.parametrize("values", ["noise", "blocks"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_many_voxels_are_counted_as_few_are(dtype, values, order):
    """Compiled counting by words equals scikit-learn, whatever the type, the order in memory, and the length of runs."""
    random = np.random.default_rng(0)
    shape = (11, 253, 371)
    if values == "noise":
        prediction, reference = (random.integers(0, 5, shape).astype(dtype) for _ in range(2))
    else:
        prediction, reference = (
            np.kron(random.integers(0, 5, (11, 23, 7)), np.ones((1, 11, 53))).astype(dtype) for _ in range(2)
        )
        prediction[:, 5:7, 3:5] = 255
    expected = confusion_matrix(reference.ravel(), prediction.ravel(), labels=[*range(5), 255])
    prediction, reference = (np.asarray(m, order=order)[:, ::-1] for m in (prediction, reference))
    pairs = finish(joint_counts(prediction, reference))
    assert [[pairs.get((p, r), 0) for p in (*range(5), 255)] for r in (*range(5), 255)] == expected.tolist()
    region = random.integers(0, 2, shape)
    inside, outside = (finish(joint_counts(prediction, reference, r)) for r in (region, 1 - region))
    assert {key: inside.get(key, 0) + outside.get(key, 0) for key in pairs} == pairs


def test_many_voxels_with_values_beyond_a_byte():
    prediction = np.arange(600_000).reshape(60, 100, 100) // 1000 - 3
    pairs = finish(joint_counts(prediction, np.zeros_like(prediction)))
    assert pairs == {(value, 0): 1000 for value in range(-3, 597)}


def test_progress_is_reported_often():
    labels = np.zeros((40, 512, 1024), np.uint8)
    reports = [r.fraction for r in joint_counts(labels, labels)]
    assert len(reports) >= 3
    assert reports == sorted(reports)
    assert reports[-1] == 1
