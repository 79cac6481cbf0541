"""ISODATA finds how many compact classes there are, and ends with a number that is asked for."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_hounsfield.operation import finish
from napari_hounsfield.pixels.class_methods.isodata import IsodataParams, isodata
from napari_hounsfield.pixels.class_methods.kmeans import nearest_centres


def blobs(count, features, seed, width=1.0):
    """Standardised features (features, n) of Gaussians that are 12 apart in every feature, and which voxel is of which."""
    random = np.random.default_rng(seed)
    middles = np.stack([random.permutation(count) for _ in range(features)], axis=1) * 12.0
    sizes = random.integers(300, 900, count)
    truth = np.repeat(np.arange(count), sizes)
    maps = (middles[truth] + random.normal(0, width, (len(truth), features))).T
    return (maps - maps.mean(axis=1, keepdims=True)) / maps.std(axis=1, keepdims=True), truth


@settings(max_examples=30)
@given(count=st.integers(2, 6), features=st.integers(2, 8), seed=st.integers(0, 10_000), start=st.integers(2, 8))
def test_well_separated_classes_are_counted_and_found(count, features, seed, start):
    maps, truth = blobs(count, features, seed)
    centres = finish(isodata(maps, IsodataParams(start=start, deviation=0.3), 0, seed))
    assert len(centres) == count
    found = nearest_centres(maps, centres).labels
    pairs = {(int(t), int(f)) for t, f in zip(truth, found, strict=True)}
    assert len(pairs) == count, "each class is one of the Gaussians, whole"


@pytest.mark.parametrize("count", [2, 3, 4, 5, 6])
def test_defaults_count_them_too(count):
    maps, _ = blobs(count, 6, count)
    assert len(finish(isodata(maps, IsodataParams(), 0, 0))) == count


@given(count=st.integers(1, 12), seed=st.integers(0, 100))
def test_a_number_that_is_asked_for_is_the_number(count, seed):
    maps = np.random.default_rng(seed).normal(size=(3, 500))
    assert len(finish(isodata(maps, IsodataParams(), count, seed))) == count


def test_the_number_found_asked_for_changes_nothing():
    maps = np.random.default_rng(0).gamma(2, size=(4, 3000))
    found = finish(isodata(maps, IsodataParams(deviation=0.7), 0, 1))
    np.testing.assert_array_equal(finish(isodata(maps, IsodataParams(deviation=0.7), len(found), 1)), found)


def test_each_threshold_does_what_it_says():
    maps = np.random.default_rng(0).gamma(2, size=(3, 3000)) / np.sqrt(2)

    def number(**params):
        return len(finish(isodata(maps, IsodataParams(**params), 0, 0)))

    assert number(deviation=0.3) > number(deviation=1.5), "wider classes are allowed"
    assert number(deviation=0.3, distance=1.0, merges=8) <= number(deviation=0.3, distance=0.1), "closer ones are merged"
    assert number(deviation=0.1, most=5) == 5
    assert number(deviation=50, distance=50, fewest=3) == 3
    assert number(deviation=50, distance=0, smallest=0.3) <= 3


def test_no_class_is_smaller_than_allowed():
    maps = np.random.default_rng(4).gamma(1, size=(3, 3000))
    centres = finish(isodata(maps, IsodataParams(smallest=0.05, deviation=0.5), 0, 0))
    sizes = np.bincount(nearest_centres(maps, centres).labels)
    assert sizes.min() > 0.03 * maps.shape[1], "the centres settle a little after the last class was dissolved"
