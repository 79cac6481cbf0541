"""The boxes that hold each label value, all in one pass."""

from __future__ import annotations

from collections.abc import Collection, Generator, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .components import Box, bounding_box, slabs
from .operation import Progress
from .parallel import in_threads

FEW = 500_000
"""Fewer voxels are not worth loading compiled code."""


def boxes_of(labels: NDArray[np.integer], values: Collection[int] | None = None) -> Generator[Progress, None, dict[int, Box]]:
    """Smallest box (z, y, x) of each of the values (None: of all but 0) that occurs in `labels` (z, y, x)."""
    if values is not None and len(values) == 1:
        (value,) = values
        box = bounding_box(labels, [value])
        return {} if box is None else {value: box}
    order = as_stored(labels)
    stored = labels.transpose(order)
    found: dict[int, Box] = {}
    planes = slabs(stored.shape)
    tasks = [partial(_slab_boxes, stored[part], part.start, values) for part in planes]
    results = in_threads(tasks) if len(tasks) > 1 else (task() for task in tasks)
    for part, boxes in zip(planes, results, strict=True):
        for value, box in boxes.items():
            found[value] = around(found[value], box) if value in found else box
        yield Progress(part.stop / len(stored))
    back = [order.index(axis) for axis in range(3)]
    return {value: (box[back[0]], box[back[1]], box[back[2]]) for value, box in sorted(found.items())}


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


def _slab_boxes(labels: NDArray[np.integer], start: int, values: Collection[int] | None) -> dict[int, Box]:
    labels = np.ascontiguousarray(labels)
    plain = as_bytes(labels) if labels.size >= FEW else None
    if plain is None:
        wanted = {int(value) for plane in labels for value in np.unique(plane)} - {0} if values is None else values
        each = {value: bounding_box(labels, [value]) for value in wanted}
        return {v: (slice(b[0].start + start, b[0].stop + start), b[1], b[2]) for v, b in each.items() if b is not None}
    from .compiled_boxes import grow_boxes

    boxes = np.tile(np.array([1 << 40] * 3 + [-1] * 3, np.int64), (256, 1))
    grow_boxes(plain, start, boxes)
    wanted = range(1, 256) if values is None else values
    occurring = [value for value in wanted if 0 <= value < 256 and boxes[value, 3] > 0]
    return {value: tuple(slice(*map(int, boxes[value, [i, i + 3]])) for i in range(3)) for value in occurring}  # type: ignore[misc]
