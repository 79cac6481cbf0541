"""What is learned from while one paints."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import napari_hounsfield as nh
from napari_hounsfield.labelling.learning import WarmLearning, thinned
from napari_hounsfield.operation import finish
from napari_hounsfield.pixels.classifier import PixelClassifier
from napari_hounsfield.pixels.learning import PaintedSamples, learn

NAMES = {1: "one", 2: "two", 3: "three"}
IMAGE = nh.Volume(np.zeros((1, 2, 2), np.int16), np.eye(4), unit="HU", modality="CT")


class Rows(nh.TrainParams):
    """For rows that are no maps of an image."""

    @property
    def kept(self) -> list[str]:
        return ["a", "b", "c"]


LIVE = Rows(**nh.TrainParams.presets["live"])


def painted(sizes: list[int]) -> PaintedSamples:
    """Strokes of some sizes, their voxels mixed."""
    strokes = np.random.default_rng(0).permutation(np.repeat(np.arange(len(sizes)), sizes))
    return PaintedSamples(np.arange(len(strokes), dtype=np.float32)[:, np.newaxis], strokes % 3 + 1, strokes)


@given(st.lists(st.integers(1, 200), min_size=1, max_size=20), st.integers(1, 500))
def test_every_stroke_has_its_share(sizes: list[int], most: int) -> None:
    samples = painted(sizes)
    some = thinned(samples, most)
    total, left = len(samples.values), np.bincount(some.strokes, minlength=len(sizes))
    assert (left >= 1).all()
    if total <= most:
        assert some is samples
    else:
        assert (np.abs(left - np.array(sizes) * most / total) <= 1).all()
    assert (some.rows[:, 0] == np.sort(some.rows[:, 0])).all(), "in the order of before"
    assert (samples.values[some.rows[:, 0].astype(int)] == some.values).all()


def blobs(strokes: int) -> PaintedSamples:
    """The first strokes, of ten voxels each, of three overlapping classes that take turns."""
    numbers = np.repeat(np.arange(60), 10)
    centres = np.random.default_rng(9).normal(0, 1.5, (3, 3))
    rows = centres[numbers % 3] + np.random.default_rng(0).normal(0, 1, (len(numbers), 3))
    return PaintedSamples(rows.astype(np.float32), numbers % 3 + 1, numbers).some(numbers < strokes)


def begun() -> tuple[WarmLearning, PixelClassifier]:
    """After 30 strokes, which some were held back of."""
    warm = WarmLearning()
    first = finish(learn(blobs(30), NAMES, LIVE, "HU", "CT"))
    return warm, finish(warm.learned(blobs(30), NAMES, LIVE, IMAGE, first))


def alike(one: PixelClassifier, other: PixelClassifier) -> bool:
    """Whether two classifiers are the same."""
    rows = blobs(60).rows
    same = np.array_equal(one.recogniser.probabilities(rows), other.recogniser.probabilities(rows))
    return same and (one.counts, one.figures, one.temperature) == (other.counts, other.figures, other.temperature)


def test_strokes_are_held_back_again_when_much_more_is_painted() -> None:
    warm, judged = begun()
    last = judged
    for strokes in (31, 36):  # up to a fifth more
        last = finish(warm.learned(blobs(strokes), NAMES, LIVE, IMAGE, last))
        assert (last.figures, last.temperature, last.counts["test"]) == (
            judged.figures,
            judged.temperature,
            judged.counts["test"],
        )
        assert sum(last.counts["train"].values()) == 10 * strokes
    for strokes in (37, 20):  # more; fewer, since some were taken back
        samples = blobs(strokes)
        found = finish(warm.learned(samples, NAMES, LIVE, IMAGE, last))
        assert alike(found, finish(learn(samples, NAMES, LIVE, "HU", "CT", last)))
        assert found.counts["test"] != last.counts["test"]
        last = found
    again = finish(warm.learned(blobs(21), NAMES, LIVE, IMAGE, last))
    assert again.counts["test"] == last.counts["test"], "of what was painted when they were held back last"


def test_the_same_strokes_in_the_same_order_give_the_same() -> None:
    found = []
    for _ in range(2):
        warm, last = begun()
        found.append(finish(warm.learned(blobs(33), NAMES, LIVE, IMAGE, last)))
    assert alike(*found)


@pytest.mark.parametrize(
    "changes",
    [
        {"params": LIVE.model_copy(update={"seed": 1})},
        {"names": {**NAMES, 3: "third"}},
        {"last": finish(learn(blobs(12), NAMES, LIVE, "HU", "CT"))},
    ],
    ids=["parameters", "classes", "another classifier"],
)
def test_what_is_of_another_kind_begins_anew(changes: dict[str, Any]) -> None:
    warm, known = begun()
    names, params, last = (changes.get(key, value) for key, value in (("names", NAMES), ("params", LIVE), ("last", known)))
    found = finish(warm.learned(blobs(33), names, params, IMAGE, last))
    assert alike(found, finish(learn(blobs(33), names, params, "HU", "CT", last)))
    after = finish(warm.learned(blobs(36), names, params, IMAGE, found))
    assert after.counts["test"] == found.counts["test"], "which is known from then on"


@pytest.mark.parametrize("changes", [{"refit": False}, {"classifier": "forest", "forest": {"trees": 5}}], ids=str)
def test_what_cannot_go_on_learns_each_time(changes: dict[str, Any]) -> None:
    params = Rows(**{**nh.TrainParams.presets["live"], **changes})
    warm, last = begun()
    for samples in (blobs(30), blobs(31)):
        found = finish(warm.learned(samples, NAMES, params, IMAGE, last))
        assert alike(found, finish(learn(samples, NAMES, params, "HU", "CT", last)))
        last = found
