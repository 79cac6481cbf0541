"""What lies within a distance: exact Euclidean distances in millimetres, as far as they are asked for and no further.

A distance and the label it leads to are one whole number, so that the least of such numbers is the nearest label. The squares of
distances add up over axes at right angles, so that each axis is a pass of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.components import slabs
from napari_hounsfield.errors import LabelError
from napari_hounsfield.operation import Progress
from napari_hounsfield.parallel import in_threads

from .metric import ROUNDING, Offsets

Keys = NDArray[np.int32]
MOST_VALUES = 4095
SLAB_VOXELS = 2_000_000
"""Voxels between two reports of progress, without what lies around them."""


@dataclass(frozen=True, eq=False)
class Sites:
    """Labels that distances are measured to, and how a number holds a label and the square of the distance to it."""

    values: NDArray[np.int64]
    """Ascending."""

    @classmethod
    def of(cls, values: Sequence[int]) -> Sites:
        """Sites of some label values.

        Raises
        ------
        LabelError
            If they are more than a number can tell apart.
        """
        if len(values) > MOST_VALUES:
            raise LabelError(f"{len(values)} classes at once; {MOST_VALUES} are the most that are edited together")
        return cls(np.array(sorted(values), np.int64))

    @property
    def bits(self) -> int:
        """Bits of a key that hold the label."""
        return max(1, int(len(self.values) - 1).bit_length())

    @property
    def limit(self) -> int:
        """The square of the greatest distance, as it is scaled."""
        return 1 << (29 - self.bits)

    @property
    def none(self) -> int:
        """The key of what is too far."""
        return 2 * self.limit << self.bits

    def keys(self, labels: NDArray[np.integer]) -> Keys:
        """Keys of labels: at no distance from themselves, where they are sites."""
        if labels.dtype == np.uint8:
            table = np.full(256, self.none, np.int32)
            known = self.values[self.values < 256]
            table[known] = np.arange(len(known), dtype=np.int32)
            return np.take(table, labels)
        keys = np.full(labels.shape, self.none, np.int32)
        for place, value in enumerate(self.values):
            if value <= np.iinfo(labels.dtype).max:
                keys[labels == value] = place
        return keys

    def weights(self, offsets: Offsets, radius: float) -> Keys:
        """What steps add to keys."""
        return (np.round(offsets.squares / radius**2 * self.limit).astype(np.int64) << self.bits).astype(np.int32)

    def found(self, keys: Keys) -> NDArray[np.bool_]:
        """Where a site lies within the radius."""
        rounded = 2 + int(3 * ROUNDING * self.limit)
        return keys < ((self.limit + rounded + 1) << self.bits)

    def labels(self, keys: Keys) -> NDArray[np.int64]:
        """The labels that keys lead to."""
        labels: NDArray[np.int64] = self.values[keys & ((1 << self.bits) - 1)]
        return labels


def near(
    shape: Sequence[int], sites: Sites, keys_of: Callable[[slice], Keys], rounds: Sequence[Offsets], radius: float
) -> Generator[tuple[slice, Keys], None, None]:
    """Keys of the nearest site of each voxel, slab by slab, computed in threads.

    Parameters
    ----------
    shape
        Of the array (z, y, x).
    sites
        What distances are measured to.
    keys_of
        Gives the keys to begin with of some planes.
    rounds
        Passes of `metric.passes` of the radius.
    radius
        In mm; more than 0.
    """
    halo = max((offsets.reach[0] for offsets in rounds), default=0)
    weights = [sites.weights(offsets, radius) for offsets in rounds]
    deep = slabs(shape, max(SLAB_VOXELS, 2 * halo * shape[1] * shape[2]))

    def work(planes: slice) -> tuple[slice, Keys]:
        first = max(0, planes.start - halo)
        keys = keys_of(slice(first, min(shape[0], planes.stop + halo)))
        return planes, _spread(
            keys, planes.start - first, planes.stop - planes.start, sites, list(zip(rounds, weights, strict=True))
        )

    yield from in_threads(partial(work, planes) for planes in deep)


def nearest_label(
    labels: NDArray[np.integer], values: Sequence[int], rounds: Sequence[Offsets], radius: float
) -> Generator[Progress, None, NDArray[np.integer]]:
    """The nearest of some values within a radius in mm of each voxel, of equally near ones the lowest; 0 where there is none."""
    result = np.zeros(labels.shape, labels.dtype)
    sites = Sites.of(values)
    for planes, keys in near(labels.shape, sites, lambda some: sites.keys(labels[some]), rounds, radius):
        result[planes] = np.where(sites.found(keys), sites.labels(keys), 0)
        yield Progress(planes.stop / labels.shape[0])
    return result


def near_mask(mask: NDArray[np.bool_], rounds: Sequence[Offsets], radius: float) -> Generator[Progress, None, NDArray[np.bool_]]:
    """Where a voxel of a mask (z, y, x) lies within a radius in mm."""
    result = np.empty(mask.shape, bool)
    sites = Sites.of([1])
    for planes, keys in near(mask.shape, sites, lambda some: sites.keys(mask[some].view(np.uint8)), rounds, radius):
        result[planes] = sites.found(keys)
        yield Progress(planes.stop / mask.shape[0])
    return result


def _spread(keys: Keys, first: int, count: int, sites: Sites, rounds: Sequence[tuple[Offsets, Keys]]) -> Keys:
    """Run all passes; of the keys only `count` planes from `first` on are wanted in the end."""
    from .compiled import spread

    for offsets, weights in rounds:
        across_planes = bool(offsets.reach[0])
        start, planes = (first, count) if across_planes else (0, len(keys))
        target = np.empty((planes, *keys.shape[1:]), np.int32)
        spread(keys, target, start, offsets.steps, weights, sites.none)
        keys, first = target, 0 if across_planes else first
    return keys[first : first + count]
