"""Features that matter are told from those that do not."""

import json

import numpy as np
import pytest

import napari_hounsfield as nh
from napari_hounsfield.operation import finish
from napari_hounsfield.pixels.importance import ImportanceParams, importance, kinds_of
from napari_hounsfield.pixels.training import painted_samples


@pytest.mark.parametrize("kind", ["bp", "forest"])
def test_texture_matters_where_means_are_equal(textures, strokes, kind):
    volume, _ = textures
    params = nh.TrainParams(**nh.TrainParams.presets["live"], classifier=kind, forest={"trees": 20}).resolve(volume)
    samples, classes = finish(painted_samples(volume, strokes, None, None, params))
    found = finish(importance(samples, classes, params))
    again = finish(importance(samples, classes, params))
    assert found == again
    assert [one.name for one in found.maps] == params.kept
    kinds = {one.name: one.drop for one in found.kinds}
    assert max(kinds, key=kinds.get) == "texture"
    assert kinds["texture"] > 0.1
    json.dumps(found.to_json(), allow_nan=False)
    fewer = params.model_copy(update={"keep": found.keep(0.01)})
    assert 0 < len(fewer.kept) < len(params.kept)
    assert any(name in fewer.kept for name in next(k.maps for k in found.kinds if k.name == "texture"))
    model = nh.train(volume, strokes, fewer)
    assert model.figures["macro"]["sensitivity"] > 0.9


def test_a_feature_of_noise_costs_nothing_and_chunks_change_nothing(monkeypatch):
    from .test_learning import blobs, names_of, recipe

    samples = blobs(3, features=4)
    noise = np.random.default_rng(0).normal(0, 1, (len(samples.rows), 1)).astype(np.float32)
    wider = type(samples)(np.hstack([samples.rows, noise]), samples.values, samples.strokes)
    found = finish(importance(wider, names_of(wider), recipe(5), ImportanceParams(repeats=20)))
    drops = [one.drop for one in found.maps]
    assert abs(drops[-1]) < 0.05 < max(drops)
    monkeypatch.setattr("napari_hounsfield.pixels.importance.MOST_ROWS", 1)
    assert finish(importance(wider, names_of(wider), recipe(5), ImportanceParams(repeats=20))) == found


def test_kinds_share_out_the_maps(textures):
    features = nh.FeatureParams(gradient=True, position=True).resolve(textures[0])
    kinds = kinds_of(features, features.names)
    assert sorted(name for names in kinds.values() for name in names) == sorted(features.names)
    assert {"intensities", "gradient", "position", "texture"} == set(kinds)
