"""Feature maps of single planes, kept as long as memory allows."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.editing.near import Plane
from napari_hounsfield.feature_stack import FeatureSource
from napari_hounsfield.memory import available_memory
from napari_hounsfield.operation import Progress, part

MOST_BYTES = 2_000_000_000
SHARE = 0.25
"""Part of the memory that is free when a cache is made, which it may take."""


@dataclass(frozen=True, eq=False)
class _Cut:
    """Maps (maps, first axis, second axis) of a plane, and which lines of it, one a slice, are there."""

    maps: NDArray[np.float32]
    there: NDArray[np.bool_]


class FeatureCache:
    """Maps of planes of any number of images, the least recently used let go of first.

    Parameters
    ----------
    limit
        Bytes; None: a quarter of what is free, at most 2 GB. A single plane is kept however large it is.
    """

    def __init__(self, limit: int | None = None) -> None:
        free = available_memory()
        self.limit = limit if limit is not None else MOST_BYTES if free is None else min(MOST_BYTES, int(SHARE * free))
        self._planes: OrderedDict[tuple[FeatureSource, Plane], _Cut] = OrderedDict()

    def plane(self, source: FeatureSource, z: int) -> Generator[Progress, None, NDArray[np.float32]]:
        """Maps (maps, y, x) of a slice, computed where they are not there; not to be written to."""
        key = source, Plane(0, z)
        if key not in self._planes:
            out = np.empty((len(source.names), 1, *source.volume.grid.shape[1:]), np.float32)
            yield from source.slab(z, z + 1, out)
            self._keep(key, _Cut(out[:, 0], np.ones(1, bool)))
        self._planes.move_to_end(key)
        return self._planes[key].maps

    def cut(self, source: FeatureSource, at: Plane) -> Generator[Progress, None, NDArray[np.float32]]:
        """Maps of a plane in any direction, of shape (maps, y, x), (maps, z, x) or (maps, z, y); not to be written to.

        Features are made slice by slice, so that a plane across the slices needs all of them. Where that is given up, the
        next call goes on from there.
        """
        if at.axis == 0:
            return (yield from self.plane(source, at.index))
        key, count = (source, at), source.volume.grid.shape[0]
        if key not in self._planes:
            shape = np.delete(source.volume.grid.shape, at.axis)
            self._keep(key, _Cut(np.empty((len(source.names), *shape), np.float32), np.zeros(count, bool)))
        cut = self._planes[key]
        missing = np.flatnonzero(~cut.there)
        for done, z in enumerate(missing):
            self._planes.setdefault(key, cut)  # slices may have driven it out
            self._planes.move_to_end(key)
            maps = yield from part(self.plane(source, int(z)), done / len(missing), (done + 1) / len(missing))
            cut.maps[:, z] = np.take(maps, at.index, axis=at.axis)
            cut.there[z] = True
        self._planes.setdefault(key, cut)
        self._planes.move_to_end(key)
        return cut.maps

    def holds(self, source: FeatureSource, z: int) -> bool:
        """Whether a slice is there."""
        return (source, Plane(0, z)) in self._planes

    def forget(self, source: FeatureSource) -> None:
        """Let go of all planes of an image."""
        for key in [key for key in self._planes if key[0] is source]:
            del self._planes[key]

    @property
    def nbytes(self) -> int:
        """Bytes that are kept."""
        return sum(cut.maps.nbytes for cut in self._planes.values())

    def _keep(self, key: tuple[FeatureSource, Plane], cut: _Cut) -> None:
        self._planes[key] = cut
        kept = self.nbytes
        while kept > self.limit and len(self._planes) > 1:
            _, oldest = self._planes.popitem(last=False)
            kept -= oldest.maps.nbytes
