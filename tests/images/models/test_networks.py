"""Every kind of network: it learns, from a seed alone, is saved and rebuilt, and can be cancelled."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from napari_hounsfield.errors import ModelError
from napari_hounsfield.images.models.network_kind import SEEING, NetworkKind
from napari_hounsfield.images.models.network_params import NetworkParams
from napari_hounsfield.images.models.registry import kind_of
from napari_hounsfield.images.prepared import PreparedImages
from napari_hounsfield.images.recipe import ImageRecipe
from napari_hounsfield.operation import finish

QUICK = ["dl-cnn", "cnn", "rnn", "dnn", "multi-stream", "auto-encoder", "deep-belief"]
KINDS = [*QUICK, *(pytest.param(name, marks=pytest.mark.slow) for name in ("densenet", "resnet"))]


def gratings(count: int, shape: tuple[int, ...] = (24, 24), classes: int = 2, seed: int = 0) -> PreparedImages:
    """Noisy stripes, of a class across, of the next along, of a third wider ones, at any phase."""
    random = np.random.default_rng(seed)
    targets = np.arange(count) % classes
    y, x = np.mgrid[: shape[-2], : shape[-1]]
    phase = random.uniform(0, 2 * np.pi, (count, *(1,) * len(shape)))
    waves = np.stack([x * 2 * np.pi / 6, y * 2 * np.pi / 6, (x + y) * 2 * np.pi / 12])[targets]
    waves = waves.reshape(count, *(1,) * (len(shape) - 2), *shape[-2:])
    array = 0.5 + 0.3 * np.sin(waves + phase) + random.normal(0, 0.1, (count, *shape))
    return PreparedImages(
        np.clip(array, 0, 1).astype(np.float32), targets.astype(np.int64), np.arange(count) // 2, ("a", "b", "c")[:classes]
    )


def recipe(**params: Any) -> ImageRecipe:
    return ImageRecipe(network=NetworkParams(**{"epochs": 2, "members": 1, "pretraining": 1, **params}))


def same(a: dict[str, Any], b: dict[str, Any]) -> bool:
    return set(a) == set(b) and all(np.array_equal(a[name], b[name]) for name in a)


@pytest.mark.parametrize("name", KINDS)
def test_same_seed_gives_the_same_weights_and_the_saved_model_the_same_probabilities(name: str) -> None:
    import torch

    images = gratings(24, (32, 32), 3)
    kind = kind_of(name)
    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    model = finish(kind.learn(images, recipe(augment="yes", dropout=0.2), 3))
    assert torch.equal(torch.random.get_rng_state(), before)
    torch.manual_seed(6)
    again = finish(kind.learn(images, recipe(augment="yes", dropout=0.2), 3))
    other = finish(kind.learn(images, recipe(augment="yes", dropout=0.2), 4))
    assert same(model.tensors(), again.tensors())
    assert not same(model.tensors(), other.tensors())
    found = finish(model.steps(images.array))
    assert found.shape == (24, 3)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found.sum(1), 1, atol=1e-5)
    rebuilt = kind.rebuild(model.tensors(), recipe(), 3)
    assert np.array_equal(finish(rebuilt.steps(images.array)), found)
    features = finish(model.embedding_steps(images.array))
    assert features.shape[0] == 24
    assert features.shape[1] > 3
    assert len(model.course) == 2


@pytest.mark.parametrize("name", ["dl-cnn", pytest.param("cnn", marks=pytest.mark.slow)])
def test_textures_are_learned(name: str) -> None:
    model = finish(kind_of(name).learn(gratings(48), recipe(epochs=20, batch=8), 0))
    unseen = gratings(40, seed=1)
    assert (finish(model.steps(unseen.array)).argmax(1) == unseen.targets).mean() >= 0.9


@pytest.mark.parametrize("name", ["rnn", "dnn", "auto-encoder", "deep-belief"])
def test_shades_are_learned(name: str) -> None:
    def shades(seed: int) -> PreparedImages:
        images = gratings(40, (16, 16), seed=seed)
        images.array[:] = 0.5 * images.array
        images.array[images.targets == 1, 8:] += 0.4
        return images

    model = finish(kind_of(name).learn(shades(0), recipe(epochs=20, batch=8, pretraining=5), 0))
    unseen = shades(1)
    assert (finish(model.steps(unseen.array)).argmax(1) == unseen.targets).mean() >= 0.9


@pytest.mark.parametrize("name", [name for name in QUICK if name != "dnn"])
def test_volumes(name: str) -> None:
    images = gratings(8, (5, 20, 22))
    kind = kind_of(name)
    assert kind.volumes
    model = finish(kind.learn(images, recipe(epochs=1, augment="yes"), 0))
    found = finish(model.steps(images.array))
    assert np.array_equal(finish(kind.rebuild(model.tensors(), recipe(), 2).steps(images.array)), found)


@pytest.mark.parametrize("name", QUICK)
def test_work_is_reported_and_can_be_left(name: str) -> None:
    work = kind_of(name).learn(gratings(16), recipe(epochs=1000, pretraining=1000), 0)
    reports = [next(work) for _ in range(8)]
    work.close()
    fractions = [each.fraction for each in reports]
    assert fractions == sorted(fractions)
    assert fractions[-1] < SEEING + 0.1


def test_the_mean_of_members_is_told() -> None:
    images = gratings(16)
    kind = kind_of("dl-cnn")
    model = finish(kind.learn(images, recipe(members=2), 0))
    tensors = model.tensors()
    parts = []
    for member in "01":
        own = {name: values for name, values in tensors.items() if name == "learned_from" or name.startswith(f"{member}.")}
        renamed = {name if name == "learned_from" else f"0.{name[2:]}": values for name, values in own.items()}
        parts.append(finish(kind.rebuild(renamed, recipe(), 2).steps(images.array)))
    np.testing.assert_allclose(finish(model.steps(images.array)), (parts[0] + parts[1]) / 2, atol=1e-6)
    assert not np.array_equal(*parts)


def test_patience_stops_at_the_best() -> None:
    params = recipe(epochs=60, patience=3, batch=8, learning_rate=0.05)
    model = finish(kind_of("cnn").learn(gratings(32), params, 0))
    held = [point.held for point in model.course if point.held is not None]
    assert len(held) == len(model.course) < 60
    assert int(np.argmin(held)) == len(held) - 1 - 3


def test_learning_needs_no_more_than_two_images() -> None:
    images = gratings(2)
    for name in QUICK:
        model = finish(kind_of(name).learn(images, recipe(epochs=1), 0))
        assert np.isfinite(finish(model.steps(images.array))).all()


def test_constant_images_are_no_trouble() -> None:
    images = gratings(6)
    images.array[:] = 0
    model = finish(kind_of("dl-cnn").learn(images, recipe(epochs=1), 0))
    assert np.isfinite(finish(model.steps(images.array))).all()


@pytest.mark.parametrize("name", QUICK)
def test_other_tensors_are_refused(name: str) -> None:
    kind = kind_of(name)
    good = finish(kind.learn(gratings(8), recipe(epochs=1), 0)).tensors()
    some = next(name for name, values in good.items() if name != "learned_from" and values.ndim == 2)
    bad: list[dict[str, Any]] = [
        {},
        {"learned_from": good["learned_from"]},
        {key: values for key, values in good.items() if key != some},
        {**good, "0.more": good[some]},
        {**good, some: good[some][:-1]},
        {**good, some: np.full_like(good[some], np.nan)},
        {**good, "learned_from": np.array([8, 24])},
        {**good, "learned_from": np.array([8, 10**6, 24])},
        {**good, "x.last.bias": np.zeros(1, np.float32)},
    ]
    for tensors in bad:
        with pytest.raises(ModelError):
            kind.rebuild(tensors, recipe(), 2)
    with pytest.raises(ModelError):
        kind.rebuild(good, recipe(), 3)


def test_images_of_another_shape_are_refused() -> None:
    model = finish(kind_of("cnn").learn(gratings(8), recipe(epochs=1), 0))
    with pytest.raises(ModelError, match="24 x 24"):
        finish(model.steps(np.zeros((1, 20, 24), np.float32)))


def test_settings_fill_blanks_alone() -> None:
    kind = kind_of("dl-cnn")
    assert isinstance(kind, NetworkKind)
    params = kind.settings(NetworkParams(epochs=7), (64, 64), 100)
    assert params.epochs == 7
    assert all(value is not None for value in params.model_dump().values())
    assert kind.settings(params, (28, 28), 10_000) == params
