"""A classifier of several channels: what none tells alone, files that hold it, and images that lack a channel."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import napari_hounsfield as nh
from napari_hounsfield.operation import finish
from napari_hounsfield.pixels.importance import importance
from napari_hounsfield.pixels.training import painted_samples

CLASSES = {1: "both dark", 2: "first bright", 3: "second bright", 4: "both bright"}
PLAIN = nh.FeatureParams(texture=False)


def phantom(seed: int = 0) -> tuple[nh.Volume, nh.Volume, nh.LabelMap]:
    """T1 and T2, coarser and on a grid of its own, and four quadrants: each image tells two pairs apart, and no more."""
    random = np.random.default_rng(seed)
    _, y, x = np.indices((6, 40, 40))
    truth = (1 + (x >= 20) + 2 * (y >= 20)).astype(np.uint8)
    first = np.where(x >= 20, 300, 100) + random.normal(0, 25, truth.shape)
    _, y, x = np.indices((4, 26, 26))
    second = np.where(y * 2 - 6 >= 20, 300, 100) + random.normal(0, 25, x.shape)
    kind = {"unit": "stored value", "modality": "MR", "frame_of_reference": "1.2"}
    t1 = nh.Volume(first.astype(np.int16), nh.axial_affine((3, 1, 1)), name="T1", **kind)  # type: ignore[arg-type]
    t2 = nh.Volume(second.astype(np.int16), nh.axial_affine((6, 2, 2), (-6, -6, -1)), name="T2", **kind)  # type: ignore[arg-type]
    return t1, t2, t1.label_map(truth, CLASSES)


def painted(truth: nh.LabelMap) -> nh.LabelMap:
    array = np.zeros_like(truth.array)
    for rows in (slice(5, 14), slice(26, 35)):
        for columns in (slice(5, 14), slice(26, 35)):
            array[1, rows, columns] = truth.array[1, rows, columns]
    return replace(truth, array=array)


def mean_dice(found: nh.Segmentation, truth: nh.LabelMap) -> float:
    same = [
        2 * ((found.labels.array == v) & (truth.array == v)).sum() / ((found.labels.array == v).sum() + (truth.array == v).sum())
        for v in CLASSES
    ]
    return float(np.mean(same))


@pytest.fixture(scope="module")
def case() -> tuple[nh.Channels, nh.LabelMap, nh.PixelClassifier]:
    t1, t2, truth = phantom()
    channels = nh.aligned(t1, [t2], names=("T1", "T2"))
    return channels, truth, nh.train(channels, painted(truth), nh.TrainParams(features=PLAIN))


@pytest.mark.parametrize("kind", ["bp", "forest"])
def test_together_they_tell_what_neither_tells_alone(kind: str) -> None:
    t1, t2, truth = phantom()
    channels = nh.aligned(t1, [t2])
    params = nh.TrainParams(features=PLAIN, classifier=kind)  # type: ignore[arg-type]
    for one in channels.volumes:
        assert mean_dice(nh.segment(one, nh.train(one, painted(truth), params)), truth) < 0.7
    assert mean_dice(nh.segment(channels, nh.train(channels, painted(truth), params)), truth) > 0.9
    other = phantom(seed=7)
    model = nh.train(channels, painted(truth), params)
    assert mean_dice(nh.segment(nh.aligned(other[0], [other[1]]), model), other[2]) > 0.9


def test_the_file_holds_the_channels(case: tuple, tmp_path: Path) -> None:
    channels, _, model = case
    again = nh.load_model(model.save(tmp_path / "model.safetensors"))
    assert again.recipe == model.recipe
    (channel,) = again.recipe.channels
    assert (channel.name, channel.unit, channel.modality) == ("T2", "stored value", "MR")
    np.testing.assert_array_equal(nh.segment(channels, again).labels.array, nh.segment(channels, model).labels.array)


def test_stored_features_of_channels_are_taken(case: tuple) -> None:
    channels, truth, model = case
    maps = nh.features(channels, PLAIN)
    trained = nh.train(channels, painted(truth), features=maps, params=nh.TrainParams(features=PLAIN))
    np.testing.assert_array_equal(nh.segment(channels, trained, maps).labels.array, nh.segment(channels, model).labels.array)


def test_maps_of_one_channel_can_be_kept(case: tuple) -> None:
    channels, truth, _ = case
    kept = nh.train(channels, painted(truth), nh.TrainParams(features=PLAIN, keep="intensity; T2: intensity"))
    assert kept.params.kept == ["intensity", "T2: intensity"]
    assert [channel.features.smooth for channel in kept.params.needed.channels] == [False]
    assert mean_dice(nh.segment(channels, kept), truth) > 0.8
    second = nh.train(channels, painted(truth), nh.TrainParams(features=PLAIN, keep="T2: intensity"))
    assert second.params.needed.names == ["T2: intensity"]
    assert nh.segment(channels, second).labels.array.any()


def test_importance_names_the_channel(case: tuple) -> None:
    channels, truth, _ = case
    params = nh.TrainParams(features=PLAIN).resolve(channels)
    samples, classes = finish(painted_samples(channels, painted(truth), None, None, params))
    samples = replace(samples, strokes=np.arange(len(samples.values)) // 9)
    found = finish(importance(samples, classes, params))
    kinds = {one.name: one for one in found.kinds}
    assert set(kinds) == {"intensities", "T2: intensities"}
    assert min(one.drop for one in kinds.values()) > 0.3
    assert kinds["T2: intensities"].maps == tuple(params.features.channels[0].names)


def test_an_image_without_the_channels_is_refused(case: tuple) -> None:
    channels, truth, model = case
    t1, t2 = channels.originals
    with pytest.raises(nh.ModelError, match=r"channel T2 \(MR, stored value\) is missing"):
        nh.segment(t1, model)
    with pytest.raises(nh.ModelError, match="missing"):
        nh.segment(nh.aligned(t1, [replace(t2, unit="SUV")]), model)
    with pytest.raises(nh.ModelError, match="missing"):
        nh.segment(nh.aligned(t1, [replace(t2, modality="PT")]), model)
    with pytest.raises(nh.ModelError, match="one channel more"):
        nh.segment(channels, nh.train(t1, painted(truth), nh.TrainParams(features=PLAIN)))
    with pytest.raises(nh.ModelError, match="unit"):
        nh.segment(nh.aligned(replace(t1, unit="HU"), [t2]), model)


def test_what_no_channel_scanned_is_neither_learned_nor_labelled() -> None:
    t1, t2, truth = phantom()
    near = replace(t2, affine=nh.axial_affine((6, 2, 2), (10, -6, -1)))
    channels = nh.aligned(t1, [near])
    assert channels.valid is not None
    model = nh.train(channels, painted(truth), nh.TrainParams(features=PLAIN, holdout=0))
    assert sum(model.counts["train"].values()) == int((painted(truth).array[channels.valid] > 0).sum()) < 4 * 81
    found = nh.segment(channels, model, params=nh.SegmentParams(probabilities=True))
    assert found.labels.array[channels.valid].all()
    assert not found.labels.array[~channels.valid].any()
    assert found.probabilities is not None
    assert not found.probabilities.array[:, ~channels.valid].any()
