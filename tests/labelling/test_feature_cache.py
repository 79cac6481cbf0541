"""Features of slices are those of the whole volume, and kept within the limit."""

from __future__ import annotations

import numpy as np
import pytest

import napari_hounsfield as nh
from napari_hounsfield.editing.near import Plane
from napari_hounsfield.feature_stack import FeatureEngine, FeatureParams
from napari_hounsfield.labelling.feature_cache import FeatureCache
from napari_hounsfield.labelling.stroke_features import StrokeFeatures
from napari_hounsfield.operation import finish


def engine(volume: nh.Volume) -> FeatureEngine:
    return FeatureEngine(volume, FeatureParams().resolve(volume))


def test_planes_equal_the_whole_volume(volume: nh.Volume) -> None:
    source, cache = engine(volume), FeatureCache()
    whole = nh.features(volume)
    for z in (0, 5, 11):
        assert np.allclose(finish(cache.plane(source, z)), whole.array[:, z], atol=1e-6)
        assert cache.holds(source, z)


@pytest.mark.parametrize("limit", [None, 1])
def test_planes_across_the_slices(volume: nh.Volume, limit: int | None) -> None:
    source, cache = engine(volume), FeatureCache(limit)
    whole = nh.features(volume).array
    steps = cache.cut(source, Plane(1, 7))
    while not cache.holds(source, 4):
        next(steps)
    steps.close()  # given up: the next call goes on
    counted: list[int] = []
    slab, source.slab = source.slab, lambda first, last, out: counted.append(first) or slab(first, last, out)  # type: ignore[method-assign, func-returns-value]
    assert np.allclose(finish(cache.cut(source, Plane(1, 7))), whole[:, :, 7], atol=1e-6)
    assert set(counted) == set(range(5, 12))
    assert np.allclose(finish(cache.cut(source, Plane(2, 3))), whole[:, :, :, 3], atol=1e-6)
    assert np.allclose(finish(cache.cut(source, Plane(0, 3))), whole[:, 3], atol=1e-6)
    cache.forget(source)
    assert cache.nbytes == 0


def test_the_least_recently_used_goes_first(volume: nh.Volume) -> None:
    source = engine(volume)
    one = finish(FeatureCache().plane(source, 0)).nbytes
    cache = FeatureCache(3 * one)
    for z in (0, 1, 2, 0, 3):
        finish(cache.plane(source, z))
    assert [cache.holds(source, z) for z in range(4)] == [True, False, True, True]
    assert cache.nbytes <= 3 * one
    cache.forget(source)
    assert cache.nbytes == 0


def test_what_is_painted_is_followed_slice_by_slice(volume: nh.Volume) -> None:
    source = engine(volume)
    features, strokes = StrokeFeatures(source, FeatureCache()), np.zeros(volume.array.shape, np.uint8)
    whole = nh.features(volume).array
    random = np.random.default_rng(0)
    for _ in range(6):
        z = int(random.integers(12))
        strokes[z, 3:9, 3 : int(random.integers(4, 20))] = random.integers(0, 3)
        features.outdate(z, z + 1)
        painted = finish(features.update(strokes))
        assert np.array_equal(painted.values, strokes[strokes > 0])
        assert np.allclose(painted.rows, whole[:, strokes > 0].T, atol=1e-6)


def test_strokes_are_connected_parts_of_a_class_in_a_plane(volume: nh.Volume) -> None:
    strokes = np.zeros(volume.array.shape, np.uint8)
    strokes[2:4, 5, 5:9] = 1
    strokes[2, 5, 9:12] = 2
    strokes[2, 20, 5:9] = 1
    painted = finish(StrokeFeatures(engine(volume), FeatureCache()).update(strokes))
    assert len(np.unique(painted.strokes)) == 3, "one of them was painted across the slices"
    for stroke in np.unique(painted.strokes):
        assert len(np.unique(painted.values[painted.strokes == stroke])) == 1


def test_padding_is_not_learned() -> None:
    array = np.zeros((3, 16, 16), np.int16)
    valid = np.ones(array.shape, bool)
    valid[:, :, :4] = False
    volume = nh.Volume(array, nh.axial_affine((1, 1, 1)), unit="HU", modality="CT", valid=valid)
    strokes = np.full(array.shape, 1, np.uint8)
    painted = finish(StrokeFeatures(engine(volume), FeatureCache()).update(strokes))
    assert len(painted.values) == valid.sum()
