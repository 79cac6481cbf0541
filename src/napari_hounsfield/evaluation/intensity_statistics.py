"""Statistics of many intensities, exact, in steps that can be cancelled."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.errors import ParameterError
from napari_hounsfield.operation import Progress, part

PERCENTILES = (5, 10, 25, 50, 75, 90, 95)
CHUNK = 1_000_000
"""Values worked on between two reports of progress: about 10 ms."""
HUGE = 1e150
"""The squares of greater numbers are beyond what a float holds."""
BINS = 1 << 16
MOST_BINS = 10_000
"""Bins that a histogram may have."""


@dataclass(frozen=True)
class Statistics:
    """Of the values themselves: the standard deviation is divided by n."""

    mean: float
    sd: float
    min: float
    max: float
    percentiles: tuple[float, ...]
    """Those of `PERCENTILES`; linear between ranks."""


@dataclass(frozen=True)
class Histogram:
    """Counts of values in bins of one width; the first begins at `low`, and a value on an edge belongs to the bin above it."""

    low: float
    """A multiple of the width."""
    width: float
    counts: tuple[int, ...]


def statistics(values: NDArray[Any]) -> Generator[Progress, None, Statistics]:
    """Statistics of values (n,), at least one, finite."""
    chunks = np.array_split(values, -(-values.size // CHUNK))
    low, high, total = np.inf, -np.inf, 0.0
    for chunk in chunks:
        low, high = min(low, float(chunk.min())), max(high, float(chunk.max()))
        total += float(chunk.sum(dtype=np.float64))
        yield Progress(0.1)
    mean, squares = min(max(total / values.size, low), high), 0.0
    reach = max(high - mean, mean - low)
    scale = reach if reach > HUGE else 1.0
    for chunk in chunks:
        squares += float(np.square((chunk.astype(np.float64) - mean) / scale).sum())
        yield Progress(0.2)
    percentiles = yield from part(_percentiles(values, low, high), 0.3, 1)
    return Statistics(mean, scale * float(np.sqrt(squares / values.size)), low, high, percentiles)


def _percentiles(values: NDArray[Any], low: float, high: float) -> Generator[Progress, None, tuple[float, ...]]:
    at = [(values.size - 1) * percent / 100 for percent in PERCENTILES]
    ranks = sorted({rank for place in at for rank in (int(place), min(int(place) + 1, values.size - 1))})
    found = yield from _of_ranks(values, ranks, low, high)
    between = []
    for place in at:
        below, above = found[int(place)], found[min(int(place) + 1, values.size - 1)]
        between.append(below + (above - below) * (place - int(place)))
    return tuple(between)


def _of_ranks(values: NDArray[Any], ranks: Sequence[int], low: float, high: float) -> Generator[Progress, None, dict[int, float]]:
    """The values that would stand at some ranks if all were sorted.

    Of many values a histogram tells between which edges a rank lies, and only what lies there is sorted.
    """
    if values.size <= 2 * CHUNK or not 0 < high - low < np.inf:
        ordered = np.partition(values, ranks) if low < high else values
        return {rank: float(ordered[rank]) for rank in ranks}
    counts, chunks = np.zeros(BINS, np.int64), np.array_split(values, values.size // CHUNK)
    for done, chunk in enumerate(chunks):
        counts += np.bincount(_bins(chunk, low, high), minlength=BINS)
        yield Progress(0.5 * done / len(chunks))
    below = np.concatenate(([0], np.cumsum(counts)))
    wanted = np.unique(np.searchsorted(below, ranks, side="right") - 1)
    chosen = np.zeros(BINS, bool)
    chosen[wanted] = True
    near = []
    for done, chunk in enumerate(chunks):
        near.append(chunk[chosen[_bins(chunk, low, high)]])
        yield Progress(0.5 + 0.4 * done / len(chunks))
    start = np.cumsum(counts[wanted]) - counts[wanted]  # where the values of each wanted bin begin among the chosen
    place = {rank: int(np.searchsorted(below, rank, side="right") - 1) for rank in ranks}
    among = {rank: int(rank - below[b] + start[np.searchsorted(wanted, b)]) for rank, b in place.items()}
    ordered = np.partition(np.concatenate(near), sorted(set(among.values())))
    return {rank: float(ordered[i]) for rank, i in among.items()}


def _bins(values: NDArray[Any], low: float, high: float) -> NDArray[np.int64]:
    """Bin of each value: greater for none that is smaller."""
    return np.minimum((values.astype(np.float64) - low) * (BINS / (high - low)), BINS - 1).astype(np.int64)


def histogram(values: NDArray[Any], width: float, low: float, high: float) -> Generator[Progress, None, Histogram]:
    """Count values (n,) from `low` to `high` in bins whose edges are multiples of `width`, as pyradiomics places them.

    Raises
    ------
    ParameterError
        If there were more than `MOST_BINS` bins.
    """
    first, last = np.floor(low / width), np.floor(high / width)
    if last - first >= MOST_BINS:
        enough = 1.01 * (high - low) / (MOST_BINS - 2)  # more than rounding takes away
        raise ParameterError(f"bin width {width:g}: more than {MOST_BINS} bins; take at least {enough:.3g}")
    counts = np.zeros(int(last - first) + 1, np.int64)
    for chunk in np.array_split(values, -(-values.size // CHUNK)):
        index = np.floor(chunk.astype(np.float64) / width) - first
        counts += np.bincount(index.astype(np.int64), minlength=counts.size)
        yield Progress(0.5)
    return Histogram(float(first * width), width, tuple(int(n) for n in counts))
