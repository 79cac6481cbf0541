"""Where each label value lies and how often it occurs, for all of them in one pass."""

from __future__ import annotations

from collections.abc import Collection, Generator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .components import Box, bounding_box, slabs
from .operation import Progress
from .parallel import in_threads

FEW = 500_000
"""Fewer voxels are not worth loading compiled code."""
SLAB = 2_000_000
"""Voxels looked through between two reports of progress, where labels do not fit a byte."""


@dataclass(frozen=True)
class Extent:
    """What there is of one value."""

    box: Box
    """Smallest slices (z, y, x) that hold every scanned voxel; empty where there is none."""
    voxels: int
    """How many were scanned."""


NOWHERE = Extent((slice(0, 0),) * 3, 0)


def extents(
    labels: NDArray[np.integer], scanned: NDArray[np.bool_] | None = None
) -> Generator[Progress, None, dict[int, Extent]]:
    """Find every value that occurs in labels (z, y, x); voxels that were not scanned (bool, z, y, x) are not counted."""
    order = as_stored(labels)
    stored = labels.transpose(order)
    inside = None if scanned is None else scanned.transpose(order)
    found: dict[int, Extent] = {}
    planes = slabs(stored.shape, SLAB if stored.dtype.itemsize > 1 else 0)
    tasks = [partial(_slab_extents, stored[part], None if inside is None else inside[part], part.start) for part in planes]
    for part, some in zip(planes, in_threads(tasks), strict=True):
        for value, extent in some.items():
            found[value] = _together(found.get(value, NOWHERE), extent)
        yield Progress(part.stop / len(stored))
    back = [order.index(axis) for axis in range(3)]
    return {v: Extent((e.box[back[0]], e.box[back[1]], e.box[back[2]]), e.voxels) for v, e in sorted(found.items())}


def boxes_of(labels: NDArray[np.integer], values: Collection[int] | None = None) -> Generator[Progress, None, dict[int, Box]]:
    """Smallest box (z, y, x) of each of the values (None: of all but 0) that occurs in `labels` (z, y, x)."""
    if values is not None and len(values) == 1:
        (value,) = values
        box = bounding_box(labels, [value])
        return {} if box is None else {value: box}
    found = yield from extents(labels)
    return {value: extent.box for value, extent in found.items() if (value if values is None else value in values)}


def around(first: Box, second: Box) -> Box:
    """Smallest box that holds two."""
    z, y, x = (slice(min(a.start, b.start), max(a.stop, b.stop)) for a, b in zip(first, second, strict=True))
    return z, y, x


def widened(box: Box, by: Sequence[int], shape: Sequence[int]) -> Box:
    """A box with `by` (z, y, x) more voxels to either side, as far as the array of this shape goes."""
    z, y, x = (slice(max(0, s.start - n), min(size, s.stop + n)) for s, n, size in zip(box, by, shape, strict=True))
    return z, y, x


def as_stored(array: NDArray[Any]) -> list[int]:
    """Axes from the one of the longest steps in memory to the one of the shortest."""
    return sorted(range(array.ndim), key=lambda axis: -abs(array.strides[axis]))


def as_bytes(labels: NDArray[np.integer]) -> NDArray[np.uint8] | None:
    """The same labels as bytes, or None where they do not fit."""
    if labels.dtype == np.uint8:
        return labels.view(np.uint8)
    if labels.size and (labels.min() < 0 or labels.max() > 255):
        return None
    return labels.astype(np.uint8)


def compact(values: NDArray[np.integer]) -> tuple[NDArray[np.integer], NDArray[np.integer]]:
    """Return the distinct values, and for each of `values` its place among them."""
    low, high = int(values.min()), int(values.max())
    if high - low < 1 << 16:  # a table of places is far faster than sorting
        shifted = values.astype(np.int64) - low
        occurs = np.bincount(shifted) > 0
        return np.flatnonzero(occurs) + low, (np.cumsum(occurs) - 1)[shifted]
    distinct, places = np.unique(values, return_inverse=True)
    return distinct, places


def _together(first: Extent, second: Extent) -> Extent:
    if not first.voxels or not second.voxels:
        return first if first.voxels else second
    return Extent(around(first.box, second.box), first.voxels + second.voxels)


def _slab_extents(labels: NDArray[np.integer], scanned: NDArray[Any] | None, start: int) -> dict[int, Extent]:
    labels = np.ascontiguousarray(labels)
    if scanned is not None and scanned.all():
        scanned = None
    plain = as_bytes(labels) if labels.size >= FEW and scanned is None else None
    if plain is not None:
        from .compiled_boxes import grow_boxes

        table = np.tile(np.array([1 << 40] * 3 + [-1] * 3 + [0], np.int64), (256, 1))
        grow_boxes(plain, start, table)
        return {int(v): Extent(_box(table[v, :6].reshape(2, 3).T), int(table[v, 6])) for v in np.flatnonzero(table[:, 6])}
    from scipy.ndimage import find_objects

    values, flat = compact(labels.ravel())
    places = flat.astype(np.int32).reshape(labels.shape) + 1
    if scanned is not None:
        places[~scanned] = 0
    voxels = np.bincount(places.ravel(), minlength=len(values) + 1)[1:]
    boxes = find_objects(places, max_label=len(values))
    found = {}
    for value, count, box in zip(values, voxels, boxes, strict=True):
        moved = None if box is None else (slice(box[0].start + start, box[0].stop + start), box[1], box[2])
        found[int(value)] = NOWHERE if moved is None else Extent(moved, int(count))
    return found


def _box(ends: NDArray[np.int64]) -> Box:
    z, y, x = (slice(int(a), int(b)) for a, b in ends)
    return z, y, x
