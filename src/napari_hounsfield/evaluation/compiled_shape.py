"""Passes over a mask for its mesh, its diameters and its uptake, compiled when this module is imported (then from a cache)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.compiling import compiled

from .arrays import Bytes, Floats, Integers


@compiled("void(u1[:, :, ::1], i8, i8, i8[::1], i8[::1])")
def count_cells(mask: Bytes, first: int, last: int, counts: Integers, heights: Integers) -> None:
    """Count cells of 2 x 2 x 2 voxels by their kind, and add up their z, where `first` <= z < `last`; z counts the upper plane.

    Bit 4 z + 2 y + x of the kind tells whether that corner is inside; beyond the edge is outside.
    """
    depth, height, width = mask.shape
    for z in range(first, last):
        for y in range(height + 1):
            before = np.int64(0)
            for x in range(width + 1):
                here = np.int64(0)
                if x < width:
                    if z > 0 and y > 0:
                        here |= np.int64(mask[z - 1, y - 1, x])
                    if z > 0 and y < height:
                        here |= np.int64(mask[z - 1, y, x]) << 2
                    if z < depth and y > 0:
                        here |= np.int64(mask[z, y - 1, x]) << 4
                    if z < depth and y < height:
                        here |= np.int64(mask[z, y, x]) << 6
                kind = before | here << 1
                counts[kind] += 1
                heights[kind] += z
                before = here


@compiled("i8(i8[::1], i8[::1], i8[:, ::1])")
def _hull(low: Integers, high: Integers, corners: Integers) -> int:
    """Corners (y, x) in order of the convex hull of rows that reach from `low` to `high` (or are empty: `low` > `high`)."""
    count = 0
    for side in range(2):
        start = count
        for step in range(low.size):
            y = step if side == 0 else low.size - 1 - step
            if low[y] > high[y]:
                continue
            x = low[y] if side == 0 else high[y]
            if side == 1 and count == start and corners[count - 1, 0] == y and corners[count - 1, 1] == x:
                start -= 1  # the last row is one point, which is a corner of both sides
                continue
            while count >= start + 2:
                dy, dx = corners[count - 1, 0] - corners[count - 2, 0], corners[count - 1, 1] - corners[count - 2, 1]
                if dy * (x - corners[count - 1, 1]) - dx * (y - corners[count - 1, 0]) > 0:
                    break
                count -= 1
            corners[count, 0], corners[count, 1] = y, x
            count += 1
    if count > 1 and corners[0, 0] == corners[count - 1, 0] and corners[0, 1] == corners[count - 1, 1]:
        count -= 1
    return count


@compiled("f8(f8[::1], f8[::1], i8, i8, i8, f8)")
def _height(place: Floats, side: Floats, count: int, start: int, stop: int, at: float) -> float:
    """Where the chain of corners from `start` to `stop`, along which places rise or fall, is at a place."""
    found = side[start] if abs(at - place[start]) < abs(at - place[stop]) else side[stop]
    i = start
    while i != stop:
        j = (i + 1) % count
        if min(place[i], place[j]) <= at <= max(place[i], place[j]) and place[i] != place[j]:
            found = side[i] + (side[j] - side[i]) * (at - place[i]) / (place[j] - place[i])
        i = j
    return float(found)


@compiled("i8(u1[:, :, ::1], i8, f8[:, ::1], f8, f8[::1], f8[:, ::1], f8[:, ::1], i8[::1])")
def plane_diameter(
    mask: Bytes, z: int, steps: Floats, equal: float, best: Floats, ends: Floats, reaching: Floats, known: Integers
) -> int:
    """Longest diameter of the pixels of a plane, each of which reaches half a step along both axes; 1 if it is a better one.

    Parameters
    ----------
    mask, z
        (z, y, x), 0 or 1; and which plane.
    steps
        (2, 2): columns are the steps in mm along y and x.
    equal
        Lengths that differ by less than this factor are the same; of these, the one with the longest chord across counts.
    best
        The longest diameter until now and the chord across; replaced by better ones.
    ends
        (2, 2), (y, x) in pixels, of that diameter.
    reaching
        (n, 2): corners (y, x) of the hull of the pixels as they reach, and then those of the hull of their centres.
    known
        How many of both there are.
    """
    height, width = mask.shape[1], mask.shape[2]
    low, high = np.empty(2 * height + 1, np.int64), np.empty(2 * height + 1, np.int64)  # in half steps, from (-1, -1) on
    inner_low, inner_high = np.empty(height, np.int64), np.empty(height, np.int64)
    for y in range(2 * height + 1):
        low[y], high[y] = 4 * width, -1
    known[0] = known[1] = 0
    for y in range(height):
        inner_low[y], inner_high[y] = width, -1
        first = 0
        while first < width and not mask[z, y, first]:
            first += 1
        if first == width:
            continue
        last = width - 1
        while not mask[z, y, last]:
            last -= 1
        inner_low[y], inner_high[y] = first, last
        for row, out in ((2 * y, 0), (2 * y + 1, 1), (2 * y + 2, 0)):
            low[row], high[row] = min(low[row], 2 * first + 1 - out), max(high[row], 2 * last + 1 + out)
    corners = np.empty((4 * height + 2, 2), np.int64)
    count = _hull(low, high, corners)
    if not count:
        return 0
    place, side = np.empty(count), np.empty(count)
    flat = np.empty((count, 2))
    for i in range(count):
        reaching[i, 0], reaching[i, 1] = (corners[i, 0] - 1) / 2, (corners[i, 1] - 1) / 2
        flat[i, 0] = steps[0, 0] * reaching[i, 0] + steps[0, 1] * reaching[i, 1]
        flat[i, 1] = steps[1, 0] * reaching[i, 0] + steps[1, 1] * reaching[i, 1]
    known[0], known[1] = count, _hull(inner_low, inner_high, corners)
    for i in range(known[1]):
        reaching[count + i, 0], reaching[count + i, 1] = corners[i, 0], corners[i, 1]
    longest = 0.0
    for i in range(count):
        for j in range(i + 1, count):
            longest = max(longest, (flat[i, 0] - flat[j, 0]) ** 2 + (flat[i, 1] - flat[j, 1]) ** 2)
    length = np.sqrt(longest)
    if length * equal < best[0]:
        return 0
    better = 0
    for i in range(count):
        for j in range(i + 1, count):
            apart = np.sqrt((flat[i, 0] - flat[j, 0]) ** 2 + (flat[i, 1] - flat[j, 1]) ** 2)
            if apart * equal < length:
                continue
            along0, along1 = (flat[j, 0] - flat[i, 0]) / apart, (flat[j, 1] - flat[i, 1]) / apart
            for k in range(count):
                dy, dx = flat[k, 0] - flat[i, 0], flat[k, 1] - flat[i, 1]
                place[k], side[k] = dy * along0 + dx * along1, dx * along0 - dy * along1
            chord = 0.0
            for k in range(count):
                one, other = _height(place, side, count, i, j, place[k]), _height(place, side, count, j, i, place[k])
                chord = max(chord, abs(one - other))
            if length > best[0] * equal or chord > best[1]:
                best[0], best[1] = max(length, best[0]), chord
                ends[0, 0], ends[0, 1], ends[1, 0], ends[1, 1] = reaching[i, 0], reaching[i, 1], reaching[j, 0], reaching[j, 1]
                better = 1
    return better


@compiled("i8(u1[:, :, ::1], i8, i8, f8[:, ::1], f8, f8[::1], f8[:, ::1], f8[:, ::1])")
def plane_diameters(
    mask: Bytes, first: int, last: int, steps: Floats, equal: float, best: Floats, ends: Floats, points: Floats
) -> int:
    """Longest diameter in any of some planes, as `plane_diameter`, with `ends` (2, 3) in voxels.

    Writes corners (z, y, x) of the mesh, of which some are those of its hull, to `points`, and returns how many there are.
    """
    height = mask.shape[1]
    flat, reaching, known = np.empty((2, 2)), np.empty((6 * height + 8, 2)), np.zeros(2, np.int64)
    count = 0
    for z in range(first, last):
        if plane_diameter(mask, z, steps, equal, best, flat, reaching, known):
            for i in range(2):
                ends[i, 0], ends[i, 1], ends[i, 2] = z, flat[i, 0], flat[i, 1]
        for i in range(known[0]):
            points[count, 0], points[count, 1], points[count, 2] = z, reaching[i, 0], reaching[i, 1]
            count += 1
        for i in range(known[0], known[0] + known[1]):
            for side in range(2):
                points[count, 0], points[count, 1], points[count, 2] = z + side - 0.5, reaching[i, 0], reaching[i, 1]
                count += 1
    return count


@compiled("f8(f8[:, ::1], f8[::1], i8, i8, f8, f8, i8[::1])")
def longest_pair(points: Floats, reach: Floats, first: int, last: int, best: float, equal: float, ends: Integers) -> float:
    """Greatest distance of two points, one of them from `first` to `last`, or `best` if none is longer by the factor `equal`.

    `reach` falls, and two points are no further apart than the sum of theirs.
    """
    for i in range(first, last):
        for j in range(i + 1, points.shape[0]):
            if reach[i] + reach[j] <= best:
                break
            z, y, x = points[i, 0] - points[j, 0], points[i, 1] - points[j, 1], points[i, 2] - points[j, 2]
            apart = np.sqrt(z * z + y * y + x * x)
            if apart > best * equal:
                best = apart
                ends[0], ends[1] = i, j
    return best


@compiled("f8(f8[:, :, ::1], i8[:, :, ::1], u1[:, :, ::1], i8[:, ::1], i8[::1])")
def greatest_mean(sums: Floats, counts: Integers, mask: Bytes, runs: NDArray[np.int64], reach: Integers) -> float:
    """Greatest mean around a voxel of a mask, over runs (dz, dy, first dx, last dx), from sums along x before each voxel."""
    depth, height, width = mask.shape
    best = -np.inf
    for z in range(depth):
        for y in range(height):
            for x in range(width):
                if mask[z, y, x]:
                    total, number = 0.0, 0
                    for k in range(runs.shape[0]):
                        i, j = z + reach[0] + runs[k, 0], y + reach[1] + runs[k, 1]
                        start, stop = x + reach[2] + runs[k, 2], x + reach[2] + runs[k, 3] + 1
                        total += sums[i, j, stop] - sums[i, j, start]
                        number += counts[i, j, stop] - counts[i, j, start]
                    best = max(best, total / number)
    return best
