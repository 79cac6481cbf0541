"""First classes are found without a reference, numbered by intensity, and named in HU."""

import numpy as np
import pytest
from pydantic import ValidationError

import napari_hounsfield as nh
from napari_hounsfield.operation import finish
from napari_hounsfield.pixels import first_classes


@pytest.fixture(scope="module")
def chest():
    """Air, lung, fat, soft tissue and bone in slabs, with noise and padding."""
    means = np.repeat([-1000, -800, -90, 50, 700], 8)
    array = np.tile(means, (9, 30, 1)) + np.random.default_rng(0).normal(0, 10, (9, 30, 40))
    valid = np.ones(array.shape, bool)
    array[:, -2:], valid[:, -2:] = -3024, False
    volume = nh.Volume(array.astype(np.int16), nh.axial_affine((3, 1, 1)), unit="HU", modality="CT", valid=valid)
    return volume, np.where(valid, np.tile(np.repeat([1, 2, 3, 4, 5], 8), (9, 30, 1)), 0)


def test_table_is_the_default_in_hu(chest):
    volume, truth = chest
    draft = nh.classes(volume)
    assert list(draft.labels.classes.values()) == ["air", "lung", "fat", "soft tissue", "bone"]
    assert (draft.labels.array == truth).mean() > 0.999
    assert not draft.labels.array[~volume.valid].any()
    assert draft.labels.history[-1].parameters["method"] == "table"


@pytest.mark.parametrize("method", ["kmeans", "gmm"])
def test_clusters_agree_with_the_truth_and_are_named(chest, method):
    volume, truth = chest
    params = nh.ClassesParams(method=method, count=5, features={"texture": False})
    draft = nh.classes(volume, params)
    found = draft.labels.array
    medians = [np.median(volume.array[found == k]) for k in range(1, 6)]
    assert medians == sorted(medians)
    assert (found == truth).mean() > 0.9
    assert set(draft.labels.classes.values()) >= {"lung", "bone"}
    assert (nh.classes(volume, params).labels.array == found).all()


def test_number_of_classes_is_settled_by_the_image(chest):
    volume, _ = chest
    draft = nh.classes(volume, nh.ClassesParams(method="kmeans", explained=0.97, features={"texture": False}))
    inside = volume.valid
    found, values = draft.labels.array[inside], volume.array[inside].astype(float)
    means = np.bincount(found, values) / np.maximum(np.bincount(found), 1)
    assert 1 - ((values - means[found]) ** 2).mean() / values.var() > 0.96
    assert 3 <= found.max() <= 6


def test_sureness_falls_towards_the_border_between_tissues():
    values = np.array([[[-700, -520, -501, 60, 140, 149]]], np.int16)
    sure = nh.classes(nh.Volume(values, np.eye(4), unit="HU")).sureness.ravel()
    assert sure[0] > sure[1] > sure[2]
    assert sure[3] > sure[4] > sure[5]


def test_stored_features_give_the_same_draft(chest):
    volume, _ = chest
    params = nh.ClassesParams(method="kmeans", count=3)
    again = nh.classes(volume, nh.features(volume, params.features), params)
    np.testing.assert_array_equal(again.labels.array, nh.classes(volume, params).labels.array)


def test_without_hu_the_classes_are_numbered_and_the_table_is_refused():
    volume = nh.Volume(np.random.default_rng(0).random((2, 24, 24)), np.eye(4), modality="MR")
    assert list(nh.classes(volume, nh.ClassesParams(count=2)).labels.classes.values()) == ["class 1", "class 2"]
    with pytest.raises(nh.ParameterError, match="HU"):
        nh.classes(volume, nh.ClassesParams(method="table"))


def test_nothing_scanned_is_refused():
    volume = nh.Volume(np.zeros((1, 4, 4), np.int16), np.eye(4), unit="HU", valid=np.zeros((1, 4, 4), bool))
    with pytest.raises(nh.IntensityError, match="padding"):
        nh.classes(volume)


@pytest.mark.parametrize("count", [2, 3, 6])
@pytest.mark.parametrize("at_once", [1, 4, 7])
def test_a_mixture_fitted_in_steps_is_the_one_fitted_at_once(count, at_once, monkeypatch):
    from sklearn.mixture import GaussianMixture

    monkeypatch.setattr(first_classes, "AT_ONCE", at_once)
    rows = np.random.default_rng(2).gamma(2, size=(2000, 3))
    found = finish(first_classes._fit(rows, count, nh.ClassesParams(method="gmm", seed=5)))
    at_once = GaussianMixture(count, random_state=5, max_iter=50, reg_covar=1e-4).fit(rows)
    np.testing.assert_allclose(found.predict_proba(rows), at_once.predict_proba(rows), atol=1e-9)


@pytest.mark.parametrize("count", [2, 4, 7])
def test_clusters_fitted_in_steps_are_those_fitted_at_once(count):
    from sklearn.cluster import KMeans

    rows = np.random.default_rng(count).gamma(2, size=(2000, 3))
    found = finish(first_classes._fit(rows, count, nh.ClassesParams(method="kmeans", seed=5)))
    at_once = KMeans(count, random_state=5, n_init=2, max_iter=50).fit(rows)
    np.testing.assert_allclose(found.transform(rows), at_once.transform(rows), atol=1e-9)


def test_only_scanned_voxels_of_some_slices_are_sampled():
    valid = np.random.default_rng(0).random((40, 9, 11)) < 0.6
    valid[5:30] = False
    volume = nh.Volume(np.zeros(valid.shape, np.int16), np.eye(4), valid=valid)
    mask = first_classes._sample(volume, np.random.default_rng(1))
    slices = mask.any(axis=(1, 2))
    assert slices.sum() == 8
    np.testing.assert_array_equal(mask[slices], valid[slices])


def test_a_number_of_classes_means_clusters(chest):
    volume, _ = chest
    draft = nh.classes(volume, nh.ClassesParams(count=3, features={"texture": False}))
    assert draft.labels.history[-1].parameters["method"] == "kmeans"
    assert set(np.unique(draft.labels.array)) == {0, 1, 2, 3}
    with pytest.raises(ValidationError, match="leave out count"):
        nh.ClassesParams(method="table", count=3)
