"""Each image is described once, whatever comes with it."""

from __future__ import annotations

import numpy as np

from napari_hounsfield.images.models import remembered
from napari_hounsfield.images.models.remembered import Remembered
from napari_hounsfield.operation import Progress, finish


def test_an_image_is_described_once_and_kept_within_bounds(monkeypatch):
    asked = []

    def describe(array):
        asked.append(len(array))
        yield Progress(0.5)
        return array.reshape(len(array), -1)[:, :2].copy()

    images = np.random.default_rng(0).random((6, 3, 3)).astype(np.float32)
    kept = Remembered(describe)
    expected = images.reshape(6, -1)[:, :2]
    assert np.array_equal(finish(kept.steps(images[:4])), expected[:4])
    assert np.array_equal(finish(kept.steps(images[[5, 1, 0]])), expected[[5, 1, 0]])
    assert asked == [4, 1]
    monkeypatch.setattr(remembered, "MOST_BYTES", 3 * 8)
    assert np.array_equal(finish(kept.steps(images)), expected)
    assert len(kept._rows) == 3
    assert np.array_equal(finish(kept.steps(images[::-1])), expected[::-1])
