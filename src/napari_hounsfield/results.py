"""What is made of a volume: feature maps, samples, a segmentation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import IntensityError
from .grid import Affine, Grid, checked_affine
from .volume import LabelMap, Placed, Record, Volume


@dataclass(frozen=True, eq=False)
class Samples(LabelMap):
    """Labelled voxels in two parts: the map itself for training, and `test`, on the same grid, for figures."""

    test: LabelMap | None = None


@dataclass(frozen=True, eq=False)
class Features(Placed):
    """Maps computed from a volume, one number a voxel and map.

    Attributes
    ----------
    array
        (c, z, y, x) float32.
    names
        One a map.
    recipe
        The resolved parameters that computed them.
    """

    array: NDArray[np.float32] = field(repr=False)
    names: Sequence[str]
    affine: Affine = field(repr=False)
    recipe: Mapping[str, Any] = field(default_factory=dict, repr=False)
    valid: NDArray[np.bool_] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.array.ndim != 4 or len(self.names) != self.array.shape[0]:
            raise IntensityError(f"{len(self.names)} names do not fit maps of shape {self.array.shape} (c, z, y, x)")
        object.__setattr__(self, "names", tuple(self.names))
        object.__setattr__(self, "affine", checked_affine(self.affine))

    @classmethod
    def of(cls, volume: Volume, array: NDArray[np.float32], names: Sequence[str], recipe: Mapping[str, Any]) -> Features:
        """Maps (c, z, y, x) of a volume, with its grid, padding, references and history."""
        return cls(
            array,
            names,
            volume.affine,
            recipe,
            volume.valid,
            frame_of_reference=volume.frame_of_reference,
            source=volume.source,
            name=volume.name,
            history=volume.history,
        )

    @property
    def grid(self) -> Grid:
        """Where the voxels lie."""
        _, z, y, x = self.array.shape
        return Grid((z, y, x), self.affine, self.frame_of_reference)


@dataclass(frozen=True, eq=False)
class Segmentation:
    """What recognition gives.

    Attributes
    ----------
    labels
        The class of every voxel.
    probabilities
        One map a class, by its name, in the order of the classifier's classes; they sum to 1 where the image was scanned and are
        0 in the padding. None unless asked for.
    sureness
        float32 (z, y, x), 0 (a tie between classes) to 1; None unless asked for.
    warnings
        What was assumed of the image.
    """

    labels: LabelMap
    probabilities: Features | None = None
    sureness: NDArray[np.float32] | None = field(default=None, repr=False)
    warnings: tuple[str, ...] = ()

    @property
    def history(self) -> tuple[Record, ...]:
        """Operations that led here."""
        return self.labels.history

    def with_record(self, record: Record) -> Segmentation:
        """Return a copy whose history ends with `record`."""
        return replace(self, labels=self.labels.with_record(record))


def as_label_map(data: LabelMap | Segmentation | ArrayLike, like: Grid) -> LabelMap:
    """Labels from whatever stands for them, in the axes and directions of `like`."""
    if isinstance(data, Segmentation):
        data = data.labels
    if not isinstance(data, LabelMap):
        data = LabelMap(np.asarray(data), like.affine)
    return data.on(like)
