"""k-means against scikit-learn."""

import numpy as np
import pytest

from napari_hounsfield.operation import finish
from napari_hounsfield.pixels.class_methods.kmeans import class_means, kmeans, nearest_centres, settled


@pytest.mark.parametrize("count", [2, 4, 7])
@pytest.mark.parametrize("seed", [0, 1])
def test_leaves_no_more_than_scikit_learn_does(count, seed):
    from sklearn.cluster import KMeans

    rows = np.random.default_rng(count).gamma(2, size=(2000, 3))
    found = finish(kmeans(np.ascontiguousarray(rows.T), count, seed))
    theirs = KMeans(count, random_state=seed, n_init=3).fit(rows)
    assert found.inertia <= theirs.inertia_ * 1.01


def test_from_the_same_centres_it_settles_where_scikit_learn_does():
    from sklearn.cluster import KMeans

    rows = np.random.default_rng(3).normal(size=(1500, 4)) + np.repeat(np.eye(4)[:3] * 4, 500, axis=0)
    found = finish(settled(np.ascontiguousarray(rows.T), rows[[0, 600, 1200]]))
    theirs = KMeans(3, init=rows[[0, 600, 1200]], n_init=1, tol=0).fit(rows)
    np.testing.assert_allclose(found.centres, theirs.cluster_centers_, atol=1e-3)
    assert (found.labels == theirs.labels_).mean() > 0.999


def test_a_class_that_lost_its_voxels_takes_the_farthest_one():
    maps = np.array([[0.0, 1, 2, 50]])
    found = nearest_centres(maps, np.array([[1.0], [1.0]]))
    np.testing.assert_allclose(class_means(maps, found), [[13.25], [50]])


def test_as_many_classes_as_voxels_leave_nothing():
    maps = np.array([[0.0, 5, 9, 40]])
    assert finish(kmeans(maps, 4, 0)).inertia == pytest.approx(0, abs=1e-9)
