"""Samples are the surest voxels, and the test part shares no slice with the training part."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import napari_hounsfield as nh


def draft_of(array, sureness=None):
    labels = nh.LabelMap(array, nh.axial_affine((3, 1, 1)), {1: "lung", 2: "bone"})
    return nh.Segmentation(labels, sureness=sureness) if sureness is not None else labels


@given(seed=st.integers(0, 1000), test=st.floats(0, 0.8), per_class=st.integers(1, 300), depth=st.sampled_from([1, 3, 12]))
def test_parts_are_disjoint_inside_the_class_and_share_no_slice(seed, test, per_class, depth):
    array = np.random.default_rng(seed).integers(0, 3, (depth, 40, 40)).astype(np.uint8)
    found = nh.samples(draft_of(array), nh.SampleParams(per_class=per_class, test=test, seed=seed))
    assert set(np.unique(found.array)) >= ({1, 2} if per_class > 5 else set())
    for part in (found.array, found.test.array):
        assert (array[part > 0] == part[part > 0]).all()
    assert not ((found.array > 0) & (found.test.array > 0)).any()
    assert all((found.array == v).sum() + (found.test.array == v).sum() <= per_class + 1 for v in (1, 2))
    if depth >= 8:
        in_train, in_test = (set(np.flatnonzero(p.any(axis=(1, 2)))) for p in (found.array, found.test.array))
        assert not in_train & in_test


def test_order_of_the_array_in_memory_does_not_matter():
    array = np.random.default_rng(0).integers(0, 3, (12, 30, 30)).astype(np.uint8)
    for other in (np.asfortranarray(array), np.ascontiguousarray(array.transpose(2, 0, 1)).transpose(1, 2, 0)):
        np.testing.assert_array_equal(nh.samples(draft_of(other)).array, nh.samples(draft_of(array)).array)


@pytest.mark.parametrize("seed", range(8))
def test_a_class_of_one_slice_is_trained_on(seed):
    array = np.ones((12, 20, 20), np.uint8)
    array[5, 8:12, 8:12] = 2
    found = nh.samples(draft_of(array), nh.SampleParams(seed=seed))
    assert (found.array == 2).any()


def test_surest_voxels_first():
    array = np.ones((12, 20, 20), np.uint8)
    array[:, 10:] = 2
    sureness = np.random.default_rng(0).random(array.shape, np.float32)
    found = nh.samples(draft_of(array, sureness), nh.SampleParams(surest=0.1, per_class=50))
    for value in (1, 2):
        assert sureness[found.array == value].min() >= np.quantile(sureness[array == value], 0.9) - 1e-6


def test_without_sureness_the_depth_in_the_class_counts_in_mm():
    array = np.zeros((12, 30, 30), np.uint8)
    array[:, 5:25, 5:15], array[:, 5:25, 15:25] = 1, 2
    found = nh.samples(draft_of(array), nh.SampleParams(surest=0.2, per_class=100))
    columns = np.nonzero(found.array == 1)[2]
    assert columns.min() > 5
    assert columns.max() < 14


def test_one_class_is_refused():
    with pytest.raises(nh.LabelError, match="at least two"):
        nh.samples(nh.LabelMap(np.ones((3, 4, 4), np.uint8), np.eye(4)))
