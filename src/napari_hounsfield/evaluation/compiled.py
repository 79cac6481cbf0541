"""Passes over labels, compiled when this module is imported (from a cache after the first time)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.compiling import compiled

Bytes = NDArray[np.uint8]
Words = NDArray[np.uint64]
Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

PAIRS = 1 << 16
"""Places of a table of pairs of bytes."""
TABLES = 4
"""Tables that are counted in by turns, so that one addition does not wait for the one before."""
STRIDE = PAIRS + 72
"""Places from one table to the next: not a power of 2, or they would fight for the same lines of the cache."""


@compiled("void(u1[::1], u1[::1], u8[::1], u8[::1], i8[::1])")
def count_pairs(prediction: Bytes, reference: Bytes, ours: Words, theirs: Words, table: Integers) -> None:
    """Count pairs of bytes at `prediction * 256 + reference`, in TABLES tables of STRIDE places that are to be summed.

    `ours` and `theirs` are the same bytes, 8 at a time: labels are constant over long runs, and a run is counted by words.
    """
    ones = np.uint64(0x0101010101010101)
    byte = np.uint64(255)
    first, second, place, run = np.uint64(0), np.uint64(0), np.int64(0), 0
    for i in range(ours.size):
        p, r = ours[i], theirs[i]
        if p == first and r == second:
            run += 8
        elif p == (p & byte) * ones and r == (r & byte) * ones:
            table[place] += run
            first, second, run = p, r, 8
            place = np.int64((p & byte) << np.uint64(8) | (r & byte))
        else:
            start = 8 * i
            for k in range(8):
                here = np.int64(prediction[start + k]) * 256 + np.int64(reference[start + k])
                table[(k % TABLES) * STRIDE + here] += 1
    table[place] += run
    for i in range(8 * ours.size, prediction.size):
        table[np.int64(prediction[i]) * 256 + np.int64(reference[i])] += 1


BUCKETS = 1 << 16
"""Buckets of scores by their leading bits: small enough each to be sorted between two reports of progress."""


@compiled("void(f4[::1], u1[::1], u1[::1], i8[::1], i8[:, ::1], f8[::1], f8[::1])")
def survey_scores(
    scores: NDArray[np.float32],
    positive: Bytes,
    counted: Bytes,
    buckets: Integers,
    bins: Integers,
    sums: Floats,
    squares: Floats,
) -> None:
    """Count scores by bucket, and by bin of calibration all and the positive ones; add up scores by bin, and squared errors."""
    many = bins.shape[1]
    bits = scores.view(np.uint32)
    for i in range(scores.size):
        if counted[i]:
            score = np.float64(scores[i])
            buckets[bits[i] >> 14] += 1
            k = min(max(np.int64(np.ceil(score * many)) - 1, 0), many - 1)
            bins[0, k] += 1
            sums[k] += score
            if positive[i]:
                bins[1, k] += 1
                squares[0] += (1 - score) * (1 - score)
            else:
                squares[0] += score * score


@compiled("void(f4[::1], u1[::1], u1[::1], i8[::1], u4[::1])")
def scatter_scores(
    scores: NDArray[np.float32], positive: Bytes, counted: Bytes, places: Integers, keys: NDArray[np.uint32]
) -> None:
    """Put the bits of each score, with the class in the last one, into its bucket; `places` are where the next one goes."""
    bits = scores.view(np.uint32)
    for i in range(scores.size):
        if counted[i]:
            bucket = bits[i] >> 14
            keys[places[bucket]] = bits[i] << np.uint32(1) | np.uint32(positive[i] != 0)
            places[bucket] += 1


@compiled("i8(u4[::1], i8[::1], f8[::1], i8[:, ::1], i8, i8)")
def walk_scores(keys: NDArray[np.uint32], state: Integers, precision: Floats, points: Integers, known: int, apart: int) -> int:
    """Walk up sorted scores, and return how many points of the curves are known then.

    `state` holds all positive and all negative scores, those that are lower than what comes next, and twice the number of
    (positive, negative) pairs in the right order, ties counting one half. `precision` is the sum over thresholds of precision
    times the positives there, with its compensation (Neumaier 1974). A point, (true, false) positives at a threshold, is kept
    where either has changed by a share of 1 / `apart` or more.
    """
    i = 0
    while i < keys.size:
        score = keys[i] >> 1
        negative = positive = 0
        while i < keys.size and keys[i] >> 1 == score:
            if keys[i] & np.uint32(1):
                positive += 1
            else:
                negative += 1
            i += 1
        true, false = state[0] - state[2], state[1] - state[3]
        if positive:
            term = np.float64(positive) * true / (true + false)
            total = precision[0] + term
            if abs(precision[0]) >= abs(term):
                precision[1] += (precision[0] - total) + term
            else:
                precision[1] += (term - total) + precision[0]
            precision[0] = total
        if (
            known == 0
            or (points[known - 1, 0] > true and (points[known - 1, 0] - true) * apart >= state[0])
            or (points[known - 1, 1] > false and (points[known - 1, 1] - false) * apart >= state[1])
        ):
            points[known, 0], points[known, 1] = true, false
            known += 1
        state[4] += 2 * positive * state[3] + positive * negative
        state[2] += positive
        state[3] += negative
    return known


@compiled("void(f4[:, ::1], i8[::1], u1[::1], i8[:, ::1], f8[::1])")
def survey_tops(scores: NDArray[np.float32], truth: Integers, counted: Bytes, bins: Integers, sums: Floats) -> None:
    """By bin of the greatest score of each place (class, place): how many, how many of them right, and the sum of the scores."""
    many = bins.shape[1]
    for i in range(scores.shape[1]):
        if counted[i]:
            top = 0
            for c in range(1, scores.shape[0]):
                if scores[c, i] > scores[top, i]:
                    top = c
            score = np.float64(scores[top, i])
            k = min(max(np.int64(np.ceil(score * many)) - 1, 0), many - 1)
            bins[0, k] += 1
            bins[1, k] += top == truth[i]
            sums[k] += score


@compiled("void(i4[:, :, ::1], i8, i8[::1], f8[:, ::1])")
def sum_positions(parts: NDArray[np.int32], z: int, places: Integers, sums: Floats) -> None:
    """Add up indices (z, y, x) of the voxels of each part, in planes that begin at `z`; `places` says in which row of `sums`."""
    depth, height, width = parts.shape
    for k in range(depth):
        for y in range(height):
            x = 0
            while x < width:
                part = parts[k, y, x]
                start = x
                x += 1
                while x < width and parts[k, y, x] == part:
                    x += 1
                if part:
                    here = sums[places[part]]
                    here[0] += np.float64(x - start) * (z + k)
                    here[1] += np.float64(x - start) * y
                    here[2] += np.float64(x - start) * (start + x - 1) * 0.5
