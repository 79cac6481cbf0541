"""Boxes of every value against scipy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage

from napari_hounsfield import boxes, components
from napari_hounsfield.boxes import around, boxes_of, widened
from napari_hounsfield.operation import finish

maps = hnp.arrays(
    st.sampled_from([np.uint8, np.int16]), hnp.array_shapes(min_dims=3, max_dims=3, max_side=7), elements=st.integers(0, 4)
)


@pytest.fixture(params=[(1, 1), (40, 1), (4_000_000, 500_000)])
def _sizes(request, monkeypatch):
    """Slabs of few and many voxels, with compiled code and without."""
    monkeypatch.setattr(components, "SLAB_VOXELS", request.param[0])
    monkeypatch.setattr(boxes, "FEW", request.param[1])


@pytest.mark.usefixtures("_sizes")
class TestBoxes:
    @given(array=maps)
    def test_equal_scipy(self, array):
        expected = {value: box for value, box in enumerate(ndimage.find_objects(array), 1) if box}
        assert finish(boxes_of(array)) == expected
        assert finish(boxes_of(array.transpose(2, 0, 1)[:, ::-1])) == {
            value: (box[2], slice(array.shape[0] - box[0].stop, array.shape[0] - box[0].start), box[1])
            for value, box in expected.items()
        }
        assert finish(boxes_of(array, [2, 9])) == {value: box for value, box in expected.items() if value == 2}

    def test_long_runs(self):
        array = np.zeros((2, 3, 200), np.uint8)
        array[1, 1, 3:190] = 7
        array[1, 2, 100] = 7
        assert finish(boxes_of(array)) == {7: (slice(1, 2), slice(1, 3), slice(3, 190))}


def test_values_beyond_a_byte():
    array = np.zeros((1, 2, 3), np.int32)
    array[0, 1, 2] = 70_000
    assert finish(boxes_of(array)) == {70_000: (slice(0, 1), slice(1, 2), slice(2, 3))}


def test_around_and_widened():
    first, second = (slice(0, 2), slice(3, 4), slice(5, 6)), (slice(1, 3), slice(0, 1), slice(5, 9))
    assert around(first, second) == (slice(0, 3), slice(0, 4), slice(5, 9))
    assert widened(first, (1, 2, 3), (9, 5, 7)) == (slice(0, 3), slice(1, 5), slice(2, 7))
