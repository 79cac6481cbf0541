"""The Gaussian mixture against scikit-learn, from the same beginning."""

import numpy as np
import pytest

from napari_hounsfield.operation import finish
from napari_hounsfield.pixels.class_methods import mixture as module
from napari_hounsfield.pixels.class_methods.kmeans import kmeans
from napari_hounsfield.pixels.class_methods.mixture import maximised, mixture, posterior


@pytest.mark.parametrize("count", [2, 4])
def test_equals_scikit_learn_from_the_same_classes(count, monkeypatch):
    from sklearn.mixture import GaussianMixture

    random = np.random.default_rng(2)
    rows = random.gamma(2, size=(1600, 3)) + random.permutation(np.repeat(4 * np.eye(4)[:, :3], 400, axis=0))
    maps = np.ascontiguousarray(rows.T)
    found = finish(mixture(maps, count, 5))
    shares, logs = posterior(found.log_densities(maps))

    begun = finish(kmeans(maps, count, 5, restarts=1))
    first = maximised(maps, (begun.labels == np.arange(count)[:, None]).astype(float))
    precisions = np.einsum("kji,kjl->kil", first.whitening, first.whitening)
    theirs = GaussianMixture(
        count, weights_init=first.weights, means_init=first.means, precisions_init=precisions, reg_covar=1e-4, max_iter=100
    ).fit(rows)
    assert logs.mean() == pytest.approx(theirs.score(rows), abs=2e-3), "they stop one step apart"
    again = theirs.set_params(tol=1e-8, max_iter=1000).fit(rows)
    monkeypatch.setattr(module, "TOLERANCE", 1e-8)
    monkeypatch.setattr(module, "ITERATIONS", 1000)
    found = finish(mixture(maps, count, 5))
    shares, logs = posterior(found.log_densities(maps))
    np.testing.assert_allclose(shares.T, again.predict_proba(rows), atol=2e-3)
    np.testing.assert_allclose(found.means, again.means_, atol=2e-3)
    np.testing.assert_allclose(found.weights, again.weights_, atol=1e-3)
    size = len(rows)
    bic = found.parameters * np.log(size) - 2 * logs.sum()
    assert bic == pytest.approx(again.bic(rows), rel=1e-4)


def test_single_precision_tells_the_same_classes():
    rows = np.random.default_rng(0).normal(size=(2000, 5)) + np.repeat(np.eye(5)[:2] * 6, 1000, axis=0)
    maps = np.ascontiguousarray(rows.T)
    found = finish(mixture(maps, 2, 0))
    double, _ = posterior(found.log_densities(maps))
    single, _ = posterior(found.astype(np.float32).log_densities(maps.astype(np.float32)))
    np.testing.assert_allclose(single, double, atol=1e-3)
