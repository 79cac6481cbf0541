"""Principal components are those of scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.decomposition import PCA

from napari_hounsfield.errors import ModelError
from napari_hounsfield.images.models.principal import Principal


def test_components_are_those_of_scikit_learn():
    rows = np.random.default_rng(0).normal(size=(20, 100)).astype(np.float32)
    ours = Principal.of(rows, 5)
    theirs = PCA(5, svd_solver="full").fit(rows.astype(np.float64))
    assert np.allclose(np.abs(np.sum(ours.components * theirs.components_, axis=1)), 1, atol=1e-5)
    assert np.allclose(np.abs(ours.of_rows(rows)), np.abs(theirs.transform(rows)), atol=1e-4)
    assert (np.take_along_axis(ours.components, np.abs(ours.components).argmax(axis=1)[:, None], axis=1) > 0).all()


def test_no_more_components_than_there_are():
    rows = np.array([[0, 0, 1], [0, 0, 3]], np.float32)
    assert Principal.of(rows, 50).components.shape == (1, 3)


def test_what_does_not_fit_is_refused():
    with pytest.raises(ModelError):
        Principal.from_tensors({"centre": np.zeros(3), "components": np.zeros((2, 4))})
