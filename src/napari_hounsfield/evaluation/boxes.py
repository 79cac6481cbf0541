"""Where each label value lies and how often it occurs, for all of them in one pass."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.components import Box, slabs
from napari_hounsfield.operation import Progress

from .counts import FEW, as_bytes, as_stored, compact

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
    for planes in slabs(stored.shape, SLAB if stored.dtype.itemsize > 1 else 0):
        slab = np.ascontiguousarray(stored[planes])
        for value, extent in _slab_extents(slab, None if inside is None else inside[planes], planes.start).items():
            found[value] = _together(found.get(value, NOWHERE), extent)
        yield Progress(planes.stop / len(stored))
    back = [order.index(axis) for axis in range(3)]
    return {v: Extent((e.box[back[0]], e.box[back[1]], e.box[back[2]]), e.voxels) for v, e in found.items()}


def around(first: Box, second: Box) -> Box:
    """Smallest box that holds two."""
    z, y, x = (slice(min(a.start, b.start), max(a.stop, b.stop)) for a, b in zip(first, second, strict=True))
    return z, y, x


def _together(first: Extent, second: Extent) -> Extent:
    if not first.voxels or not second.voxels:
        return first if first.voxels else second
    return Extent(around(first.box, second.box), first.voxels + second.voxels)


def _slab_extents(labels: NDArray[np.integer], scanned: NDArray[Any] | None, start: int) -> dict[int, Extent]:
    if scanned is not None and scanned.all():
        scanned = None
    plain = as_bytes(labels) if labels.size >= FEW and scanned is None else None
    if plain is not None:
        from .compiled import grow_boxes

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
