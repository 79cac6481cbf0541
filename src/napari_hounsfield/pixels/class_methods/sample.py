"""The voxels that classes are found on; all others are then assigned."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.errors import IntensityError
from napari_hounsfield.feature_stack import FeatureSource
from napari_hounsfield.operation import Progress
from napari_hounsfield.volume import Volume

VOXELS = 20_000
FEWEST_SLICES, SLICES_SHARE = 8, 8
"""At least these slices, or one of so many; only the features of those are computed."""
LEAST_DEVIATION = 1e-6
"""Of a feature that is constant in the image."""


@dataclass(frozen=True, eq=False)
class ClassSample:
    """Features and intensities of some voxels, in an order that does not depend on where they lie.

    Attributes
    ----------
    maps
        (features, n) float64, standardised: mean 0 and standard deviation 1 in the sample.
    intensity
        (n,) float64, in the unit of the image.
    mean, scale
        Of each feature, before it was standardised.
    name
        Of the image, for messages.
    """

    maps: NDArray[np.float64]
    intensity: NDArray[np.float64]
    mean: NDArray[np.float32]
    scale: NDArray[np.float32]
    name: str

    @property
    def different(self) -> int:
        """How many voxels differ from each other."""
        return int((np.diff(self.maps, axis=1) != 0).any(axis=0).sum()) + 1  # they are sorted

    def require(self, count: int) -> None:
        """Raise IntensityError unless there are so many voxels that differ from each other."""
        if self.different < count:
            raise IntensityError(f"{self.name}: of the scanned voxels only {self.different} differ, too few for {count} classes")

    def thinned(self, most: int) -> ClassSample:
        """The same sample with at most so many voxels, spread evenly over its order."""
        size = self.intensity.size
        if size <= most:
            return self
        kept = (np.arange(most) * size) // most
        return ClassSample(np.ascontiguousarray(self.maps[:, kept]), self.intensity[kept], self.mean, self.scale, self.name)


def draw_sample(source: FeatureSource, seed: int) -> Generator[Progress, None, ClassSample]:
    """Draw scanned voxels from slices spread over the image, and standardise their features.

    Parameters
    ----------
    source
        Features of the image, stored or computed.
    seed
        Of the slices and of the voxels.
    """
    volume = source.volume
    yield Progress(0.0, "features")
    mask = sample_mask(volume, np.random.default_rng(seed))
    rows = yield from source.at(mask)
    intensity = volume.array[mask].astype(np.float64)
    order = np.lexsort((intensity, *rows.T))  # what is found must not depend on the order of the voxels
    maps, intensity = np.ascontiguousarray(rows[order].T, np.float64), intensity[order]
    mean, deviation = maps.mean(axis=1), np.maximum(maps.std(axis=1), LEAST_DEVIATION)
    maps = (maps - mean[:, None]) / deviation[:, None]
    return ClassSample(maps, intensity, mean.astype(np.float32), deviation.astype(np.float32), volume.name or "image")


def sample_mask(volume: Volume, random: np.random.Generator) -> NDArray[np.bool_]:
    """Mark scanned voxels (z, y, x) in whole slices, one from each of as many stretches of the volume."""
    scanned = np.ones(len(volume.array), bool) if volume.valid is None else volume.valid.any(axis=(1, 2))
    slices = np.flatnonzero(scanned)
    wanted = min(len(slices), max(FEWEST_SLICES, len(slices) // SLICES_SHARE))
    slices = np.array([random.choice(stretch) for stretch in np.array_split(slices, wanted)])
    inside = np.ones((len(slices), *volume.array.shape[1:]), bool) if volume.valid is None else volume.valid[slices]
    places = np.flatnonzero(inside)
    chosen = np.zeros_like(inside)
    chosen.ravel()[random.choice(places, min(VOXELS, len(places)), replace=False)] = True
    mask = np.zeros(volume.array.shape, bool)
    mask[slices] = chosen
    return mask
