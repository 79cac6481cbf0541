"""Nearest examples, and images that are unlike them."""

from __future__ import annotations

import numpy as np
import pytest

from napari_hounsfield.errors import ModelError
from napari_hounsfield.images.familiar import Familiar


@pytest.fixture
def familiar():
    random = np.random.default_rng(0)
    return Familiar(random.normal(size=(200, 8)).astype(np.float32), np.arange(200) % 3, np.arange(200) + 2)


def test_an_example_is_nearest_to_itself(familiar):
    places, distances = familiar.nearest(familiar.embeddings[:10], 3)
    assert places[:, 0].tolist() == list(range(10))
    assert (np.diff(distances, axis=1) >= 0).all()


def test_what_is_far_is_unlike_and_what_is_drawn_alike_is_not(familiar):
    alike = np.random.default_rng(1).normal(size=(300, 8)).astype(np.float32)
    assert np.mean(familiar.unlikeness(alike) > 1) < 0.1
    assert (familiar.unlikeness(alike + 8) > 1).all()


def test_a_constant_number_and_a_single_example_do_no_harm():
    rows = np.array([[1.0, 5.0], [2.0, 5.0], [3.0, 5.0]], np.float32)
    assert np.isfinite(Familiar(rows, np.zeros(3, np.int64), np.arange(3)).unlikeness(rows)).all()
    assert np.isfinite(Familiar(rows[:1], np.zeros(1, np.int64), np.arange(1)).unlikeness(rows)).all()


def test_tensors_return_and_are_checked(familiar):
    again = Familiar.from_tensors(familiar.tensors(), 3)
    assert np.array_equal(again.embeddings, familiar.embeddings)
    for broken in ({}, familiar.tensors() | {"targets": np.full(200, 3)}, familiar.tensors() | {"rows": np.arange(3)}):
        with pytest.raises(ModelError):
            Familiar.from_tensors(broken, 3)
