"""Connected parts of a slab, compiled when this module is imported (from a cache after the first time).

Voxels are joined run by run along x, with a forest of numbers in which the least is the root (Rosenfeld and Pfaltz 1966).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .compiling import compiled

Bytes = NDArray[np.uint8]
Numbers = NDArray[np.int32]


@compiled("i4(i4[::1], i4)")
def _root(parents: Numbers, number: int) -> int:
    """The least number that a number is joined to; the way there is halved."""
    while parents[number] != number:
        parents[number] = parents[parents[number]]
        number = parents[number]
    return number


@compiled("void(i4[::1], i4, i4)")
def _join(parents: Numbers, first: int, second: int) -> None:
    a, b = _root(parents, first), _root(parents, second)
    if a < b:
        parents[b] = a
    else:
        parents[a] = b


@compiled("i8(u1[:, :, ::1])")
def _runs(mask: Bytes) -> int:
    count = 0
    for z in range(mask.shape[0]):
        for y in range(mask.shape[1]):
            before = np.uint8(0)
            for x in range(mask.shape[2]):
                count += mask[z, y, x] > before
                before = mask[z, y, x]
    return count


@compiled("void(i4[::1], i4[::1], i4[::1])")
def _join_rows(parents: Numbers, row: Numbers, other: Numbers) -> None:
    """Join the runs of two neighbouring rows wherever they touch."""
    last_here, last_there = np.int32(0), np.int32(0)
    for x in range(row.size):
        here, there = row[x], other[x]
        if here and there and (here != last_here or there != last_there):
            _join(parents, here, there)
            last_here, last_there = here, there


@compiled("void(i4[:, :, ::1], i4[::1])")
def renumber(parts: Numbers, table: Numbers) -> None:
    """Replace each number by that in a table, in place."""
    for z in range(parts.shape[0]):
        for y in range(parts.shape[1]):
            row = parts[z, y]
            for x in range(row.size):
                if row[x]:
                    row[x] = table[row[x]]


@compiled("i8(u1[:, :, ::1], i4[:, :, ::1])")
def label_slab(mask: Bytes, parts: Numbers) -> int:
    """Number the parts of a mask of zeros and ones that hang together by faces, in the order of their first voxels; how many."""
    depth, height, width = mask.shape
    parents = np.empty(_runs(mask) + 1, np.int32)
    parents[0] = 0
    count = np.int32(0)
    for z in range(depth):
        for y in range(height):
            line, row = mask[z, y], parts[z, y]
            before = np.uint8(0)
            for x in range(width):
                if line[x]:
                    if not before:
                        count += np.int32(1)
                        parents[count] = count
                    row[x] = count
                else:
                    row[x] = 0
                before = line[x]
            if y:
                _join_rows(parents, row, parts[z, y - 1])
            if z:
                _join_rows(parents, row, parts[z - 1, y])
    found = np.int32(0)
    for number in range(1, count + 1):  # parents come before their children
        if parents[number] == number:
            found += np.int32(1)
            parents[number] = found
        else:
            parents[number] = parents[parents[number]]
    renumber(parts, parents)
    return int(found)
