"""Boxes and voxels of every label value against scipy and numpy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.ndimage import find_objects

from napari_hounsfield.evaluation import boxes as module
from napari_hounsfield.evaluation.boxes import extents
from napari_hounsfield.operation import finish

labels = hnp.arrays(
    st.sampled_from([np.uint8, np.int16, np.int32, np.uint64]),
    hnp.array_shapes(min_dims=3, max_dims=3, max_side=6),
    elements=st.sampled_from([0, 1, 2, 7, 100]),
)


def check(found, array, scanned):
    assert set(found) == set(np.unique(array).tolist())
    for value, extent in found.items():
        inside = (array == value) & scanned
        assert extent.voxels == inside.sum()
        if extent.voxels:
            assert extent.box == find_objects(inside.astype(int))[0]


@pytest.mark.parametrize("few", [1, 500_000])
@given(array=labels, order=st.permutations([0, 1, 2]), seed=st.integers(0, 9))
def test_every_value_is_found_in_any_order_of_storage(few, array, order, seed):
    array = array.transpose(order)
    scanned = np.random.default_rng(seed).random(array.shape) < 0.7
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "FEW", few)  # compiled, or not
        patch.setattr(module, "SLAB", 10)
        check(finish(extents(array)), array, np.ones(array.shape, bool))
        check(finish(extents(array, scanned)), array, scanned)


def test_huge_and_thousands_of_values():
    array = np.random.default_rng(0).integers(0, 5000, (20, 30, 40))
    array[0, 0, 0] = 2**40
    check(finish(extents(array)), array, np.ones(array.shape, bool))
