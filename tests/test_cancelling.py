"""Every operation reports its progress, so that it can be cancelled, and leaves nothing running when it is.

How long it is between two reports: `python -m tests.benchmarks.progress`.
"""

import threading

import numpy as np
import pytest
from tests.operation_cases import CASES, fill_one_slice, make_chest

import napari_hounsfield as nh
from napari_hounsfield.operation import Operation, finish
from napari_hounsfield.pixels import forest as forest_module
from napari_hounsfield.pixels import sample_classifier
from napari_hounsfield.pixels.classifiers import rebuilt
from napari_hounsfield.pixels.forest import Forest, ForestParams

ENDING = 60.0
"""Seconds after which a thread that was told to end is said to hang."""


@pytest.fixture(scope="module")
def chest():
    return make_chest()


@pytest.fixture(scope="module")
def one_slice(chest):
    return fill_one_slice(chest)


SLOW = {
    "gabor, volume",
    "train, bp",
    "train, forest",
    "segment, forest",
    "classes, gmm",
    "features",
    "evaluate",
    "surfaces, noise",
    "compare_readers",
    "suggest_classes, gmm",
}


def test_every_operation_is_here():
    operations = {name for name in nh.__all__ if isinstance(getattr(nh, name), Operation)}
    assert operations == {name.split(",")[0] for name in CASES}


@pytest.mark.parametrize("name", [pytest.param(n, marks=[pytest.mark.slow] if n in SLOW else []) for n in CASES])
def test_reports_and_leaves_nothing_running(name, chest, one_slice):
    running = set(threading.enumerate())
    reports = sum(1 for _ in CASES[name](chest, one_slice))
    assert reports
    for taken in {1, reports // 2}:
        steps = CASES[name](chest, one_slice)
        for _ in range(taken):
            next(steps, None)
        steps.close()
        assert next(steps, None) is None
    for thread in set(threading.enumerate()) - running:
        thread.join(ENDING)
        assert not thread.is_alive()


@pytest.fixture(scope="module")
def samples():
    """Three classes of 600 samples, one of them rare."""
    random = np.random.default_rng(0)
    targets = np.concatenate([np.repeat([0, 1], 280), np.full(40, 2)])
    return (random.normal(0, 1, (600, 4)) + targets[:, None]).astype(np.float32), targets


@pytest.mark.parametrize("balance", [True, False])
def test_a_forest_grown_in_steps_is_the_one_grown_at_once(samples, balance, monkeypatch):
    from sklearn.ensemble import RandomForestClassifier

    monkeypatch.setattr(forest_module, "GROWING_SECONDS", 0.0)
    monkeypatch.setattr(forest_module, "VISITS", 1700)
    rows, targets = samples
    params = ForestParams(trees=17, balance=balance)
    forest = Forest(rows, targets, params, seed=3)
    at_once = RandomForestClassifier(17, random_state=3, class_weight="balanced" if balance else None).fit(rows, targets)
    np.testing.assert_allclose(forest.probabilities(rows + 0.3), at_once.predict_proba(rows + 0.3), atol=1e-6)
    again = rebuilt("forest", forest.tensors(), params, 3)
    np.testing.assert_array_equal(again.probabilities(rows), forest.probabilities(rows))


def test_a_forest_whose_growing_was_cancelled_grows_again(samples, monkeypatch):
    monkeypatch.setattr(sample_classifier, "REPORT_AFTER", 0.0)
    forest = Forest(*samples, ForestParams(trees=20))
    steps = forest.learned()
    for _ in range(3):
        next(steps)
    steps.close()
    assert len(finish(forest.learned()).estimators_) == 20


def test_an_error_while_growing_is_told(samples):
    rows, targets = samples
    with pytest.raises(ValueError, match="infinity"):
        finish(Forest(np.full_like(rows, np.inf), targets, ForestParams()).learned())
