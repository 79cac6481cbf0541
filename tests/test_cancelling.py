"""Every operation reports often enough to be cancelled, and leaves nothing running when it is."""

import numpy as np
import pytest

from napari_hounsfield.operation import finish
from napari_hounsfield.pixels import classifiers
from napari_hounsfield.pixels.classifiers import Forest, ForestParams, rebuilt


@pytest.fixture(scope="module")
def samples():
    """Three classes of 600 samples, one of them rare."""
    random = np.random.default_rng(0)
    targets = np.concatenate([np.repeat([0, 1], 280), np.full(40, 2)])
    return (random.normal(0, 1, (600, 4)) + targets[:, None]).astype(np.float32), targets


@pytest.mark.parametrize("balance", [True, False])
def test_a_forest_grown_in_steps_is_the_one_grown_at_once(samples, balance, monkeypatch):
    from sklearn.ensemble import RandomForestClassifier

    monkeypatch.setattr(classifiers, "GROWING_SECONDS", 0.0)
    monkeypatch.setattr(classifiers, "FOREST_VISITS", 1700)
    rows, targets = samples
    params = ForestParams(trees=17, balance=balance)
    forest = Forest(rows, targets, params, seed=3)
    at_once = RandomForestClassifier(17, random_state=3, class_weight="balanced" if balance else None).fit(rows, targets)
    np.testing.assert_allclose(forest.probabilities(rows + 0.3), at_once.predict_proba(rows + 0.3), atol=1e-6)
    again = rebuilt("forest", forest.tensors(), params, 3)
    np.testing.assert_array_equal(again.probabilities(rows), forest.probabilities(rows))


def test_a_forest_whose_growing_was_cancelled_grows_again(samples, monkeypatch):
    monkeypatch.setattr(classifiers, "REPORT_AFTER", 0.0)
    forest = Forest(*samples, ForestParams(trees=20))
    steps = forest.grown()
    for _ in range(3):
        next(steps)
    steps.close()
    assert len(finish(forest.grown()).estimators_) == 20


def test_an_error_while_growing_is_told(samples):
    rows, targets = samples
    with pytest.raises(ValueError, match="infinity"):
        finish(Forest(np.full_like(rows, np.inf), targets).grown())
