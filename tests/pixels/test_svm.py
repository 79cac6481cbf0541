"""Recognition by matrix products against scikit-learn's own."""

import numpy as np
import pytest

from napari_hounsfield.operation import finish
from napari_hounsfield.pixels.svm import SVM, SVMParams, pair_weights


@pytest.mark.parametrize("count", [2, 3, 5])
def test_decisions_and_probabilities_are_those_of_the_machine(count):
    from sklearn.svm import SVC

    random = np.random.default_rng(count)
    targets = np.arange(400) % count
    rows = (random.normal(0, 1, (400, 4)) + targets[:, None]).astype(np.float32)
    model = SVM(rows, targets, SVMParams(), 0)
    machine = finish(model.learned())
    scaled = (rows - rows.mean(0)) / rows.std(0)
    oracle = SVC(C=3.0, gamma=1 / 4, class_weight="balanced", decision_function_shape="ovo").fit(scaled, targets)
    expected = oracle.decision_function(scaled)
    found = machine.decisions(rows)
    np.testing.assert_allclose(found, -expected[:, None] if count == 2 else expected, atol=1e-3)
    assert pair_weights(oracle)[0].shape == (len(oracle.support_), count * (count - 1) // 2)
    probabilities = model.probabilities(rows)
    np.testing.assert_allclose(probabilities.sum(1), 1, atol=1e-5)
    assert (probabilities.argmax(1) == oracle.predict(scaled)).mean() > 0.9


def test_no_more_samples_are_learned_from_than_asked_for():
    random = np.random.default_rng(0)
    targets = np.repeat([0, 1, 2], [3000, 500, 40])
    rows = (random.normal(0, 1, (len(targets), 3)) + 2 * targets[:, None]).astype(np.float32)
    machine = finish(SVM(rows, targets, SVMParams(samples=300), 1).learned())
    assert len(machine.vectors) <= 300
