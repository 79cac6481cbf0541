"""The boxes that hold each label value, all in one pass."""

from __future__ import annotations

from collections.abc import Generator

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.components import Box, bounding_box, slabs
from napari_hounsfield.operation import Progress

from .counts import FEW, as_bytes, as_stored

Corners = tuple[tuple[int, ...], tuple[int, ...]]


def boxes_of(labels: NDArray[np.integer], values: set[int]) -> Generator[Progress, None, dict[int, Box]]:
    """Smallest box (z, y, x) of each of the values that occurs in `labels` (z, y, x)."""
    order = as_stored(labels)
    stored = labels.transpose(order)
    found: dict[int, Box] = {}
    for planes in slabs(stored.shape):
        for value, box in _slab_boxes(np.ascontiguousarray(stored[planes]), planes.start, values).items():
            found[value] = around(found[value], box) if value in found else box
        yield Progress(planes.stop / len(stored))
    back = [order.index(axis) for axis in range(3)]
    return {value: (box[back[0]], box[back[1]], box[back[2]]) for value, box in found.items()}


def around(first: Box, second: Box) -> Box:
    """Smallest box that holds two."""
    z, y, x = (slice(min(a.start, b.start), max(a.stop, b.stop)) for a, b in zip(first, second, strict=True))
    return z, y, x


def _slab_boxes(labels: NDArray[np.integer], start: int, values: set[int]) -> dict[int, Box]:
    plain = as_bytes(labels) if labels.size >= FEW else None
    if plain is None:
        each = {value: bounding_box(labels, [value]) for value in values}
        return {v: (slice(b[0].start + start, b[0].stop + start), b[1], b[2]) for v, b in each.items() if b is not None}
    from .compiled import grow_boxes

    boxes = np.tile(np.array([1 << 40] * 3 + [-1] * 3, np.int64), (256, 1))
    grow_boxes(plain, start, boxes)
    occurring = [value for value in values if 0 <= value < 256 and boxes[value, 3] > 0]
    return {value: tuple(slice(*map(int, boxes[value, [i, i + 3]])) for i in range(3)) for value in occurring}  # type: ignore[misc]
