"""What is learned from while one paints."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from napari_hounsfield.labelling.learning import thinned
from napari_hounsfield.pixels.learning import PaintedSamples


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
