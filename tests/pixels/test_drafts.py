"""Drafts of single slices, as a preview shows them, are those of the whole image."""

import numpy as np
import pytest

import napari_hounsfield as nh
from napari_hounsfield.operation import finish

FEW = {"texture": False, "windows": "one"}


@pytest.fixture(scope="module")
def volume():
    means = np.repeat([-1000, -90, 50, 700], 10)
    array = np.tile(means, (12, 30, 1)) + np.random.default_rng(0).normal(0, 10, (12, 30, 40))
    valid = np.ones(array.shape, bool)
    valid[:, -2:] = False
    return nh.Volume(array.astype(np.int16), nh.axial_affine((3, 1, 1), (5, 6, 7)), unit="HU", modality="CT", valid=valid)


@pytest.mark.parametrize("params", [{}, {"method": "kmeans"}, {"method": "isodata"}, {"method": "gmm", "count": 3}])
def test_a_slab_is_that_part_of_the_whole(volume, params):
    params = nh.ClassesParams(**params, features=FEW)
    drafts = nh.Drafts(volume)
    slab, whole = finish(drafts.slab(4, 6, params)), nh.classes(volume, params)
    np.testing.assert_array_equal(slab.labels.array, whole.labels.array[4:6])
    np.testing.assert_array_equal(slab.sureness, whole.sureness[4:6])
    assert slab.labels.classes == whole.labels.classes
    np.testing.assert_allclose(slab.labels.affine @ [0, 3, 2, 1], whole.labels.affine @ [4, 3, 2, 1])


def test_probabilities_of_a_slab(volume):
    params = nh.ClassesParams(method="gmm", count=3, features=FEW, probabilities=True)
    slab, whole = finish(nh.Drafts(volume).slab(7, 8, params)), nh.classes(volume, params)
    np.testing.assert_allclose(slab.probabilities.array, whole.probabilities.array[:, 7:8], atol=1e-6)


def test_sample_features_and_classes_are_found_once(volume, monkeypatch):
    from napari_hounsfield.feature_stack import FeatureEngine

    computed = []
    slab = FeatureEngine.slab
    monkeypatch.setattr(FeatureEngine, "slab", lambda self, *given: computed.append(given[:2]) or slab(self, *given))
    drafts = nh.Drafts(volume)
    for count in (2, 3, 4):
        finish(drafts.slab(5, 6, nh.ClassesParams(count=count, features=FEW)))
    sampled = len(computed) - 1
    assert 1 <= sampled <= len(volume.array)
    assert computed[-1] == (5, 6)
    finish(drafts.slab(5, 6, nh.ClassesParams(count=2, features=FEW)))
    assert len(computed) == sampled + 1
    finish(drafts.slab(6, 7, nh.ClassesParams(count=2, features=FEW)))
    assert len(computed) == sampled + 2


def test_the_suggestion_is_the_operations(volume):
    params = nh.SuggestParams(features=FEW, most=6)
    assert finish(nh.Drafts(volume).suggest(params)).curve == nh.suggest_classes(volume, params).curve


def test_slices_that_are_not_there_are_refused(volume):
    for first, last in ((-1, 2), (3, 3), (11, 13)):
        with pytest.raises(nh.ParameterError, match="of 12"):
            finish(nh.Drafts(volume).slab(first, last))


def test_features_of_another_recipe_are_refused(volume):
    maps = nh.features(volume, nh.FeatureParams(**FEW, gaussian=(3,)))
    with pytest.raises(nh.ParameterError, match="other parameters"):
        finish(nh.Drafts(volume, maps).slab(0, 1, nh.ClassesParams(count=2, features=FEW)))


def test_an_abandoned_draft_leaves_the_next_one_whole(volume):
    params = nh.ClassesParams(count=3, features=FEW)
    drafts = nh.Drafts(volume)
    for taken in (1, 3, 9):
        steps = drafts.slab(2, 3, params)
        for _ in range(taken):
            next(steps, None)
        steps.close()
    np.testing.assert_array_equal(finish(drafts.slab(2, 3, params)).labels.array, nh.classes(volume, params).labels.array[2:3])
