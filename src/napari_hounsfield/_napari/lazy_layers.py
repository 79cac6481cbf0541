"""How arrays on the disk are shown: napari reads the planes and the level that it draws."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from napari_hounsfield.lazy import LazyArray
from napari_hounsfield.volume import LabelMap, Volume

if TYPE_CHECKING:
    from .placement import Placement

READ = (64, 256, 256)
"""Voxels (z, y, x) that are read together, and that napari keeps for a while."""
LOOKED_AT = 1 << 26
"""Bytes of the coarsest level that is looked at to find the contrast, or the labels that occur; else its middle plane is."""

Data = TypeVar("Data", Volume, LabelMap)


def levels(array: LazyArray, placement: Placement, leading: int) -> list[Any]:
    """The levels of an array in display order, the finest first."""
    import dask.array

    from_array: Any = dask.array.from_array
    chunks = (1,) * leading + READ
    every = (array, *array.levels)
    return [placement.shown(from_array(one, chunks=chunks, name=False), leading) for one in every]


def overview(data: Data) -> Data:
    """Data of fewer voxels, in memory, where they are on the disk; a plane of theirs where no level is small enough."""
    if not isinstance(data.array, LazyArray):
        return data
    array = data.array.levels[-1] if data.array.levels else data.array
    if array.nbytes <= LOOKED_AT:
        small = np.asarray(array)
    else:
        middle = array.shape[-3] // 2
        small = array[..., middle : middle + 1, :, :]
    return replace(data, array=small, valid=None) if isinstance(data, Volume) else replace(data, array=small)
