"""Outlines of masks and masks of outlines, compiled when this module is imported (from a cache after the first time).

Steps are numbered clockwise as rows run down: right, down, left, up.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.compiling import compiled

Ints = NDArray[np.int64]
DOWN, ALONG = np.array([0, 1, 0, -1]), np.array([1, 0, -1, 0])


@compiled("b1(u1[:, ::1], i8, i8)", inline="always")
def _inside(mask: NDArray[np.uint8], y: int, x: int) -> bool:
    return bool(0 <= y < mask.shape[0] and 0 <= x < mask.shape[1] and mask[y, x] != 0)


@compiled("UniTuple(i8, 2)(u1[:, ::1])")
def cracks(mask: NDArray[np.uint8]) -> tuple[int, int]:
    """How many pairs of neighbours differ along x, and along y; beyond the mask is outside."""
    rows, columns = mask.shape
    along = down = 0
    for y in range(rows):
        for x in range(columns + 1):
            along += _inside(mask, y, x - 1) != _inside(mask, y, x)
    for y in range(rows + 1):
        for x in range(columns):
            down += _inside(mask, y - 1, x) != _inside(mask, y, x)
    return along, down


@compiled("void(u1[:, ::1], i8, i8, i8, i8, i8[:, ::1], i8[:, ::1], i8[:, ::1], i8[::1])")
def _walk(
    mask: NDArray[np.uint8], y: int, x: int, side: int, first: int, beside: Ints, below: Ints, points: Ints, follows: Ints
) -> None:
    """Walk once round an outline, from the crack at a `side` of an inner pixel; its points are numbered from `first`."""
    start_y, start_x, start_side, at = y, x, side, first
    while True:
        points[at, 0], points[at, 1] = 2 * y + DOWN[side], 2 * x + ALONG[side]
        follows[at] = at + 1
        if side % 2 == 0:
            beside[y, x + (side == 0)] = at
        else:
            below[y + (side == 1), x] = at
        at += 1
        ahead = (side + 1) % 4
        v, u = y + DOWN[ahead], x + ALONG[ahead]
        if not _inside(mask, v, u):
            side = ahead
        elif not _inside(mask, v + DOWN[side], u + ALONG[side]):
            y, x = v, u
        else:
            y, x, side = v + DOWN[side], u + ALONG[side], (side + 3) % 4
        if y == start_y and x == start_x and side == start_side:
            break
    follows[at - 1] = first


@compiled("i8(u1[:, ::1], i8, i8, i8, i8, i8[:, ::1], i8[:, ::1], i8[:, ::1], i8[::1])")
def _join(
    mask: NDArray[np.uint8], y: int, x: int, first: int, free: int, beside: Ints, below: Ints, points: Ints, follows: Ints
) -> int:
    """Join the outline of a hole, which begins at `first` left of the pixel (y, x), to the one above it; the next free number.

    The channel runs up between two columns of pixels to the first outline there, which was walked before.
    """
    elbow = -1
    row = y - 1
    while _inside(mask, row, x - 1) and _inside(mask, row, x):
        row -= 1
    if row >= 0 and (_inside(mask, row, x - 1) or _inside(mask, row, x)):
        target = beside[row, x]
    else:
        target, elbow = below[row + 1, x], free
        points[free, 0], points[free, 1] = 2 * (row + 1), 2 * x - 1
        points[free + 1] = points[free]
        free += 2
    last = first
    while follows[last] != first:
        last = follows[last]
    points[free], points[free + 1] = points[first], points[target]
    follows[free + 1] = follows[target]
    follows[last] = free
    if elbow < 0:
        follows[target], follows[free] = first, free + 1
    else:
        follows[target], follows[elbow], follows[free], follows[elbow + 1] = elbow, first, elbow + 1, free + 1
    return free + 2


@compiled("UniTuple(i8, 2)(u1[:, ::1], i8[:, ::1], i8[::1], i8[:, ::1], i8[::1])")
def trace(mask: NDArray[np.uint8], points: Ints, follows: Ints, outlines: Ints, ends: Ints) -> tuple[int, int]:
    """Outlines of the inner pixels (joined by their sides), each with its holes joined to it by channels of no width.

    Parameters
    ----------
    mask
        0 and others (y, x).
    points, follows
        Scratch: room for twice as many points (y, x) as there are cracks, and which point comes after each.
    outlines
        Corners (y, x) in half pixels, written to; as long as `points`.
    ends
        Where each outline ends in `outlines`, written to.

    Returns
    -------
    tuple of int
        How many corners and how many outlines there are.
    """
    rows, columns = mask.shape
    beside = np.full((rows, columns + 1), -1)
    below = np.full((rows + 1, columns), -1)
    starts = np.empty(len(ends), np.int64)
    free = count = 0
    for y in range(rows):
        for x in range(columns + 1):
            here = _inside(mask, y, x)
            if beside[y, x] >= 0 or here == _inside(mask, y, x - 1):
                continue
            first = free
            if here:
                _walk(mask, y, x, 2, first, beside, below, points, follows)
                starts[count] = first
                count += 1
            else:
                _walk(mask, y, x - 1, 0, first, beside, below, points, follows)
            while follows[free] != first:
                free += 1
            free += 1
            if not here:
                free = _join(mask, y, x, first, free, beside, below, points, follows)
    made = 0
    for i in range(count):
        at, before = starts[i], starts[i]
        while follows[before] != at or before == at:
            before = follows[before]
        while True:
            after = follows[at]
            down, along = points[at, 0] - points[before, 0], points[at, 1] - points[before, 1]
            turn = down * (points[after, 1] - points[at, 1]) - along * (points[after, 0] - points[at, 0])
            ahead = down * (points[after, 0] - points[at, 0]) + along * (points[after, 1] - points[at, 1])
            if turn != 0 or ahead <= 0:
                outlines[made] = points[at]
                made += 1
                before = at
            at = after
            if at == starts[i]:
                break
        ends[i] = made
    return made, count


@compiled("void(f8[:, ::1], i8[::1], u1[:, ::1])")
def fill(corners: Any, ends: Ints, mask: NDArray[np.uint8]) -> None:
    """Set the pixels of `mask` (y, x), zero before, whose centres lie in an odd number of the closed outlines.

    A centre that lies exactly on an outline is inside where the area begins (lower row, lower column), not where it ends.

    Parameters
    ----------
    corners
        (n, 2) places (y, x), in pixels; finite.
    ends
        Where each outline ends in `corners`.
    mask
        Written to.
    """
    rows, columns = mask.shape
    begin = 0
    for end in ends:
        for i in range(begin, end):
            j = i + 1 if i + 1 < end else begin
            if corners[i, 0] < corners[j, 0]:
                low, high = i, j
            else:  # the same sum for both directions, so that what goes there and back cancels
                low, high = j, i
            top, bottom = corners[low, 0], corners[high, 0]
            if top == bottom or bottom <= 0 or top > rows - 1:
                continue
            slope = (corners[high, 1] - corners[low, 1]) / (bottom - top)
            for y in range(int(max(np.ceil(top), 0.0)), int(min(np.ceil(bottom), float(rows)))):
                x = np.ceil(corners[low, 1] + (y - top) * slope)
                if x < columns:
                    mask[y, int(max(x, 0.0))] ^= 1
        begin = end
    for y in range(rows):
        for x in range(1, columns):
            mask[y, x] ^= mask[y, x - 1]
