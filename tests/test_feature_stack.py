"""Features are the same whole, in slabs, and at single voxels."""

import numpy as np
import pytest
from pydantic import ValidationError
from skimage.filters import gaussian

import napari_hounsfield as nh
from napari_hounsfield.feature_stack import FeatureEngine, feature_source
from napari_hounsfield.operation import finish


@pytest.fixture
def volume():
    array = np.random.default_rng(1).integers(-1000, 400, (40, 24, 20)).astype(np.int16)
    return nh.Volume(array, nh.axial_affine((2, 1, 1)), unit="HU", modality="CT", name="CT 1")


@pytest.fixture(params=["axial", "orthogonal", "wrapped"])
def recipe(request):
    way = {"planes": "orthogonal", "boundary": "wrap"} if request.param == "wrapped" else {"planes": request.param}
    gabor = nh.GaborParams(wavelengths=(4, 8), orientations=(0, 90), truncate=2, pool="mean", **way)
    return nh.FeatureParams(gabor=gabor, gaussian=(2.0,))


def test_names_order_and_recipe(volume, recipe):
    result = nh.features(volume, recipe)
    assert result.names == (
        "intensity",
        "Gaussian 2 mm",
        "intensity, lung window",
        "Gaussian 2 mm, lung window",
        "intensity, soft tissue window",
        "Gaussian 2 mm, soft tissue window",
        "Gabor 4 mm mean",
        "Gabor 8 mm mean",
    )
    windowed = nh.window(volume)
    np.testing.assert_array_equal(result.array[0], windowed.array)
    np.testing.assert_allclose(result.array[1, 3], gaussian(windowed.array[3], 2.0, mode="reflect"), atol=1e-6)
    lung = nh.window(volume, nh.WindowParams(lower=-1024, upper=-500))
    np.testing.assert_array_equal(result.array[2], lung.array)
    np.testing.assert_allclose(result.array[6:], nh.gabor(windowed, recipe.gabor).array, atol=1e-6)
    assert nh.FeatureParams(**result.recipe).resolve(volume).model_dump(mode="json") == result.recipe


def test_slabs_and_single_voxels_equal_the_whole(volume, recipe):
    whole = nh.features(volume, recipe).array
    engine = FeatureEngine(volume, recipe.resolve(volume))
    slab = np.empty((len(whole), 3, 24, 20), np.float32)
    finish(engine.slab(4, 7, slab))
    np.testing.assert_allclose(slab, whole[:, 4:7], atol=1e-6)
    mask = np.zeros(volume.array.shape, bool)
    mask[[1, 8], [3, 23], [0, 19]] = True
    np.testing.assert_allclose(finish(engine.at(mask)), whole[:, mask].T, atol=1e-6)


def test_stored_features_of_another_recipe_are_refused(volume, recipe):
    stored = nh.features(volume, nh.FeatureParams(texture=False))
    with pytest.raises(nh.ParameterError, match="other parameters"):
        feature_source(volume, recipe.resolve(volume), stored)


def test_no_feature_is_refused():
    with pytest.raises(ValidationError):
        nh.FeatureParams(intensity=False, smooth=False, texture=False)


def test_defaults_are_as_before_there_were_other_kinds(volume):
    names = nh.features(volume).names
    assert not [name for name in names if not name.startswith(("intensity", "Gaussian", "Gabor"))]


def test_presets_compare_gabor_alone_with_gabor_plus(volume):
    alone = nh.features(volume, nh.FeatureParams.from_preset("gabor alone"))
    plus = nh.features(volume, nh.FeatureParams.from_preset("gabor plus"))
    assert all(name.startswith("Gabor") for name in alone.names)
    np.testing.assert_allclose(plus.array[-len(alone.names) :], alone.array, atol=1e-6)
    kinds = ("intensity", "Gaussian", "gradient", "Laplacian", "structure", "Hessian", "distance", "position", "Gabor")
    assert [k for k in kinds if any(name.startswith(k) for name in plus.names)] == list(kinds)
    assert nh.FeatureParams(**plus.recipe).resolve(volume).model_dump(mode="json") == plus.recipe


def test_models_from_before_there_were_other_kinds_load_and_recognise_the_same(volume, tmp_path):
    import json

    from safetensors import safe_open
    from safetensors.numpy import save_file

    strokes = np.zeros(volume.array.shape, np.uint8)
    strokes[3, 5, :10], strokes[5, 15, :10] = 1, 2
    model = nh.train(volume, volume.label_map(strokes, {1: "one", 2: "two"}), nh.TrainParams(bp={"iterations": 5}))
    path = model.save(tmp_path / "model.safetensors")
    with safe_open(path, framework="numpy") as file:
        tensors, metadata = {name: file.get_tensor(name) for name in file.keys()}, file.metadata()  # noqa: SIM118
    card = json.loads(metadata["napari-hounsfield"])
    for name in ("gradient", "laplacian", "structure", "hessian", "scales", "dimensions", "position"):
        del card["parameters"]["features"][name]
    save_file(tensors, tmp_path / "old.safetensors", {"napari-hounsfield": json.dumps(card)})
    old = nh.load_model(tmp_path / "old.safetensors")
    assert old.recipe == model.recipe
    stored = nh.features(volume)
    np.testing.assert_array_equal(nh.segment(volume, old, stored).labels.array, nh.segment(volume, model).labels.array)
