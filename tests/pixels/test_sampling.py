"""Samples are the surest voxels, and the test part shares no slice with the training part."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

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


def two_halves(slices=16, matrix=64):
    array = np.ones((slices, matrix, matrix), np.uint8)
    array[:, :, matrix // 2 :] = 2
    return array


def dabs_of(array):
    """Sizes of the parts of each slice."""
    return [size for plane in array for size in np.bincount(ndimage.label(plane)[0].ravel())[1:]]


def test_strokes_are_dabs_of_the_brush_spread_over_the_slices():
    array = two_halves()
    sureness = np.random.default_rng(0).random(array.shape, np.float32) * 0.01 + 0.5
    found = nh.samples(draft_of(array, sureness), nh.SampleParams(surest=1.0, per_class=400, brush=5))
    for value in (1, 2):
        for part, amount in ((found.array, 300), (found.test.array, 100)):
            painted = part == value
            assert painted.sum() == amount
            sizes = dabs_of(painted)
            assert np.median(sizes) >= 19, "most are whole discs of 21 voxels"
            assert len(sizes) <= amount / 21 * 2
        assert (found.array == value).any(axis=(1, 2)).sum() == 12, "every slice that is not kept for the test"


def test_a_brush_of_less_than_a_voxel_gives_single_voxels():
    found = nh.samples(draft_of(two_halves()), nh.SampleParams(per_class=40, brush=0.5))
    assert np.median(dabs_of(found.array)) == 1


@pytest.mark.parametrize("brush", [3.0, 8.0, 20.0])
def test_no_dab_is_wider_than_the_brush(brush):
    labels = nh.LabelMap(two_halves(), nh.axial_affine((3, 1, 2)))
    found = nh.samples(labels, nh.SampleParams(per_class=50, brush=brush, surest=0.5))
    for plane in found.array:
        for rows, columns in ndimage.find_objects(ndimage.label(plane)[0]):
            tall, wide = rows.stop - rows.start - 1, columns.stop - columns.start - 1
            assert tall <= 2 * brush + 1, "two dabs that touch at most"
            assert 2 * wide <= 2 * brush + 2


def test_each_class_has_its_number():
    found = nh.samples(draft_of(two_halves()), nh.SampleParams(per_class=(40, 200), test=0.5))
    assert [(found.array == v).sum() for v in (1, 2)] == [20, 100]
    assert [(found.test.array == v).sum() for v in (1, 2)] == [20, 100]
    with pytest.raises(nh.ParameterError, match="3 numbers of samples for 2 classes"):
        nh.samples(draft_of(two_halves()), nh.SampleParams(per_class=(1, 2, 3)))


@pytest.mark.parametrize("seed", range(4))
def test_no_slice_is_shared_even_where_a_class_has_few(seed):
    array = two_halves()
    array[3, :8, :8], array[9, :8, :8] = 3, 4
    found = nh.samples(draft_of(array), nh.SampleParams(seed=seed, test=0.6))
    assert {3, 4} <= set(np.unique(found.array))
    in_train, in_test = (p.any(axis=(1, 2)) for p in (found.array, found.test.array))
    assert not (in_train & in_test).any()


def test_the_same_seed_paints_the_same_and_another_does_not():
    first, again = (nh.samples(draft_of(two_halves())) for _ in range(2))
    other = nh.samples(draft_of(two_halves()), nh.SampleParams(seed=1))
    np.testing.assert_array_equal(first.array, again.array)
    assert (first.array != other.array).any()
    recorded = nh.samples(draft_of(two_halves()), nh.SampleParams(**first.history[-1].parameters))
    np.testing.assert_array_equal(recorded.array, first.array)


def test_all_of_a_class_where_more_is_asked_for_than_there_is():
    array = two_halves(8, 16)
    found = nh.samples(draft_of(array), nh.SampleParams(per_class=100_000, surest=1.0))
    np.testing.assert_array_equal(found.array + found.test.array, array)
