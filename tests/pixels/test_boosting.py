"""Gradient boosting: features in levels, and what is learned from them."""

from __future__ import annotations

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier

from napari_hounsfield.pixels.boosting import LEVELS, Boosting, BoostingParams, levelled


def test_levels_keep_the_order_and_are_few() -> None:
    random = np.random.default_rng(0)
    rows = np.stack([random.normal(0, 1, 3000), random.integers(0, 9, 3000), np.ones(3000)], 1).astype(np.float32)
    found = levelled(rows)
    assert len(np.unique(found[:, 0])) <= LEVELS
    order = np.argsort(rows[:, 0])
    assert (np.diff(found[order, 0]) >= 0).all()
    assert abs(found[:, 0] - rows[:, 0]).max() < 1  # parts of the same size are wide where samples are rare
    assert np.median(abs(found[:, 0] - rows[:, 0])) < 0.01
    np.testing.assert_array_equal(found[:, 1:], rows[:, 1:])


def test_recognises_as_scikit_learn_does() -> None:
    random = np.random.default_rng(0)
    rows = random.normal(0, 1, (2000, 5)).astype(np.float32)
    targets = ((rows[:, 0] > 0).astype(int) + 2 * (rows[:, 1] > 0.5)).astype(np.int64)
    others = random.normal(0, 1, (5000, 5)).astype(np.float32)
    truth = (others[:, 0] > 0).astype(int) + 2 * (others[:, 1] > 0.5)
    ours = Boosting(rows, targets, BoostingParams(rounds=20, balance=False)).probabilities(others).argmax(axis=1)
    theirs = HistGradientBoostingClassifier(max_iter=20, early_stopping=False, random_state=0).fit(rows, targets).predict(others)
    assert (ours == truth).mean() > (theirs == truth).mean() - 0.002
    assert (ours == theirs).mean() > 0.98
