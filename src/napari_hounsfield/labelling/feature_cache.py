"""Feature maps of single slices, kept as long as memory allows."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Generator

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.feature_stack import FeatureSource
from napari_hounsfield.memory import available_memory
from napari_hounsfield.operation import Progress

MOST_BYTES = 2_000_000_000
SHARE = 0.25
"""Part of the memory that is free when a cache is made, which it may take."""


class FeatureCache:
    """Maps of slices of any number of images, the least recently used let go of first.

    Parameters
    ----------
    limit
        Bytes; None: a quarter of what is free, at most 2 GB. A single slice is kept however large it is.
    """

    def __init__(self, limit: int | None = None) -> None:
        free = available_memory()
        self.limit = limit if limit is not None else MOST_BYTES if free is None else min(MOST_BYTES, int(SHARE * free))
        self._planes: OrderedDict[tuple[FeatureSource, int], NDArray[np.float32]] = OrderedDict()

    def plane(self, source: FeatureSource, z: int) -> Generator[Progress, None, NDArray[np.float32]]:
        """Maps (maps, y, x) of a slice, computed where they are not there; not to be written to."""
        key = (source, z)
        if key not in self._planes:
            out = np.empty((len(source.names), 1, *source.volume.grid.shape[1:]), np.float32)
            yield from source.slab(z, z + 1, out)
            self._planes[key] = out[:, 0]
            self._shrink()
            return out[:, 0]
        self._planes.move_to_end(key)
        return self._planes[key]

    def holds(self, source: FeatureSource, z: int) -> bool:
        """Whether a slice is there."""
        return (source, z) in self._planes

    def forget(self, source: FeatureSource) -> None:
        """Let go of all slices of an image."""
        for key in [key for key in self._planes if key[0] is source]:
            del self._planes[key]

    @property
    def nbytes(self) -> int:
        """Bytes that are kept."""
        return sum(maps.nbytes for maps in self._planes.values())

    def _shrink(self) -> None:
        kept = self.nbytes
        while kept > self.limit and len(self._planes) > 1:
            _, maps = self._planes.popitem(last=False)
            kept -= maps.nbytes
