"""Learning from painted samples: warm starts, classes that come later, early stopping, calibration, maps that are kept."""

import numpy as np
import pytest

import napari_hounsfield as nh
from napari_hounsfield.operation import finish
from napari_hounsfield.pixels.calibration import calibration_error, fitted_temperature, tempered
from napari_hounsfield.pixels.classifiers import TITLES
from napari_hounsfield.pixels.learning import PaintedSamples, catch_up, learn
from napari_hounsfield.pixels.slab_recognition import recognise_plane
from napari_hounsfield.pixels.training import painted_samples

LIVE = nh.TrainParams.from_preset("live")


@pytest.fixture(scope="module")
def samples(textures, strokes):
    volume, _ = textures
    params = LIVE.resolve(volume)
    return (*finish(painted_samples(volume, strokes, None, None, params)), params)


def blobs(count, per_class=120, features=5, seed=0):
    """Overlapping classes in strokes of ten."""
    random = np.random.default_rng(seed)
    values = np.repeat(np.arange(1, count + 1), per_class)
    centres = np.random.default_rng(9).normal(0, 1.2, (count, features))
    rows = (centres[values - 1] + random.normal(0, 1, (len(values), features))).astype(np.float32)
    return PaintedSamples(rows, values, np.arange(len(values)) // 10, None, np.arange(len(values)) // 30)


def recipe(names=5, **values):
    """Parameters for rows that are no maps of an image."""

    class Rows(nh.TrainParams):
        @property
        def kept(self):
            return [f"map {k}" for k in range(names)]

    return Rows(**{**nh.TrainParams.presets["live"], **values})


def names_of(samples):
    return {int(v): f"class {v}" for v in np.unique(samples.values)}


@pytest.mark.parametrize("kind", TITLES)
def test_every_kind_recognises_textures_and_survives_its_file(tmp_path, textures, strokes, kind):
    volume, reference = textures
    few = {"forest": {"trees": 30}, "boosting": {"rounds": 20}}
    model = nh.train(volume, strokes, nh.TrainParams(**nh.TrainParams.presets["live"], classifier=kind, **few))
    result = nh.segment(volume, model, nh.SegmentParams(probabilities=True))
    inside = volume.valid & (np.abs(np.arange(48) - 24) > 4)
    assert (result.labels.array == reference.array)[inside].mean() > 0.95
    np.testing.assert_allclose(result.probabilities.array.sum(axis=0)[volume.valid], 1, atol=1e-5)
    again = nh.load_model(model.save(tmp_path / "model.safetensors"))
    assert (again.params, again.temperature, again.course) == (model.params, model.temperature, model.course)
    np.testing.assert_array_equal(nh.segment(volume, again).labels.array, result.labels.array)


def test_a_plane_is_recognised_as_the_volume_is(textures, strokes):
    volume, _ = textures
    model = nh.train(volume, strokes, LIVE)
    assert model.temperature != 1
    whole = nh.segment(volume, model, nh.SegmentParams(probabilities=True, sureness=True))
    maps = nh.features(volume, model.recipe).array
    for given in (maps[:, 3:4], maps[:, 3:4].astype(np.float16)):
        found = recognise_plane(model, given)
        inside = volume.valid[3]
        assert (found.labels[0] == whole.labels.array[3])[inside].mean() > 0.99
        if given.dtype == np.float32:
            np.testing.assert_allclose(found.probabilities[:, 0, inside], whole.probabilities.array[:, 3, inside], atol=1e-5)
        ordered = np.sort(found.probabilities, axis=0)
        np.testing.assert_allclose(found.sureness, ordered[-1] - ordered[-2], atol=1e-6)
        assert 0 <= found.entropy.min() <= found.entropy.max() <= 1 + 1e-6
    with pytest.raises(nh.ModelError, match="trained on"):
        recognise_plane(model, maps[:3, 3:4])


def test_same_samples_same_classifier(samples):
    painted, classes, params = samples
    first, second = (finish(learn(painted, classes, params)) for _ in range(2))
    for one, other in zip(first.recogniser.weights, second.recogniser.weights, strict=True):
        np.testing.assert_array_equal(one, other)
    assert first.temperature == second.temperature


def test_the_loss_curve_is_reported_and_kept(samples):
    painted, classes, params = samples
    steps = learn(painted, classes, params)
    reported = []
    while True:
        try:
            progress = next(steps)
        except StopIteration as stop:
            model = stop.value
            break
        if hasattr(progress, "held_loss"):
            reported.append((progress.iteration, progress.loss, progress.held_loss))
    assert set(model.course.points) <= set(reported)
    losses = [loss for _, loss, _ in model.course.points]
    assert losses == sorted(losses, reverse=True)
    held = [h for _, _, h in model.course.points]
    assert held[model.course.iterations - 1] == min(held)


def test_strokes_held_back_are_learned_in_the_end():
    samples = blobs(3)
    model = finish(learn(samples, names_of(samples), recipe(refit=True)))
    assert sum(model.counts["train"].values()) == len(samples.values)
    assert 0 < sum(model.counts["test"].values()) < len(samples.values)
    apart = finish(learn(samples, names_of(samples), recipe(refit=False)))
    assert apart.figures == model.figures
    assert sum(apart.counts["train"].values()) + sum(apart.counts["test"].values()) == len(samples.values)


def test_a_class_that_comes_later_is_learned_by_a_warm_start():
    samples = blobs(4)
    for known in (2, 3):
        before = samples.some(samples.values <= known)
        start = finish(learn(before, names_of(before), recipe()))
        warm = finish(learn(samples, names_of(samples), recipe(bp={**recipe().bp.model_dump(), "iterations": 10}), start=start))
        assert warm.recogniser.outputs == 4
        fresh = blobs(4, seed=5)
        right = warm.recogniser.probabilities(fresh.rows).argmax(1) + 1 == fresh.values
        assert right.mean() > 0.8
        assert all(right[fresh.values == v].mean() > 0.6 for v in range(1, 5))


def test_more_samples_are_caught_up_with():
    samples, fresh = blobs(3), blobs(3, seed=5)
    last = finish(learn(samples.some(samples.strokes % 12 < 10), names_of(samples), recipe()))
    caught = finish(catch_up(samples, last))
    assert (caught.figures, caught.temperature, caught.course) == (last.figures, last.temperature, last.course)
    assert (caught.classes, caught.params, caught.counts["test"]) == (last.classes, last.params, last.counts["test"])
    assert sum(caught.counts["train"].values()) == len(samples.values) > sum(last.counts["train"].values())
    cold = finish(learn(samples, names_of(samples), recipe()))
    right, chosen = (one.recogniser.probabilities(fresh.rows).argmax(1) for one in (cold, caught))
    assert (right == chosen).mean() > 0.95
    again = finish(catch_up(samples, last))
    np.testing.assert_array_equal(again.recogniser.probabilities(fresh.rows), caught.recogniser.probabilities(fresh.rows))


def test_a_start_that_does_not_fit_is_left():
    samples = blobs(3)
    start = finish(learn(samples, names_of(samples), recipe(bp={"hidden": (5,), "iterations": 20})))
    cold, warm = (finish(learn(samples, names_of(samples), recipe(), start=s)) for s in (None, start))
    np.testing.assert_array_equal(cold.recogniser.weights[0], warm.recogniser.weights[0])


def test_a_warm_start_begins_where_the_network_was():
    from napari_hounsfield.bp_training import fit

    samples = blobs(3)
    targets = samples.values.astype(np.int64) - 1
    for chosen in ({}, {"hidden": (8, 6)}, {"solver": "adam", "inputs": "standardised", "iterations": 60, "tolerance": 0.0}):
        params = nh.BPParams(**{**nh.BPParams.presets["live"], **chosen})
        start = finish(fit(samples.rows, targets, 3, params, 0))
        moved = samples.rows[::2] * 1.0
        still = params.model_copy(update={"iterations": 1, "learning_rate": 1e-6, "weight_decay": 0.0})
        again = finish(fit(moved, targets[::2], 3, still, 1, None, start))
        if params.solver == "adam":
            np.testing.assert_allclose(again.probabilities(moved), start.probabilities(moved), atol=2e-3)
        cold = finish(fit(moved, targets[::2], 3, still, 1))
        assert again.course.points[0][1] < cold.course.points[0][1] + 1e-6


@pytest.mark.parametrize("count", [2, 4])
def test_other_outputs_leave_what_is_known_as_it_was(count):
    samples = blobs(count)
    network = finish(learn(samples, names_of(samples), recipe())).recogniser
    found = network.probabilities(samples.rows)
    same = network.with_outputs(tuple(range(count)))
    np.testing.assert_allclose(same.probabilities(samples.rows), found, atol=1e-5)
    turned = network.with_outputs(tuple(range(count))[::-1])
    np.testing.assert_allclose(turned.probabilities(samples.rows)[:, ::-1], found, atol=1e-5)
    more = network.with_outputs((*range(count), None))
    assert more.outputs == count + 1
    sure = found.max(axis=1) > 0.9
    np.testing.assert_array_equal(more.probabilities(samples.rows)[sure].argmax(1), found[sure].argmax(1))


@pytest.mark.parametrize("hidden", [(6,), (9, 5), (8, 6, 4)])
@pytest.mark.parametrize("inputs", ["standardised", "decorrelated", "better"])
def test_one_to_three_layers_learn(hidden, inputs):
    from napari_hounsfield.bp_training import fit

    samples = blobs(3)
    params = nh.BPParams(solver="l-bfgs", inputs=inputs, hidden=hidden, iterations=150, weight_decay=0.1)
    network = finish(fit(samples.rows, samples.values - 1, 3, params, 0))
    fresh = blobs(3, seed=4)
    assert (network.probabilities(fresh.rows).argmax(1) + 1 == fresh.values).mean() > 0.8
    with pytest.raises(ValueError, match="one to 3"):
        nh.BPParams(hidden=(4, 4, 4, 4))


def test_only_maps_that_are_kept_are_taken(textures, strokes, tmp_path):
    volume, _ = textures
    names = LIVE.resolve(volume).features.names
    chosen = [names[0], names[-1]]
    params = LIVE.model_copy(update={"keep": "; ".join(chosen[::-1])})
    model = nh.train(volume, strokes, params)
    assert (model.params.kept, model.recogniser.inputs) == (chosen, 2)
    maps = nh.features(volume, model.recipe)
    stored = nh.segment(volume, nh.train(volume, strokes, features=maps, params=params), maps)
    again = nh.load_model(model.save(tmp_path / "model.safetensors"))
    for labels in (stored.labels, nh.segment(volume, again).labels, nh.segment(volume, again, maps).labels):
        assert (labels.array == nh.segment(volume, model).labels.array).mean() > 0.999
    assert not model.params.needed.smooth
    with pytest.raises(nh.ParameterError, match="not a map"):
        nh.train(volume, strokes, LIVE.model_copy(update={"keep": "nothing"}))


def test_files_of_the_first_schema_are_read(tmp_path, classifier):
    import json

    from safetensors import safe_open
    from safetensors.numpy import save_file

    path = classifier.save(tmp_path / "new.safetensors")
    with safe_open(path, framework="numpy") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        card = json.loads(file.metadata()["napari-hounsfield"])
    card["schema"] = 1
    for name in ("temperature", "course"):
        del card[name]
    for name in ("keep", "svm", "logistic", "boosting", "calibrate", "refit"):
        del card["parameters"][name]
    for name in ("solver", "inputs", "patience"):
        del card["parameters"]["bp"][name]
    old = tmp_path / "old.safetensors"
    save_file(tensors, old, {"napari-hounsfield": json.dumps(card)})
    again = nh.load_model(old)
    assert again.temperature == 1
    np.testing.assert_array_equal(again.recogniser.weights[0], classifier.recogniser.weights[0])
    save_file(tensors, old, {"napari-hounsfield": json.dumps({**card, "schema": 99})})
    with pytest.raises(nh.ModelError, match="another version"):
        nh.load_model(old)


def test_temperature_undoes_overconfidence():
    random = np.random.default_rng(0)
    logits = random.normal(0, 1.5, (20000, 4))
    honest = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    targets = (honest.cumsum(1) > random.random((20000, 1))).argmax(1)
    loud = tempered(honest.astype(np.float32), 0.4)
    assert calibration_error(loud, targets) > 0.1
    temperature = fitted_temperature(loud, targets, balance=False)
    assert temperature == pytest.approx(1 / 0.4, rel=0.05)
    assert calibration_error(tempered(loud, temperature), targets) < 0.02
    np.testing.assert_allclose(tempered(loud, temperature), honest, atol=0.02)


def test_inputs_are_not_decorrelated_where_the_position_is_among_them(textures):
    volume, _ = textures
    placed = nh.TrainParams(**nh.TrainParams.presets["live"], features=nh.FeatureParams(position=True)).resolve(volume)
    assert placed.chosen.inputs == "standardised"
    without = placed.model_copy(
        update={"keep": "; ".join(name for name in placed.kept if "position" not in name and "skin" not in name)}
    )
    assert without.chosen.inputs == LIVE.chosen.inputs == "better"
