"""Arrays on the disk are read like arrays, a part at a time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_hounsfield import LabelMap, Volume, clean, threshold, window
from napari_hounsfield.lazy import LazyArray

WHOLE = np.random.default_rng(0).integers(-1000, 1000, (9, 6, 5)).astype(np.int16)


class Disk:
    """Counts the voxels that are read at once."""

    def __init__(self, array: np.ndarray) -> None:
        self.array, self.most = array, 0

    def __call__(self, index: tuple) -> np.ndarray:
        assert all(isinstance(i, int) or i.step is None for i in index)
        part = self.array[index]
        self.most = max(self.most, part.size)
        return part


def lazy(array: np.ndarray = WHOLE, depth: int = 2) -> tuple[LazyArray, Disk]:
    disk = Disk(array)
    return LazyArray(disk, array.shape, array.dtype, depth), disk


places = st.one_of(st.integers(-5, 4), st.slices(5), st.just(Ellipsis))


@given(index=st.lists(places, max_size=3).filter(lambda i: i.count(Ellipsis) < 2))
def test_every_index_gives_what_it_gives_of_an_array_in_memory(index):
    found = lazy(WHOLE[:5, :5])[0][tuple(index)]
    assert np.array_equal(found, WHOLE[:5, :5][tuple(index)])


@pytest.mark.parametrize("index", [9, (0, -7), (slice(None), WHOLE[0] > 0), (0, 0, 0, 0)])
def test_what_cannot_be_read_is_an_index_error(index):
    with pytest.raises(IndexError):
        lazy()[0][index]


def test_planes_are_read_a_few_together_and_figures_need_no_more():
    array, disk = lazy()
    assert np.array_equal(np.stack(list(array)), WHOLE)
    assert (array.min(), array.max(), array.any(), array.all()) == (WHOLE.min(), WHOLE.max(), True, bool(WHOLE.all()))
    assert disk.most == 2 * 6 * 5
    assert np.array_equal(np.asarray(array), WHOLE)


def test_operations_by_plane_read_planes_and_others_load():
    array, disk = lazy()
    on_disk, in_memory = (Volume(a, np.eye(4), unit="HU") for a in (array, WHOLE))
    assert np.array_equal(window(on_disk).array, window(in_memory).array)
    assert np.array_equal(threshold(on_disk, params=None).array, threshold(in_memory).array)
    lung = {"tissue": "lung"}
    disk.most = 0
    found = threshold(on_disk, threshold.params_type(**lung))
    assert disk.most == 2 * 6 * 5
    assert np.array_equal(found.array, threshold(in_memory, threshold.params_type(**lung)).array)
    labels = LabelMap((WHOLE > 0).astype(np.uint8), np.eye(4), {1: "a"})
    same = LabelMap(lazy(labels.array)[0], np.eye(4), {1: "a"})
    assert np.array_equal(clean(same).array, clean(labels).array)
    assert isinstance(same.loaded().array, np.ndarray)


def test_padding_made_of_the_voxels_is_left_out():
    array, _ = lazy()
    valid = array.map(lambda part: part > -900, bool)
    on_disk = Volume(array, np.eye(4), unit="HU", valid=valid)
    in_memory = Volume(WHOLE, np.eye(4), unit="HU", valid=WHOLE > -900)
    assert np.array_equal(threshold(on_disk).array, threshold(in_memory).array)
    assert np.array_equal(on_disk.loaded().valid, in_memory.valid)
