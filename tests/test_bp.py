"""The BP network learns, repeats itself, and survives its tensors."""

import numpy as np
import pytest

import napari_hounsfield as nh
from napari_hounsfield.bp import BPNetwork, BPParams
from napari_hounsfield.bp_layers import Layers
from napari_hounsfield.bp_training import fit
from napari_hounsfield.operation import finish


def rings(n=400, seed=0):
    """Two classes that no straight line divides."""
    random = np.random.default_rng(seed)
    targets = random.integers(0, 2, n)
    angle, radius = random.uniform(0, 2 * np.pi, n), 1 + 2 * targets + random.normal(0, 0.2, n)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1).astype(np.float32), targets


def trained(rows, targets, count=2, seed=0, **params):
    return finish(fit(rows, targets, count, BPParams(**params), seed))


def test_learns_what_no_line_divides():
    network = trained(*rings())
    rows, targets = rings(seed=1)
    assert (network.probabilities(rows).argmax(1) == targets).mean() > 0.98
    assert len(network.biases[-1]) == 1


def test_probabilities_of_several_classes_sum_to_one():
    random = np.random.default_rng(0)
    targets = np.repeat([0, 1, 2], 50)
    rows = (random.normal(0, 0.3, (150, 4)) + targets[:, None]).astype(np.float32)
    network = trained(rows, targets, 3, iterations=300)
    found = network.probabilities(rows)
    np.testing.assert_allclose(found.sum(1), 1, atol=1e-5)
    assert (found.argmax(1) == targets).mean() > 0.95


def test_forward_pass_is_sigmoids_of_the_stored_weights():
    rows, targets = rings(60)
    network = trained(rows, targets, iterations=50, hidden=(8, 5))
    values = (rows - network.mean) / network.scale
    for weight, bias in zip(network.weights, network.biases, strict=True):
        values = 1 / (1 + np.exp(-(values @ weight.T + bias)))
    np.testing.assert_allclose(network.probabilities(rows)[:, 1], values[:, 0], atol=1e-5)


def test_same_seed_same_network():
    rows, targets = rings(80)
    first, second, other = (trained(rows, targets, seed=s, iterations=30) for s in (3, 3, 4))
    assert all(np.array_equal(a, b) for a, b in zip(first.weights, second.weights, strict=True))
    assert not np.array_equal(first.weights[0], other.weights[0])


def test_first_weights_lie_within_the_published_reach():
    rows, targets = rings(80)
    network = trained(rows, targets, iterations=1, learning_rate=1e-6, gain=2.0)
    reach = 2.0 * 0.5 / np.sqrt(2)
    assert np.abs(network.weights[0]).max() == pytest.approx(reach, rel=0.1)


@pytest.mark.parametrize(("hidden", "count"), [((7,), 2), ((6, 5), 3)])
def test_back_propagation_equals_automatic_differentiation_and_torchs_adam(hidden, count):
    import torch

    random = np.random.default_rng(5)
    inputs = torch.from_numpy(random.normal(0, 1, (40, 4)).astype(np.float32))
    truth = torch.from_numpy(random.integers(0, 2, (40, 1 if count == 2 else count)).astype(np.float32))
    weight = torch.from_numpy(random.uniform(0.5, 2, (40, 1)).astype(np.float32))
    layers = Layers([4, *hidden, truth.shape[1]], 1.0, 0, "cpu")
    oracle = [p.clone().requires_grad_() for pair in zip(layers.weights, layers.biases, strict=True) for p in pair]
    adam = torch.optim.Adam(oracle, 0.02, weight_decay=0.01)
    for _ in range(30):
        layers.step(inputs, truth, weight, 0.02, 0.01)
        values = inputs
        for matrix, bias in zip(oracle[::2], oracle[1::2], strict=True):
            values = torch.sigmoid(values @ matrix + bias)
        loss = torch.nn.functional.binary_cross_entropy(values, truth, weight.expand_as(truth), reduction="sum") / len(truth)
        assert layers.loss(truth, weight) == pytest.approx(float(loss.detach()), rel=1e-4)
        adam.zero_grad()
        loss.backward()
        adam.step()
    for found, expected in zip(layers.weights, oracle[::2], strict=True):
        np.testing.assert_allclose(found.numpy(), expected.detach().numpy(), atol=2e-4)


def test_constant_feature_does_no_harm():
    rows, targets = rings(100)
    network = trained(np.column_stack([rows, np.full(100, 7, np.float32)]), targets, iterations=20)
    assert np.isfinite(network.probabilities(np.zeros((3, 3), np.float32))).all()


def test_balance_lets_a_rare_class_count():
    random = np.random.default_rng(0)
    targets = np.repeat([0, 1], [1000, 20])
    rows = (random.normal(0, 1, (1020, 1)) + 1.5 * targets[:, None]).astype(np.float32)
    recall = {
        b: (trained(rows, targets, balance=b, iterations=300).probabilities(rows).argmax(1)[1000:] == 1).mean()
        for b in (True, False)
    }
    assert recall[True] > recall[False] + 0.3


def test_tensors_round_trip_and_are_checked():
    rows, targets = rings(60)
    network = trained(rows, targets, iterations=10)
    again = BPNetwork.from_tensors(network.tensors())
    np.testing.assert_array_equal(again.probabilities(rows), network.probabilities(rows))
    for spoil in (
        lambda t: t.pop("mean"),
        lambda t: t.update({"weight.0": t["weight.0"][:, :1]}),
        lambda t: t.update({"bias.1": t["bias.1"][:0]}),
        lambda t: t.update(scale=np.zeros_like(t["scale"])),
        lambda t: t.update(extra=t["mean"]),
    ):
        tensors = network.tensors()
        spoil(tensors)
        with pytest.raises(nh.ModelError):
            BPNetwork.from_tensors(tensors)


def test_training_yields_often_enough_to_be_cancelled():
    *steps, last = fit(*rings(), 2, BPParams(iterations=100), 0)
    fractions = [round(p.fraction, 2) for p in steps] + [round(last.fraction, 2)]
    assert fractions == sorted(fractions)
    assert {0.0, 0.01, 0.21, 0.41, 0.61, 0.81} <= set(fractions)


def test_reports_in_between_change_nothing(monkeypatch):
    rows, targets = rings(80)
    plain = trained(rows, targets, iterations=50, tolerance=0.3)
    monkeypatch.setattr("napari_hounsfield.bp_training.REPORT_AFTER", 0.0)
    assert len(list(fit(rows, targets, 2, BPParams(iterations=50), 0))) >= 50
    often = trained(rows, targets, iterations=50, tolerance=0.3)
    assert all(np.array_equal(a, b) for a, b in zip(plain.weights, often.weights, strict=True))


def test_recognition_in_steps_gives_the_same(monkeypatch):
    rows, targets = rings(100)
    network = trained(rows, targets, iterations=20)
    whole = network.probabilities(rows)
    monkeypatch.setattr("napari_hounsfield.bp_forward.PREDICT_ROWS", 17)
    np.testing.assert_allclose(network.probabilities(rows), whole, atol=1e-6)
    assert len(list(network.steps(rows))) > 100 // 17
