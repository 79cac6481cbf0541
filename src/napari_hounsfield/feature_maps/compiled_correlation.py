"""Correlation of slices with a kernel of one dimension, compiled when this is imported (from a cache after the first time).

Sums are of float64, as in scipy.ndimage, which takes several times as long. At the border the image is mirrored, with
the edge voxel itself repeated (d c b a | a b c d | d c b a).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.compiling import compiled

STRIP, ROWS = 128, 32
"""Columns and rows that are computed at a time, so that what they need stays in the cache."""
TAPS = 4
"""Taps taken at a time: the sums are loaded and stored once for all of them."""


@compiled("i8(i8, i8)")
def _mirrored(place: int, size: int) -> int:
    """Index in 0..size-1 of a place beyond the border."""
    place %= 2 * size
    return place if place < size else 2 * size - 1 - place


@compiled("void(f8[::1], f8[::1], i8, f8[::1])", fastmath={"contract"})
def _correlated(line: NDArray[np.float64], kernel: NDArray[np.float64], step: int, sums: NDArray[np.float64]) -> None:
    """Sums of the kernel over a line, whose neighbours for the kernel are `step` places apart."""
    size = sums.size
    sums[:] = 0
    whole = kernel.size // TAPS * TAPS
    for k in range(0, whole, TAPS):
        w0, w1, w2, w3 = kernel[k], kernel[k + 1], kernel[k + 2], kernel[k + 3]
        p0, p1 = line[k * step : k * step + size], line[(k + 1) * step : (k + 1) * step + size]
        p2, p3 = line[(k + 2) * step : (k + 2) * step + size], line[(k + 3) * step : (k + 3) * step + size]
        for x in range(size):
            sums[x] = sums[x] + w0 * p0[x] + w1 * p1[x] + w2 * p2[x] + w3 * p3[x]
    for k in range(whole, kernel.size):
        weight, moved = kernel[k], line[k * step : k * step + size]
        for x in range(size):
            sums[x] += weight * moved[x]


@compiled("void(f4[:, ::1], f8[::1], i8, i8, f4[:, ::1])")
def correlate_x(plane: NDArray[np.float32], kernel: NDArray[np.float64], first: int, last: int, out: NDArray[np.float32]) -> None:
    """Correlate rows `first` to `last` of a plane (y, x) along x."""
    width, reach = plane.shape[1], kernel.size // 2
    line, sums = np.empty(width + 2 * reach), np.empty(width)
    for y in range(first, last):
        row, result = plane[y], out[y]
        for x in range(reach):
            line[x] = row[_mirrored(x - reach, width)]
            line[width + reach + x] = row[_mirrored(width + x, width)]
        inner = line[reach : reach + width]
        for x in range(width):
            inner[x] = row[x]
        _correlated(line, kernel, 1, sums)
        for x in range(width):
            result[x] = sums[x]


@compiled("void(f4[:, ::1], f8[::1], i8, i8, f4[:, ::1])")
def correlate_y(plane: NDArray[np.float32], kernel: NDArray[np.float64], first: int, last: int, out: NDArray[np.float32]) -> None:
    """Correlate along y, for rows `first` to `last` of a plane (y, x)."""
    height, width = plane.shape
    reach = kernel.size // 2
    around, sums = np.empty((ROWS + 2 * reach) * STRIP), np.empty(STRIP)
    for start in range(0, width, STRIP):
        size = min(STRIP, width - start)
        for top in range(first, last, ROWS):
            count = min(ROWS, last - top)
            for n in range(count + 2 * reach):
                row, kept = plane[_mirrored(top + n - reach, height), start : start + size], around[n * size : (n + 1) * size]
                for x in range(size):
                    kept[x] = row[x]
            for n in range(count):
                _correlated(around[n * size :], kernel, size, sums[:size])
                result = out[top + n, start : start + size]
                for x in range(size):
                    result[x] = sums[x]
