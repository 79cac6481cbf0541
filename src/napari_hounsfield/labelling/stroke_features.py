"""Features of what is painted on one image, computed anew only in slices whose strokes have changed."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.feature_stack import FeatureSource
from napari_hounsfield.operation import Progress, part

from .feature_cache import FeatureCache


@dataclass(frozen=True, eq=False)
class Painted:
    """Painted voxels.

    Attributes
    ----------
    rows
        Features (n, maps).
    values
        Class number (n,).
    strokes
        Number (n,) of the stroke of each voxel: a connected part of one class in one slice.
    """

    rows: NDArray[np.float32]
    values: NDArray[np.uint8]
    strokes: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.values)


def joined(parts: Iterable[Painted], maps: int) -> Painted:
    """Voxels of several slices or images as one; strokes stay apart."""
    some = [one for one in parts if len(one)]
    if not some:
        return Painted(np.empty((0, maps), np.float32), np.empty(0, np.uint8), np.empty(0, np.int64))
    counts = np.cumsum([0, *(int(one.strokes.max()) + 1 for one in some)])
    return Painted(
        np.concatenate([one.rows for one in some]),
        np.concatenate([one.values for one in some]),
        np.concatenate([one.strokes + start for one, start in zip(some, counts, strict=False)]),
    )


class StrokeFeatures:
    """Painted voxels of one image, slice by slice.

    Parameters
    ----------
    source
        Features of the image.
    cache
        Where maps of slices are kept.
    """

    def __init__(self, source: FeatureSource, cache: FeatureCache) -> None:
        self.source, self._cache = source, cache
        self._slices: dict[int, Painted] = {}
        self._outdated = set(range(source.volume.grid.shape[0]))

    def outdate(self, first: int, last: int) -> None:
        """Strokes of slices `first` to `last` (without it) have changed."""
        self._outdated.update(range(first, last))

    def update(self, strokes: NDArray[np.integer]) -> Generator[Progress, None, Painted]:
        """Features of the strokes (z, y, x) as they are now; the padding is never trained on."""
        valid = self.source.volume.valid
        pending = sorted(self._outdated)
        for done, z in enumerate(pending):
            plane = strokes[z] if valid is None else np.where(valid[z], strokes[z], 0)
            if plane.any():
                maps = yield from part(self._cache.plane(self.source, z), done / len(pending), (done + 1) / len(pending))
                self._slices[z] = _of_plane(plane, maps)
            else:
                self._slices.pop(z, None)
            self._outdated.discard(z)
        return joined((self._slices[z] for z in sorted(self._slices)), len(self.source.names))


def _of_plane(plane: NDArray[np.integer], maps: NDArray[np.float32]) -> Painted:
    from scipy.ndimage import label

    painted = plane > 0
    numbers = np.zeros(plane.shape, np.int64)
    count = 0
    for value in np.unique(plane[painted]):
        parts, found = label(plane == value, np.ones((3, 3)))
        numbers += np.where(parts > 0, parts + count, 0)
        count += found
    return Painted(np.ascontiguousarray(maps[:, painted].T), plane[painted].astype(np.uint8), numbers[painted] - 1)
