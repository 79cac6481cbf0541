"""Passes of edits over labels, compiled when this module is imported (from a cache after the first time)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.compiling import compiled

Keys = NDArray[np.int32]
Floats = NDArray[np.float32]
Places = NDArray[np.uint16]
CHUNK = 64
"""Voxels of a line that are looked at together: where nothing can change, none of them is computed."""
FAR = 1e30


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
    chunks = (width + CHUNK - 1) // CHUNK
    least = np.empty((depth, height, chunks), np.int32)
    for z in range(depth):
        for y in range(height):
            for c in range(chunks):
                low = most
                for x in range(c * CHUNK, min(width, (c + 1) * CHUNK)):
                    low = min(low, source[z, y, x])
                least[z, y, c] = low
    for plane in range(target.shape[0]):
        for y in range(height):
            line = target[plane, y]
            line[:] = source[first + plane, y]
            for c in range(chunks):
                begin, end = c * CHUNK, min(width, (c + 1) * CHUNK)
                high = np.int32(0)
                for x in range(begin, end):
                    high = max(high, line[x])
                for k in range(1, len(steps)):
                    weight = weights[k]
                    if weight >= high:
                        break  # no further step leads to less
                    sz, sy, dx = first + plane + steps[k, 0], y + steps[k, 1], steps[k, 2]
                    start, stop = max(begin, -dx), min(end, width - dx)
                    if sz < 0 or sz >= depth or sy < 0 or sy >= height or start >= stop:
                        continue
                    low = most
                    for other in range((start + dx) // CHUNK, (stop + dx - 1) // CHUNK + 1):
                        low = min(low, least[sz, sy, other])
                    if low >= most or low + weight >= high:
                        continue
                    here, there = line[start:stop], source[sz, sy, start + dx : stop + dx]
                    for x in range(stop - start):
                        here[x] = min(here[x], there[x] + weight)


@compiled("void(f4[:, :, ::1], f4[:, :, ::1], i8[:, ::1], f4[::1])", fastmath=True)
def weigh(source: Floats, target: Floats, steps: NDArray[np.int64], weights: Floats) -> None:
    """The weighted sum of `source` at all steps, which are counted from 0; `target` is smaller by the longest step."""
    depth, height, width = target.shape
    chunks = (source.shape[2] + CHUNK - 1) // CHUNK
    low = np.empty((source.shape[0], source.shape[1], chunks), np.float32)
    high = np.empty_like(low)
    for z in range(source.shape[0]):
        for y in range(source.shape[1]):
            for c in range(chunks):
                least = greatest = source[z, y, c * CHUNK]
                for x in range(c * CHUNK, min(source.shape[2], (c + 1) * CHUNK)):
                    least, greatest = min(least, source[z, y, x]), max(greatest, source[z, y, x])
                low[z, y, c], high[z, y, c] = least, greatest
    for z in range(depth):
        for y in range(height):
            for begin in range(0, width, CHUNK):
                end = min(width, begin + CHUNK)
                here = target[z, y, begin:end]
                here[:] = 0
                full = np.float32(0)
                for k in range(len(steps)):
                    sz, sy, dx = z + steps[k, 0], y + steps[k, 1], steps[k, 2]
                    weight = weights[k]
                    least, greatest = np.float32(FAR), np.float32(-FAR)
                    for c in range((begin + dx) // CHUNK, (end + dx - 1) // CHUNK + 1):
                        least, greatest = min(least, low[sz, sy, c]), max(greatest, high[sz, sy, c])
                    if least == greatest:
                        full += weight * least
                        continue
                    there = source[sz, sy, begin + dx : end + dx]
                    for x in range(end - begin):
                        here[x] += weight * there[x]
                for x in range(end - begin):
                    here[x] += full


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
            for begin in range(0, width, CHUNK):
                end = min(width, begin + CHUNK)
                here = target[z, y, begin:end]
                here[:] = 0
                full = np.int32(0)
                for k in range(len(runs)):
                    line = sums[z + runs[k, 0], y + runs[k, 1]]
                    start, stop = begin + runs[k, 2], begin + runs[k, 3]
                    length = end - begin
                    inside = line[stop + length - 1] - line[start]
                    if inside == 0:
                        continue
                    if inside == stop + length - 1 - start:
                        full += np.int32(stop - start)
                        continue
                    lower, upper = line[start : start + length], line[stop : stop + length]
                    for x in range(length):
                        here[x] += upper[x] - lower[x]
                for x in range(end - begin):
                    here[x] += full


@compiled("void(f4[:, :, ::1], u2, u2[:, :, ::1], f4[:, :, ::1], f4[:, :, ::1], f4[:, :, ::1], u2[:, :, ::1], f4)")
def stand(
    scores: Floats,
    place: int,
    places: Places,
    own: Floats,
    none: Floats,
    best: Floats,
    winner: Places,
    margin: float,
) -> None:
    """Let one class stand for election in each voxel (z, y, x).

    Parameters
    ----------
    scores
        Its scores.
    place
        Its number, from 1 on.
    places
        The number of the class that a voxel has; 0: none.
    own, none, best
        Scores of the class that a voxel has, of no class, and the greatest so far.
    winner
        The number of the class with the greatest.
    margin
        By how much a score must be greater.
    """
    for z in range(scores.shape[0]):
        for y in range(scores.shape[1]):
            for x in range(scores.shape[2]):
                score = scores[z, y, x]
                if score != 0:
                    none[z, y, x] -= score
                    if places[z, y, x] == place:
                        own[z, y, x] = score
                    if score > best[z, y, x] + margin:
                        best[z, y, x] = score
                        winner[z, y, x] = place
