"""The pass over labels that finds boxes, compiled when this module is imported (from a cache after the first time)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .compiling import compiled

WIDE = 16
"""Voxels that are compared at once in a run."""


@compiled("void(u1[:, :, ::1], i8, i8[:, ::1])")
def grow_boxes(labels: NDArray[np.uint8], z: int, boxes: NDArray[np.int64]) -> None:
    """Widen the box of each value, (lowest z, y, x, one beyond the highest z, y, x), by planes that begin at `z`."""
    depth, height, width = labels.shape
    for k in range(depth):
        for y in range(height):
            row = labels[k, y]
            x = 0
            while x < width:
                value = row[x]
                start = x
                x += 1
                while x < width and x < start + WIDE and row[x] == value:
                    x += 1
                if x == start + WIDE:  # a long run
                    while x + WIDE <= width:
                        differs = np.uint8(0)
                        for i in range(WIDE):
                            differs |= row[x + i] ^ value
                        if differs:
                            break
                        x += WIDE
                    while x < width and row[x] == value:
                        x += 1
                box = boxes[value]
                box[0], box[3] = min(box[0], z + k), max(box[3], z + k + 1)
                box[1], box[4] = min(box[1], y), max(box[4], y + 1)
                box[2], box[5] = min(box[2], start), max(box[5], x)
