"""First classes are found without a reference, numbered by intensity, named in HU, and repeated by what is recorded."""

from dataclasses import replace

import numpy as np
import pytest
from pydantic import ValidationError

import napari_hounsfield as nh

FEW = {"texture": False, "windows": "one"}
METHODS = ("kmeans", "isodata", "gmm")


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


@pytest.mark.parametrize("method", METHODS)
def test_classes_agree_with_the_truth_and_are_named(chest, method):
    volume, truth = chest
    params = nh.ClassesParams(method=method, count=5, features={"texture": False})
    draft = nh.classes(volume, params)
    found = draft.labels.array
    medians = [np.median(volume.array[found == k]) for k in range(1, 6)]
    assert medians == sorted(medians)
    assert (found == truth).mean() > 0.9
    assert set(draft.labels.classes.values()) >= {"lung", "bone"}
    assert (nh.classes(volume, params).labels.array == found).all()


@pytest.mark.parametrize("params", [{"method": "kmeans"}, {"method": "isodata"}, {"method": "gmm", "seed": 3}, {"count": 4}, {}])
def test_what_is_recorded_holds_the_number_and_repeats_the_draft(chest, params):
    volume, _ = chest
    draft = nh.classes(volume, nh.ClassesParams(**params, features=FEW))
    recorded = draft.labels.history[-1].parameters
    assert recorded["count"] == (0 if recorded["method"] == "table" else len(draft.labels.classes))
    again = nh.classes(volume, nh.ClassesParams(**recorded))
    np.testing.assert_array_equal(again.labels.array, draft.labels.array)
    np.testing.assert_array_equal(again.sureness, draft.sureness)
    assert again.labels.history[-1] == draft.labels.history[-1]
    assert again.labels.classes == draft.labels.classes


def test_the_number_is_the_one_that_is_suggested(chest):
    volume, _ = chest
    for method in ("kmeans", "gmm"):
        suggested = nh.suggest_classes(volume, nh.SuggestParams(method=method, features=FEW)).suggested
        draft = nh.classes(volume, nh.ClassesParams(method=method, features=FEW))
        assert len(draft.labels.classes) == suggested


@pytest.mark.parametrize("method", METHODS)
def test_probabilities_sum_to_one_and_tell_label_and_sureness(chest, method):
    volume, _ = chest
    draft = nh.classes(volume, nh.ClassesParams(method=method, count=4, features=FEW, probabilities=True))
    shares = draft.probabilities.array
    assert draft.probabilities.names == tuple(draft.labels.classes.values())
    np.testing.assert_allclose(shares.sum(axis=0), volume.valid, atol=1e-5)
    inside = np.sort(shares[:, volume.valid], axis=0)
    np.testing.assert_allclose(draft.sureness[volume.valid], inside[-1] - inside[-2], atol=1e-6)
    np.testing.assert_array_equal(draft.labels.array[volume.valid], shares.argmax(axis=0)[volume.valid] + 1)
    assert not draft.sureness[~volume.valid].any()


@pytest.mark.parametrize("method", METHODS)
def test_neither_flips_nor_the_order_in_memory_nor_units_move_the_classes(method):
    random = np.random.default_rng(1)
    array = np.repeat([100, 300, 900], 16)[None, None] + random.normal(0, 8, (4, 40, 48))
    volume = nh.Volume(array.astype(np.float32), nh.axial_affine((2, 1, 1)), modality="MR")
    params = nh.ClassesParams(method=method, count=3, features=FEW)
    labels = nh.classes(volume, params).labels.array
    assert (np.diff(labels.astype(int), axis=2) >= 0).mean() > 0.99
    for flip in (np.s_[::-1], np.s_[:, ::-1], np.s_[:, :, ::-1]):
        flipped = nh.classes(replace(volume, array=volume.array[flip]), params).labels.array[flip]
        np.testing.assert_array_equal(flipped, labels)
    np.testing.assert_array_equal(nh.classes(replace(volume, array=np.asfortranarray(volume.array)), params).labels.array, labels)
    scaled = nh.classes(replace(volume, array=volume.array * 1000 + 7, unit="stored value"), params).labels.array
    assert (scaled == labels).mean() > 0.999


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


@pytest.mark.parametrize("method", METHODS)
def test_a_plain_image_of_one_slice_is_divided(method):
    plane = np.repeat([10, 200], 20)[None, None] + np.random.default_rng(0).normal(0, 3, (1, 30, 40))
    draft = nh.classes(nh.Volume(plane, np.eye(4)), nh.ClassesParams(method=method, count=2, features=FEW))
    assert (draft.labels.array[..., :18] == 1).all()
    assert (draft.labels.array[..., 22:] == 2).all()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("count", [0, 4])
def test_what_cannot_be_divided_is_refused(method, count):
    params = nh.ClassesParams(method=method, count=count, features=FEW)
    for shape in ((2, 20, 20), (1, 1, 1)):
        with pytest.raises(nh.IntensityError, match="only 1 differ"):
            nh.classes(nh.Volume(np.full(shape, 7.0), np.eye(4)), params)
    broken = np.zeros((2, 20, 20))
    broken[1, 3, 3] = np.nan
    with pytest.raises(nh.IntensityError, match="NaN"):
        nh.classes(nh.Volume(broken, np.eye(4)), params)


def test_nan_in_the_padding_does_no_harm():
    array = np.repeat([10.0, 200.0], 20)[None, None] + np.random.default_rng(0).normal(0, 3, (3, 30, 40))
    valid = np.ones(array.shape, bool)
    valid[:, :5] = False
    array[~valid] = np.nan
    draft = nh.classes(nh.Volume(array, np.eye(4), valid=valid), nh.ClassesParams(count=2, features=FEW))
    assert not draft.labels.array[~valid].any()
    assert set(np.unique(draft.labels.array[valid])) == {1, 2}


def test_nothing_scanned_is_refused():
    volume = nh.Volume(np.zeros((1, 4, 4), np.int16), np.eye(4), unit="HU", valid=np.zeros((1, 4, 4), bool))
    with pytest.raises(nh.IntensityError, match="padding"):
        nh.classes(volume)


def test_a_number_of_classes_means_clusters(chest):
    volume, _ = chest
    draft = nh.classes(volume, nh.ClassesParams(count=3, features={"texture": False}))
    assert draft.labels.history[-1].parameters["method"] == "kmeans"
    assert set(np.unique(draft.labels.array)) == {0, 1, 2, 3}


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"method": "table", "count": 3}, "leave out count"),
        ({"method": "table", "probabilities": True}, "no probabilities"),
        ({"method": "kmeans", "criterion": "bic"}, "choose gmm"),
        ({"method": "gmm", "criterion": "knee"}, "choose kmeans"),
        ({"isodata": {"fewest": 5, "most": 3}}, "lies above"),
    ],
)
def test_parameters_that_do_not_fit_together_are_refused(wrong, reason):
    with pytest.raises(ValidationError, match=reason):
        nh.ClassesParams(**wrong)
