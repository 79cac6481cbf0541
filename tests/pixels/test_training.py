"""A classifier trained on strokes recognises the rest, says how well, and survives its file."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import zoom

import napari_hounsfield as nh
from napari_hounsfield.pixels.stroke_parts import hold_back, stroke_numbers


def share_right(volume, reference, labels):
    inside = volume.valid & (np.abs(np.arange(48) - 24) > 4)
    return (labels.array == reference.array)[inside].mean()


@pytest.mark.parametrize("kind", ["bp", "forest"])
def test_texture_is_recognised_where_a_threshold_fails(textures, strokes, kind):
    volume, reference = textures
    model = nh.train(volume, strokes, nh.TrainParams(classifier=kind, bp={"iterations": 500}))
    result = nh.segment(volume, model, nh.SegmentParams(probabilities=True, sureness=True))
    assert share_right(volume, reference, result.labels) > 0.97
    assert dict(result.labels.classes) == {1: "smooth", 2: "striped"}
    assert not result.labels.array[~volume.valid].any()
    sums = result.probabilities.array.sum(axis=0)
    np.testing.assert_allclose(sums[volume.valid], 1, atol=1e-5)
    assert result.probabilities.names == ("smooth", "striped")
    assert result.sureness.shape == volume.array.shape
    assert [r.operation for r in result.labels.history] == ["train", "segment"]


def test_figures_are_of_strokes_held_back(textures, strokes, classifier):
    total = int((strokes.array > 0).sum()) - 3  # three voxels lie in the padding
    train, test = (sum(classifier.counts[part].values()) for part in ("train", "test"))
    assert train + test == total
    assert 0 < test < 0.5 * total
    assert {r["name"] for r in classifier.figures["classes"]} == {"smooth", "striped"}
    assert all(0 <= r["sensitivity"] <= 1 for r in classifier.figures["classes"])


def test_samples_bring_their_own_test_part(textures):
    volume, reference = textures
    samples = nh.samples(reference, nh.SampleParams(per_class=80))
    model = nh.train(volume, samples, nh.TrainParams(bp={"iterations": 100}))
    inside = samples.test.array * volume.valid
    assert sum(model.counts["test"].values()) == (inside > 0).sum()


def test_test_samples_are_matched_by_name(textures, strokes):
    volume, reference = textures
    swapped = np.where(reference.array == 1, 2, 1) * (np.arange(10) % 4 == 2)[:, None, None]
    test = volume.label_map(swapped, {1: "striped", 2: "smooth"})
    model = nh.train(volume, strokes, test, nh.TrainParams(bp={"iterations": 200}))
    assert all(c["sensitivity"] > 0.9 for c in model.figures["classes"])


def test_strokes_stored_permuted_are_held_back_too(textures, strokes):
    volume, _ = textures
    order = (2, 0, 1)
    affine = np.array(strokes.affine)
    affine[:, :3] = affine[:, list(order)]
    permuted = nh.LabelMap(np.ascontiguousarray(strokes.array.transpose(order)), affine, strokes.classes)
    counts = nh.train(volume, permuted, nh.TrainParams(bp={"iterations": 20})).counts
    assert counts == nh.train(volume, strokes, nh.TrainParams(bp={"iterations": 20})).counts
    assert sum(counts["test"].values()) > 0


def test_large_class_numbers_survive(textures, strokes):
    volume, _ = textures
    array = np.where(strokes.array == 2, np.int32(70_000), strokes.array)
    model = nh.train(volume, volume.label_map(array, {1: "smooth", 70_000: "striped"}), nh.TrainParams(bp={"iterations": 50}))
    assert set(np.unique(nh.segment(volume, model).labels.array)) == {0, 1, 70_000}


def test_features_of_another_grid_or_kind_are_refused(textures, strokes):
    volume, _ = textures
    with pytest.raises(nh.ParameterError, match="not the features of a classifier"):
        nh.train(volume, strokes, features=nh.gabor(volume, nh.GaborParams(wavelengths=6)))
    flipped = np.array(volume.affine)
    flipped[:3, 1] *= -1
    elsewhere = nh.features(nh.Volume(volume.array, flipped, unit="HU", valid=volume.valid))
    with pytest.raises(nh.GridError, match="another grid"):
        nh.train(volume, strokes, features=elsewhere)


def test_the_seeds_recipe_is_the_papers():
    recipe = nh.TrainParams.from_preset("seed")
    assert (recipe.bp.weight_decay, recipe.bp.balance, recipe.bp.tolerance, recipe.bp.iterations) == (0, False, 0, 2000)
    assert (recipe.features.window.preset, recipe.features.windows, recipe.features.smooth) == ("seed", "one", False)
    assert (recipe.features.gabor.normalise, recipe.features.gabor.truncate) == (False, 0)


def test_background_is_written_as_zero(textures, strokes):
    volume, _ = textures
    named = volume.label_map(strokes.array, {1: "background", 2: "striped"})
    result = nh.segment(volume, nh.train(volume, named, nh.TrainParams(bp={"iterations": 100})))
    assert set(np.unique(result.labels.array)) == {0, 2}
    assert dict(result.labels.classes) == {0: "background", 2: "striped"}


def test_strokes_stored_flipped_are_matched_by_geometry(textures, strokes, classifier):
    volume, _ = textures
    affine = np.array(strokes.affine)
    affine[:3, 3] += affine[:3, 1] * (strokes.array.shape[1] - 1)
    affine[:3, 1] *= -1
    flipped = nh.LabelMap(strokes.array[:, ::-1], affine, strokes.classes)
    again = nh.train(volume, flipped, nh.TrainParams(bp={"iterations": 300}))
    np.testing.assert_array_equal(again.recogniser.weights[0], classifier.recogniser.weights[0])


def test_classifier_works_at_another_spacing(textures, classifier):
    volume, reference = textures
    between = zoom(np.where(volume.valid, volume.array, 0), (1, 2, 2), order=3, grid_mode=True, mode="nearest")
    fine = nh.Volume(between, nh.axial_affine((3, 0.5, 0.5)), unit="HU", valid=volume.valid.repeat(2, 1).repeat(2, 2))
    labels = nh.segment(fine, classifier).labels.array[:, ::2, ::2]
    assert share_right(volume, reference, volume.label_map(labels, {})) > 0.9


@pytest.mark.parametrize("kind", ["bp", "forest"])
def test_file_round_trip(tmp_path, textures, strokes, kind):
    volume, _ = textures
    model = nh.train(volume, strokes, nh.TrainParams(classifier=kind, bp={"iterations": 50}))
    again = nh.load_model(model.save(tmp_path / "model.safetensors"))
    assert again.params == model.params
    assert again.figures == json.loads(json.dumps(model.figures))
    assert (again.classes, again.counts, again.unit) == (model.classes, model.counts, "HU")
    assert again.history == model.history
    np.testing.assert_array_equal(nh.segment(volume, again).labels.array, nh.segment(volume, model).labels.array)


def test_damaged_and_foreign_files_are_refused(tmp_path, classifier):
    from safetensors.numpy import save_file

    path = classifier.save(tmp_path / "model.safetensors")
    with pytest.raises(nh.WriteError, match=r"model\.safetensors"):
        classifier.save(path)
    raw = bytearray(path.read_bytes())
    raw[-3] ^= 0x40
    bad = tmp_path / "bad.safetensors"
    for content, error in [
        (raw, nh.ModelError),
        (raw[:200], nh.FormatError),
        (b"pickle?", nh.FormatError),
        (b"", nh.FormatError),
    ]:
        bad.write_bytes(bytes(content))
        with pytest.raises(error, match=r"bad\.safetensors"):
            nh.load_model(bad)
    save_file({"x": np.zeros(3, np.float32)}, bad)
    with pytest.raises(nh.ModelError, match="not a model"):
        nh.load_model(bad)
    with pytest.raises(nh.FormatError, match=r"none\.safetensors"):
        nh.load_model(tmp_path / "none.safetensors")


def test_unusable_strokes_are_named(textures, strokes):
    volume, _ = textures
    empty = np.zeros(volume.array.shape, np.uint8)
    one = np.minimum(strokes.array, 1)
    padding = np.where(volume.valid, 0, 1)
    for array, message in [(empty, "no painted voxels"), (one, "only one class"), (padding, "inside the scanned field")]:
        with pytest.raises(nh.LabelError, match=message):
            nh.train(volume, volume.label_map(array, {}))
    with pytest.raises(nh.LabelError, match="same name"):
        nh.train(volume, volume.label_map(strokes.array, {1: "lung", 2: "lung"}))
    with pytest.raises(nh.GridError, match="grids differ"):
        nh.train(volume, nh.LabelMap(strokes.array[1:], volume.affine))


def test_another_unit_is_refused(classifier):
    with pytest.raises(nh.ModelError, match="HU"):
        nh.segment(nh.Volume(np.zeros((1, 40, 40)), np.eye(4), unit="SUV"), classifier)


def test_another_modality_is_refused_and_an_unknown_one_warned_of(textures, classifier):
    mr, unknown = (replace(textures[0], modality=modality) for modality in ("MR", ""))
    of_ct = replace(classifier, modality="CT")
    with pytest.raises(nh.ModelError, match="modality is 'MR', the classifier was trained on 'CT'"):
        nh.segment(mr, of_ct)
    (warning,) = nh.segment(unknown, of_ct).warnings
    assert "is taken as CT in HU" in warning
    assert nh.segment(replace(mr, modality="CT"), of_ct).warnings == ()
    assert nh.segment(unknown, replace(classifier, modality="")).warnings == ()


@given(st.integers(0, 500), st.floats(0, 0.8))
def test_strokes_are_held_back_whole(seed, share):
    from scipy.ndimage import label

    random = np.random.default_rng(seed)
    painted = np.zeros((4, 30, 30), np.uint8)
    for _ in range(12):
        z, y, x = random.integers(0, (4, 26, 26))
        painted[z, y : y + 1, x : x + 4] = random.integers(1, 3)
    used = painted > 0
    held = np.zeros(painted.shape, bool)
    held[used] = hold_back(painted[used], stroke_numbers(painted)[used], share, random)
    train, test = np.where(held, 0, painted), np.where(held, painted, 0)
    for value in (1, 2):
        strokes, count = label(painted == value, np.stack([np.zeros((3, 3)), np.ones((3, 3)), np.zeros((3, 3))]))
        if count > 1:
            divided = [k for k in range(1, count + 1) if len(np.unique((test > 0)[strokes == k])) == 2]
            assert not divided
        if count > 1 and share:
            assert (test == value).any()
            assert (test == value).sum() <= max(share * (painted == value).sum(), np.bincount(strokes.ravel())[1:].min())
        assert (train == value).any() or not (painted == value).any()
