"""Passes of edits over labels, compiled when this module is imported (from a cache after the first time)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.compiling import compiled

Keys = NDArray[np.int32]
Floats = NDArray[np.float32]


@compiled("void(i4[:, :, ::1], i4[:, :, ::1], i8, i8[:, ::1], i4[::1], i4)", fastmath=False)
def spread(source: Keys, target: Keys, first: int, steps: NDArray[np.int64], weights: Keys, most: int) -> None:
    """The least of `source` at all steps plus their weights, for planes of `source` from `first` on; `most` counts as none.

    Parameters
    ----------
    source, target
        (z, y, x) and (some planes, y, x).
    steps
        (n, 3) along (z, y, x), the shortest first.
    weights
        (n,) what each step adds.
    """
    depth, height, width = source.shape
    least = np.empty((depth, height), np.int32)
    for z in range(depth):
        for y in range(height):
            low = most
            for x in range(width):
                low = min(low, source[z, y, x])
            least[z, y] = low
    for plane in range(target.shape[0]):
        for y in range(height):
            line = target[plane, y]
            line[:] = source[first + plane, y]
            for k in range(len(steps)):
                sz, sy, dx = first + plane + steps[k, 0], y + steps[k, 1], steps[k, 2]
                if sz < 0 or sz >= depth or sy < 0 or sy >= height or least[sz, sy] >= most:
                    continue
                other = source[sz, sy]
                weight = weights[k]
                start, stop = max(0, -dx), min(width, width - dx)
                there = other[start + dx : stop + dx]
                here = line[start:stop]
                for x in range(stop - start):
                    here[x] = min(here[x], there[x] + weight)


@compiled("void(f4[:, :, ::1], f4[:, :, ::1], i8[:, ::1], f4[::1])", fastmath=True)
def weigh(source: Floats, target: Floats, steps: NDArray[np.int64], weights: Floats) -> None:
    """The weighted sum of `source` at all steps, which are counted from 0; `target` is smaller by the longest step."""
    depth, height, width = target.shape
    for z in range(depth):
        for y in range(height):
            here = target[z, y]
            here[:] = 0
            for k in range(len(steps)):
                there = source[z + steps[k, 0], y + steps[k, 1], steps[k, 2] : steps[k, 2] + width]
                weight = weights[k]
                for x in range(width):
                    here[x] += weight * there[x]


@compiled("void(u1[:, :, ::1], i4[:, :, ::1], i8[:, ::1])")
def count(mask: NDArray[np.uint8], target: Keys, runs: NDArray[np.int64]) -> None:
    """How many voxels of a mask lie in some runs along x around each voxel.

    Parameters
    ----------
    mask
        0 and 1 (z, y, x).
    target
        (z, y, x), smaller than the mask by the longest steps.
    runs
        (n, 4): steps along z and y, and where a run along x begins and ends, all counted from 0.
    """
    depth, height, width = target.shape
    sums = np.zeros((mask.shape[0], mask.shape[1], mask.shape[2] + 1), np.int32)
    for z in range(mask.shape[0]):
        for y in range(mask.shape[1]):
            total = np.int32(0)
            for x in range(mask.shape[2]):
                total += mask[z, y, x]
                sums[z, y, x + 1] = total
    for z in range(depth):
        for y in range(height):
            here = target[z, y]
            here[:] = 0
            for k in range(len(runs)):
                line = sums[z + runs[k, 0], y + runs[k, 1]]
                if line[-1] == 0:
                    continue
                start, stop = line[runs[k, 2] : runs[k, 2] + width], line[runs[k, 3] : runs[k, 3] + width]
                for x in range(width):
                    here[x] += stop[x] - start[x]
