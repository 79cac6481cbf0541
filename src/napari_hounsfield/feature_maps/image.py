"""The image that features are computed of, with its padding filled, a few slices at a time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.intensity import rescaled
from napari_hounsfield.volume import Volume


def folded(places: NDArray[np.intp], size: int) -> NDArray[np.intp]:
    """Slice that stands at each place where an image is mirrored beyond its ends (d c b a | a b c d | d c b a)."""
    within = places % (2 * size)
    return np.minimum(within, 2 * size - 1 - within)


class FeatureImage:
    """Slices of a volume as features see them: padding is the smallest scanned value, so that its border is no edge of its own.

    Parameters
    ----------
    volume
        One scalar image.
    """

    def __init__(self, volume: Volume) -> None:
        volume.require_scalar()
        self.volume, self.grid, self.spacing = volume, volume.grid, volume.spacing
        depth, rows, columns = volume.array.shape
        self.shape = (depth, rows, columns)
        self._fill = self._smallest()

    def _smallest(self) -> float:
        valid = self.volume.valid
        if valid is None:
            return 0.0
        smallest = (plane[inside].min() for plane, inside in zip(self.volume.array, valid, strict=True) if inside.any())
        return min((value.item() for value in smallest), default=0.0)

    def slices(self, first: int, last: int) -> NDArray[np.generic]:
        """Values (z, y, x) of a range of slices; beyond the ends the image is mirrored."""
        inside = first >= 0 and last <= len(self.volume.array)
        places = slice(first, last) if inside else folded(np.arange(first, last), len(self.volume.array))
        values = self.volume.array[places]
        if self.volume.valid is not None:
            values = np.where(self.volume.valid[places], values, np.asarray(self._fill, values.dtype))
        return np.nan_to_num(values) if values.dtype.kind == "f" else values

    def windowed(self, first: int, last: int, limits: tuple[float, float]) -> NDArray[np.float32]:
        """Slices whose values from the lower to the upper limit are mapped to [0, 1]."""
        return rescaled(self.slices(first, last), *limits)
