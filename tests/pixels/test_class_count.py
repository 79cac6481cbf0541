"""The suggested number of classes, and its curve, against scikit-learn and against what was generated."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

import napari_hounsfield as nh
from napari_hounsfield.operation import finish
from napari_hounsfield.pixels.class_count import class_count, knee, silhouette
from napari_hounsfield.pixels.class_methods.kmeans import kmeans
from napari_hounsfield.pixels.class_methods.sample import ClassSample

from .test_isodata import blobs


def sample_of(maps):
    maps = maps[:, np.lexsort(maps)]
    none = np.zeros(len(maps), np.float32)
    return ClassSample(maps, maps[0], none, none + 1, "image")


@settings(max_examples=8)
@given(
    count=st.integers(2, 7),
    features=st.integers(2, 6),
    seed=st.integers(0, 10_000),
    way=st.sampled_from([("kmeans", "knee"), ("kmeans", "silhouette"), ("gmm", "bic")]),
)
def test_well_separated_classes_are_counted(count, features, seed, way):
    maps, _ = blobs(count, features, seed)
    params = nh.SuggestParams(method=way[0], criterion=way[1], most=10)
    assert finish(class_count(sample_of(maps), params)).suggested == count


def test_the_curve_is_what_scikit_learn_says():
    from sklearn.metrics import calinski_harabasz_score, silhouette_score

    maps = np.random.default_rng(0).gamma(2, size=(3, 1200))
    sample = sample_of(maps)
    found = finish(class_count(sample, nh.SuggestParams(criterion="knee", most=5)))
    assert [figures.count for figures in found.curve] == [2, 3, 4, 5]
    for figures in found.curve:
        labels = finish(kmeans(sample.maps, figures.count, 0)).labels
        rows = sample.maps.T
        assert figures.calinski_harabasz == pytest.approx(calinski_harabasz_score(rows, labels))
        assert figures.silhouette == pytest.approx(silhouette_score(rows, labels))
        assert figures.bic is None
    assert np.all(np.diff([figures.explained for figures in found.curve]) > 0)


def test_silhouette_with_a_class_of_one_voxel():
    from sklearn.metrics import silhouette_score

    maps = np.random.default_rng(1).normal(size=(2, 30))
    labels = np.r_[np.zeros(14, int), np.ones(15, int), 2]
    assert silhouette(maps, labels) == pytest.approx(silhouette_score(maps.T, labels))


def test_an_image_gets_a_number_a_curve_and_json():
    array = np.repeat([10, 90, 200, 330], 12)[None, None] + np.random.default_rng(0).normal(0, 3, (9, 40, 48))
    volume = nh.Volume(array, nh.axial_affine((2, 1, 1)), modality="MR")
    features = {"texture": False, "smooth": False}
    for method in ("kmeans", "gmm"):
        found = nh.suggest_classes(volume, nh.SuggestParams(method=method, features=features))
        assert found.suggested == 4
        record = json.loads(json.dumps(found.to_json(), allow_nan=False))
        assert record["suggested"] == 4
        assert len(record["curve"]) == 11
        assert found.table()[-1].endswith("4 classes")
        again = nh.suggest_classes(volume, nh.SuggestParams(**found.history[-1].parameters))
        assert again.curve == found.curve


def test_no_number_that_the_voxels_do_not_allow():
    volume = nh.Volume(np.array([[[1.0, 2, 3, 3, 2, 1]]]), np.eye(4))
    found = nh.suggest_classes(volume, nh.SuggestParams(features={"texture": False, "smooth": False}))
    assert [figures.count for figures in found.curve] == [2, 3]
    with pytest.raises(nh.IntensityError, match="only 3 differ"):
        nh.suggest_classes(volume, nh.SuggestParams(fewest=4, features={"texture": False, "smooth": False}))


def test_where_a_curve_bends():
    assert knee([1, 2, 3, 4, 5, 6], [0, -1, -5, -5.2, -5.4, -5.6]) == 3
    assert knee([2, 3], [0, -1]) == 3


def test_fewest_above_most_is_refused():
    with pytest.raises(ValidationError, match="lies above"):
        nh.SuggestParams(fewest=5, most=3)
