"""One-dimensional passes of separable filters, compiled when this module is imported (from a cache after the first time).

Everything works on strips of `WIDTH` columns, so that a row of a strip is a few vector registers, and on *planes*: the rows of a
strip one after the other. A kernel of one dimension runs along a row (`across`) or over rows (`down`); the results of the last
pass are combined into maps while they are in the cache, so that memory sees one reading of the image and one writing of the maps.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .compiling import compiled

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]

FAST = {"contract", "nsz"}
"""Sums and products may be fused, and zeros have no sign; nothing else is left to the compiler."""
WIDTH = 128
"""Columns of a strip."""
ROWS = 4
"""Rows that `down` computes at a time: each row that is loaded serves them all."""
TAPS = 8
"""Taps taken at a time: the sums are loaded and stored once for all of them."""
BLOCK = 32
"""Rows for which the results of all kernels are kept until they are combined."""


@compiled("void(f4[::1], f4[::1], f4[::1], f4[::1], f4[::1])", fastmath=FAST)
def _two_kernels(row: Floats, even: Floats, odd: Floats, first: Floats, second: Floats) -> None:
    """Correlate a padded row with two kernels, whose lengths are a multiple of TAPS."""
    first[:WIDTH] = 0
    second[:WIDTH] = 0
    for k in range(0, even.size, TAPS):
        c, s, p = even[k : k + TAPS], odd[k : k + TAPS], row[k : k + TAPS + WIDTH]
        c0, c1, c2, c3, c4, c5, c6, c7 = c[0], c[1], c[2], c[3], c[4], c[5], c[6], c[7]
        s0, s1, s2, s3, s4, s5, s6, s7 = s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7]
        for x in range(WIDTH):
            p0, p1, p2, p3, p4, p5, p6, p7 = p[x], p[x + 1], p[x + 2], p[x + 3], p[x + 4], p[x + 5], p[x + 6], p[x + 7]
            first[x] += c0 * p0 + c1 * p1 + c2 * p2 + c3 * p3 + c4 * p4 + c5 * p5 + c6 * p6 + c7 * p7
            second[x] += s0 * p0 + s1 * p1 + s2 * p2 + s3 * p3 + s4 * p4 + s5 * p5 + s6 * p6 + s7 * p7


@compiled("void(f4[::1], f4[::1], f4[::1])", fastmath=FAST)
def _four_rows(plane: Floats, taps: Floats, sums: Floats) -> None:
    """Correlate the rows of a plane with one kernel that has ROWS - 1 zeros before it, for the first ROWS rows."""
    sums[: ROWS * WIDTH] = 0
    for k in range(0, taps.size - ROWS + 1, TAPS):
        t, p = taps[k : k + TAPS + ROWS - 1], plane[k * WIDTH : (k + TAPS) * WIDTH]
        t0, t1, t2, t3, t4, t5, t6, t7, t8, t9, t10 = t[0], t[1], t[2], t[3], t[4], t[5], t[6], t[7], t[8], t[9], t[10]
        for x in range(WIDTH):
            p0, p1, p2, p3 = p[x], p[WIDTH + x], p[2 * WIDTH + x], p[3 * WIDTH + x]
            p4, p5, p6, p7 = p[4 * WIDTH + x], p[5 * WIDTH + x], p[6 * WIDTH + x], p[7 * WIDTH + x]
            sums[x] += t3 * p0 + t4 * p1 + t5 * p2 + t6 * p3 + t7 * p4 + t8 * p5 + t9 * p6 + t10 * p7
            sums[WIDTH + x] += t2 * p0 + t3 * p1 + t4 * p2 + t5 * p3 + t6 * p4 + t7 * p5 + t8 * p6 + t9 * p7
            sums[2 * WIDTH + x] += t1 * p0 + t2 * p1 + t3 * p2 + t4 * p3 + t5 * p4 + t6 * p5 + t7 * p6 + t8 * p7
            sums[3 * WIDTH + x] += t0 * p0 + t1 * p1 + t2 * p2 + t3 * p3 + t4 * p4 + t5 * p5 + t6 * p6 + t7 * p7


@compiled("void(f4[:, :], i8[::1], i8[::1], i8[::1], f4[:, ::1], f4[:, ::1], f4[::1])", fastmath=FAST)
def across(
    image: Floats, rows: Integers, owners: Integers, columns: Integers, taps: Floats, planes: Floats, line: Floats
) -> None:
    """Filter rows of a strip with every kernel: plane `k` is the strip's rows after kernel `k`.

    `rows` and `columns` say which row and column of the image stands at each place of the strip and around it, -1 for zeros;
    `owners` at which place a row occurs first, so that rows beyond the border are copied. `taps` holds an even number of kernels.
    """
    line[:] = 0
    for place in range(rows.size):
        here = slice(place * WIDTH, (place + 1) * WIDTH)
        if rows[place] < 0:
            planes[:, here] = 0
        elif owners[place] < place:
            planes[:, here] = planes[:, owners[place] * WIDTH : (owners[place] + 1) * WIDTH]
        else:
            for x in range(columns.size):
                line[x] = image[rows[place], columns[x]] if columns[x] >= 0 else 0
            for k in range(0, len(taps), 2):
                _two_kernels(line, taps[k], taps[k + 1], planes[k, here], planes[k + 1, here])
    planes[:, rows.size * WIDTH :] = 0


@compiled("void(f4[:, ::1], i8[::1], f4[:, ::1], f4[:, ::1], i8[:, ::1], f4[:, ::1], i8, i8, f4, b1, f4[:, :, :])", fastmath=FAST)
def down(
    planes: Floats,
    sources: Integers,
    taps: Floats,
    sums: Floats,
    parts: Integers,
    weights: Floats,
    response: int,
    pool: int,
    share: float | np.float32,
    begun: bool,
    out: Floats,
) -> None:
    """Filter planes over their rows and combine the results into maps.

    Result `t` is plane `sources[t]` after kernel `taps[t]`. With a = w0 r[p0] + w1 r[p1] and b = w2 r[p2] + w3 r[p3], w and p
    being a map's row in `weights` and `parts`, the map is sqrt(a^2 + b^2) if `response` is 1, otherwise a + b. `pool` joins
    all maps (1: `share` of the sum, 2: the largest) with each other and, if `begun`, with what is there.
    """
    joined, rows, width = sums[len(taps)], out.shape[1], out.shape[2]
    for first in range(0, rows, BLOCK):
        count = min(BLOCK, rows - first)
        for t in range(len(taps)):
            for y in range(0, count, ROWS):
                _four_rows(planes[sources[t], (first + y) * WIDTH :], taps[t], sums[t, y * WIDTH :])
        for m in range(len(parts)):
            mapped = sums[len(taps) + 1] if pool and m else joined
            r0, r1, r2, r3 = sums[parts[m, 0]], sums[parts[m, 1]], sums[parts[m, 2]], sums[parts[m, 3]]
            w0, w1, w2, w3 = weights[m, 0], weights[m, 1], weights[m, 2], weights[m, 3]
            if response == 1:
                for x in range(count * WIDTH):
                    a, b = w0 * r0[x] + w1 * r1[x], w2 * r2[x] + w3 * r3[x]
                    mapped[x] = np.sqrt(a * a + b * b)
            else:
                for x in range(count * WIDTH):
                    mapped[x] = w0 * r0[x] + w1 * r1[x] + w2 * r2[x] + w3 * r3[x]
            if pool == 1 and m:
                for x in range(count * WIDTH):
                    joined[x] += mapped[x]
            elif pool == 2 and m:
                for x in range(count * WIDTH):
                    joined[x] = max(joined[x], mapped[x])
            elif pool == 0:
                for y in range(count):
                    out[m, first + y, :] = mapped[y * WIDTH : y * WIDTH + width]
        for y in range(count if pool else 0):
            there = out[0, first + y]
            for x in range(width):
                value = joined[y * WIDTH + x]
                if pool == 1:
                    there[x] = share * value + (there[x] if begun else np.float32(0))
                else:
                    there[x] = max(value, there[x]) if begun else value
