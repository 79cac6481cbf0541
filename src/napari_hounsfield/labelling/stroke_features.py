"""Features of what is painted on one image, computed anew only in slices whose strokes have changed."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.feature_stack import FeatureSource
from napari_hounsfield.operation import Progress, part
from napari_hounsfield.pixels.learning import PaintedSamples
from napari_hounsfield.pixels.stroke_parts import parts_of_slice, strokes_of_parts

from .feature_cache import FeatureCache


def joined(parts: Iterable[PaintedSamples], maps: int) -> PaintedSamples:
    """Voxels of several slices or images as one; strokes and slices stay apart."""
    some = [one for one in parts if len(one.values)]
    if not some:
        none = np.empty(0, np.int64)
        return PaintedSamples(np.empty((0, maps), np.float32), none.astype(np.uint8), none, None, none)
    counts = np.cumsum([0, *(int(one.strokes.max()) + 1 for one in some)])
    slices = [np.zeros(len(one.values), np.int64) if one.slices is None else one.slices for one in some]
    before = np.cumsum([0, *(int(one.max()) + 1 for one in slices)])
    return PaintedSamples(
        np.concatenate([one.rows for one in some]),
        np.concatenate([one.values for one in some]),
        np.concatenate([one.strokes + start for one, start in zip(some, counts, strict=False)]),
        None,
        np.concatenate([one + start for one, start in zip(slices, before, strict=False)]),
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
        self._slices: dict[int, tuple[PaintedSamples, NDArray[np.int64]]] = {}
        """Samples of each slice, whose strokes are parts of the slice, and those parts."""
        self._outdated = set(range(source.volume.grid.shape[0]))

    def outdate(self, first: int, last: int) -> None:
        """Strokes of slices `first` to `last` (without it) have changed."""
        self._outdated.update(range(first, last))

    def update(self, strokes: NDArray[np.integer]) -> Generator[Progress, None, PaintedSamples]:
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
        slices = dict(sorted(self._slices.items()))
        numbers = strokes_of_parts({z: parts for z, (_, parts) in slices.items()})
        of_voxels = [numbers[z][one.strokes] for z, (one, _) in slices.items()]
        samples = joined((one for one, _ in slices.values()), len(self.source.names))
        return replace(samples, strokes=np.concatenate([*of_voxels, np.empty(0, np.int32)]))


def _of_plane(plane: NDArray[np.integer], maps: NDArray[np.float32]) -> tuple[PaintedSamples, NDArray[np.int64]]:
    numbers, parts = parts_of_slice(plane)
    places = np.flatnonzero(plane)
    rows = maps.reshape(len(maps), -1)[:, places].T.copy()
    values = plane.reshape(-1)[places].astype(np.uint8)
    return PaintedSamples(rows, values, numbers, None, np.zeros(len(rows), np.int64)), parts
