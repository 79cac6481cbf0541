"""Curves of images against scikit-learn."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve
from sklearn.metrics import auc, roc_auc_score, roc_curve

from napari_hounsfield.images.score_curves import reliability_points, roc_points

CASES = st.lists(st.tuples(st.integers(0, 20).map(lambda n: n / 20), st.booleans()), min_size=4, max_size=60)


@given(CASES)
def test_curves_are_those_of_scikit_learn(cases):
    scores, truth = np.array([score for score, _ in cases]), np.array([true for _, true in cases])
    if truth.all() or not truth.any():
        assert roc_points(scores, truth) == []
        return
    false, hits, _ = roc_curve(truth, scores, drop_intermediate=False)
    np.testing.assert_allclose(roc_points(scores, truth), np.stack([false, hits], axis=1))
    assert abs(auc(*np.array(roc_points(scores, truth)).T) - roc_auc_score(truth, scores)) < 1e-12


def test_reliability_is_that_of_scikit_learn():
    random = np.random.default_rng(0)
    scores = random.random(500)
    truth = random.random(500) < scores
    share, mean = calibration_curve(truth, scores, n_bins=10)
    np.testing.assert_allclose(reliability_points(scores, truth), np.stack([mean, share], axis=1))
    assert reliability_points(np.array([0.0, 1.0]), np.array([False, True])) == [(0, 0), (1, 1)]
