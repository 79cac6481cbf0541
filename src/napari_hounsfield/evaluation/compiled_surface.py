"""Nearest surface voxels, compiled when this module is imported (from a cache after the first time).

The surface of a mask is kept as lines along x: `starts[z * height + y]` is where the sorted positions `xs` of a line begin.
Squared distances are a quadratic form of the step between voxels: `metric` = (zz, yy, xx, zy, zx, yx), the mixed ones doubled.
"""

from __future__ import annotations

import numpy as np

from napari_hounsfield.compiling import compiled

from .arrays import Bytes, Floats, Integers, Places

EMPTY = 64
"""So many lines around without a voxel, and it is far."""


@compiled("void(u1[:, :, ::1], i8, i8, i8[::1], u1[::1])")
def _edge(mask: Bytes, z: int, y: int, along: Integers, edge: Bytes) -> None:
    """Mark in `edge` the voxels of a line that have a neighbour outside, along the axes that are not 0 in `along`."""
    depth, height, width = mask.shape
    line = mask[z, y]
    outer = (along[0] and (z == 0 or z == depth - 1)) or (along[1] and (y == 0 or y == height - 1))
    if outer:
        edge[:] = line
        return
    above, below = (mask[z - 1, y], mask[z + 1, y]) if along[0] else (line, line)
    before, behind = (mask[z, y - 1], mask[z, y + 1]) if along[1] else (line, line)
    if along[2]:
        for x in range(1, width - 1):
            inner = line[x - 1] & line[x + 1] & above[x] & below[x] & before[x] & behind[x]
            edge[x] = line[x] & (inner ^ 1)
        edge[0], edge[width - 1] = line[0], line[width - 1]
    else:
        for x in range(width):
            edge[x] = line[x] & ((above[x] & below[x] & before[x] & behind[x]) ^ 1)


@compiled("void(u1[:, :, ::1], i8, i8, i8[::1], i8[::1])")
def count_surface(mask: Bytes, first: int, last: int, along: Integers, starts: Integers) -> None:
    """Write the number of surface voxels of each line of some planes to the place after the line's in `starts`."""
    height, width = mask.shape[1], mask.shape[2]
    edge = np.empty(width, np.uint8)
    for z in range(first, last):
        for y in range(height):
            _edge(mask, z, y, along, edge)
            count = 0
            for x in range(width):
                count += edge[x]
            starts[z * height + y + 1] = count


@compiled("void(u1[:, :, ::1], i8, i8, i8[::1], i8[::1], i4[::1])")
def list_surface(mask: Bytes, first: int, last: int, along: Integers, starts: Integers, xs: Places) -> None:
    """Write the positions of the surface voxels of some planes to `xs`."""
    height, width = mask.shape[1], mask.shape[2]
    edge = np.empty(width, np.uint8)
    for z in range(first, last):
        for y in range(height):
            place, stop = starts[z * height + y], starts[z * height + y + 1]
            if place == stop:
                continue
            _edge(mask, z, y, along, edge)
            for x in range(width):
                if edge[x]:
                    xs[place] = x
                    place += 1


@compiled("f8(i8, i8, i8, i8, i8[::1], i4[::1], i8[:, ::1], f8[::1], f8[::1], f8)")
def _nearest(
    z: int,
    y: int,
    x: int,
    height: int,
    starts: Integers,
    xs: Places,
    offsets: Integers,
    bounds: Floats,
    metric: Floats,
    enough: float,
) -> float:
    """Squared distance to the nearest position, or to any that is no further than `enough`; -1 if it lies beyond all offsets.

    Lines are tried by rising `bounds`, below which no position of the line at that offset can be.
    """
    best = np.inf
    depth = (starts.size - 1) // height
    for k in range(offsets.shape[0]):
        if bounds[k] >= best:
            return best
        if k == EMPTY and best == np.inf:
            return -1.0
        dz, dy = offsets[k, 0], offsets[k, 1]
        if z + dz < 0 or z + dz >= depth or y + dy < 0 or y + dy >= height:
            continue
        line = (z + dz) * height + y + dy
        low, stop = starts[line], starts[line + 1]
        if low == stop:
            continue
        mixed = metric[4] * dz + metric[5] * dy
        square = metric[0] * dz * dz + metric[1] * dy * dy + metric[3] * dz * dy
        middle = x - mixed / (2 * metric[2])
        start, high = low, stop
        while low < high:
            half = (low + high) >> 1
            if xs[half] < middle:
                low = half + 1
            else:
                high = half
        if low < stop:
            dx = np.int64(xs[low]) - x
            best = min(best, square + dx * (mixed + metric[2] * dx))
        if low > start:
            dx = np.int64(xs[low - 1]) - x
            best = min(best, square + dx * (mixed + metric[2] * dx))
        if best <= enough:
            return best
    return best if offsets.shape[0] and best <= bounds[offsets.shape[0] - 1] else -1.0


@compiled("void(i8, i8, i8, i8[::1], i4[::1], i8[::1], i4[::1], i8[:, ::1], f8[::1], f8[::1], f8[::1])")
def nearest_of_surface(
    first: int,
    last: int,
    height: int,
    own_starts: Integers,
    own_xs: Places,
    starts: Integers,
    xs: Places,
    offsets: Integers,
    bounds: Floats,
    metric: Floats,
    squares: Floats,
) -> None:
    """Squared distance of each surface voxel of some planes to the other surface; -1 where it is far."""
    for z in range(first, last):
        for y in range(height):
            for i in range(own_starts[z * height + y], own_starts[z * height + y + 1]):
                squares[i] = _nearest(z, y, own_xs[i], height, starts, xs, offsets, bounds, metric, 0.0)


@compiled("Tuple((f8, i8))(i8, i8, u1[:, :, ::1], u1[:, :, ::1], i8[::1], i4[::1], i8[:, ::1], f8[::1], f8[::1], f8, i8[:, ::1])")
def greatest_outside(
    first: int,
    last: int,
    mask: Bytes,
    other: Bytes,
    starts: Integers,
    xs: Places,
    offsets: Integers,
    bounds: Floats,
    metric: Floats,
    greatest: float,
    far: Integers,
) -> tuple[float, int]:
    """Greatest squared distance from voxels of a mask, in some planes, to another, and how many far ones were put in `far`."""
    height, width = mask.shape[1], mask.shape[2]
    count = 0
    for z in range(first, last):
        for y in range(height):
            for x in range(width):
                if mask[z, y, x] > other[z, y, x]:
                    square = _nearest(z, y, x, height, starts, xs, offsets, bounds, metric, greatest)
                    if square < 0:
                        far[count, 0], far[count, 1], far[count, 2] = z, y, x
                        count += 1
                    else:
                        greatest = max(greatest, square)
    return greatest, count
