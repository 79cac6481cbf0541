"""Connected parts, holes and boxes against scipy on the whole array."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage

from napari_hounsfield import components
from napari_hounsfield.components import bounding_box, connected, filled, slabs
from napari_hounsfield.operation import finish

masks = hnp.arrays(bool, hnp.array_shapes(min_dims=3, max_dims=3, max_side=8))


@pytest.fixture(params=[(1, 0), (40, 200_000), (40, 0), (4_000_000, 0)])
def _slab_voxels(request, monkeypatch):
    """Slabs of few and of many voxels, labelled by scipy and by compiled code."""
    monkeypatch.setattr(components, "SLAB_VOXELS", request.param[0])
    monkeypatch.setattr(components, "FEW", request.param[1])


@given(st.tuples(*[st.integers(0, 9)] * 3), st.integers(1, 200))
def test_slabs_hold_every_plane_once(shape, voxels):
    found = slabs(shape, voxels)
    assert [z for planes in found for z in range(shape[0])[planes]] == list(range(shape[0]))
    assert all((s.stop - s.start == 1) or (s.stop - s.start) * shape[1] * shape[2] <= voxels for s in found)


@pytest.mark.usefixtures("_slab_voxels")
class TestInSlabs:
    @given(mask=masks)
    def test_parts_equal_labelling_in_one_go(self, mask):
        parts, count = finish(connected(mask))
        expected, number = ndimage.label(mask)
        assert count == number
        assert np.array_equal(parts, expected)

    def test_parts_that_join_late(self):
        """Two legs that meet in the last plane only, and a spiral through all planes."""
        mask = np.zeros((9, 5, 5), bool)
        mask[:, 0, 0] = mask[:, 4, 4] = True
        assert finish(connected(mask))[1] == 2
        mask[8, 0] = mask[8, :, 4] = True
        parts, count = finish(connected(mask))
        assert count == 1
        assert np.array_equal(parts > 0, mask)

    @given(mask=masks)
    def test_holes_equal_scipy(self, mask):
        assert np.array_equal(finish(filled(mask, "volume")), ndimage.binary_fill_holes(mask))
        assert np.array_equal(finish(filled(mask, "slices")), [ndimage.binary_fill_holes(plane) for plane in mask])
        assert np.array_equal(finish(filled(mask, "none")), mask)


@pytest.mark.parametrize("share", [0.2, 0.35, 0.6])
def test_parts_of_noise_in_large_slabs(share):
    mask = np.random.default_rng(0).random((9, 700, 800)) < share
    parts, count = finish(connected(mask))
    expected, number = ndimage.label(mask)
    assert count == number
    assert np.array_equal(parts, expected)


@given(hnp.arrays(np.int16, hnp.array_shapes(min_dims=3, max_dims=3, max_side=6), elements=st.integers(-1, 3)))
def test_boxes_equal_scipy(array):
    found = ndimage.find_objects(np.isin(array, (-1, 2)).astype(int))
    assert bounding_box(array, (-1, 2)) == (found[0] if found else None)
    assert bounding_box(array, (9,)) is None


def test_progress_for_each_slab(monkeypatch):
    monkeypatch.setattr(components, "SLAB_VOXELS", 25)
    fractions = [p.fraction for p in connected(np.ones((6, 5, 5), bool))]
    assert len(fractions) >= 6
    assert fractions == sorted(fractions)
