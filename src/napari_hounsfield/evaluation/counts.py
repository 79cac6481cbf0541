"""How often each pair of label values occurs in two maps, in one pass."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.boxes import FEW, as_bytes, as_stored
from napari_hounsfield.components import slabs
from napari_hounsfield.operation import Progress

Pairs = dict[tuple[int, int], int]
"""Number of voxels for each (prediction, reference) that occurs."""

SLAB_VOXELS = 8_000_000
"""Voxels counted between two reports of progress."""


@dataclass(frozen=True, slots=True)
class Counts:
    """One class against the rest: true and false positives and negatives."""

    tp: int
    fp: int
    fn: int
    tn: int

    @property
    def total(self) -> int:
        """Number of all that were counted."""
        return self.tp + self.fp + self.fn + self.tn


def joint_counts(
    prediction: NDArray[np.integer],
    reference: NDArray[np.integer],
    region: NDArray[np.integer] | None = None,
    ignore: Iterable[int] = (),
) -> Generator[Progress, None, Pairs]:
    """Count the pairs of values of two label arrays of one shape, in one pass by slabs of planes.

    Labels that fit a byte are counted as they lie, eight at a time where they are constant; others by the lengths of runs.
    Nothing of the size of the arrays is made.

    Parameters
    ----------
    prediction, reference
        Whole numbers (z, y, x).
    region
        Whole numbers (z, y, x); only voxels that are not 0 are counted. None: all.
    ignore
        Reference values whose voxels are not counted.
    """
    order = as_stored(reference)  # the order of counting is free: the one in which memory is read
    prediction, reference = prediction.transpose(order), reference.transpose(order)
    region = None if region is None else region.transpose(order)
    pairs: Pairs = {}
    ignored = set(ignore)
    for planes in slabs(reference.shape, SLAB_VOXELS):
        both = [np.ascontiguousarray(m[planes]).ravel() for m in (prediction, reference)]
        if region is not None:
            counted = np.ascontiguousarray(region[planes]).ravel() != 0
            both = [m[counted] for m in both]
        for key, count in _slab_counts(*both).items():
            if key[1] not in ignored:
                pairs[key] = pairs.get(key, 0) + count
        yield Progress(planes.stop / len(reference))
    return pairs


def _slab_counts(prediction: NDArray[np.integer], reference: NDArray[np.integer]) -> Pairs:
    """Count the pairs of two flat arrays."""
    if prediction.size < FEW:
        return run_counts(prediction, reference)
    ours, theirs = as_bytes(prediction), as_bytes(reference)
    if ours is None or theirs is None:
        return run_counts(prediction, reference)
    from .compiled import PAIRS, STRIDE, TABLES, count_pairs

    table = np.zeros(TABLES * STRIDE, np.int64)
    count_pairs(ours, theirs, _words(ours), _words(theirs), table)
    table = table.reshape(TABLES, STRIDE)[:, :PAIRS].sum(axis=0)
    return {(int(place) >> 8, int(place) & 255): int(table[place]) for place in np.flatnonzero(table)}


def _words(labels: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """The same bytes eight at a time, without the last few."""
    words = labels[: labels.size // 8 * 8].view(np.uint64)
    return words if words.flags.aligned else words.copy()


def run_counts(prediction: NDArray[np.integer], reference: NDArray[np.integer]) -> Pairs:
    """Count the pairs of values of two flat, contiguous arrays: cut where either changes, and sum the lengths of the runs."""
    if not prediction.size:
        return {}
    change = prediction[1:] != prediction[:-1]
    change |= reference[1:] != reference[:-1]
    starts = np.concatenate(([0], np.flatnonzero(change) + 1))
    lengths = np.diff(starts, append=prediction.size)
    predicted, first = _compact(prediction[starts])
    referred, second = _compact(reference[starts])
    table = np.bincount(first * len(referred) + second, weights=lengths, minlength=len(predicted) * len(referred))
    return {
        (int(predicted[i]), int(referred[j])): int(table[i * len(referred) + j])
        for i, j in (divmod(int(code), len(referred)) for code in np.flatnonzero(table))
    }


def _compact(values: NDArray[np.integer]) -> tuple[NDArray[np.integer], NDArray[np.integer]]:
    """Return the distinct values, and for each of `values` its place among them."""
    low, high = int(values.min()), int(values.max())
    if high - low < 1 << 16:  # a table of places is far faster than sorting
        shifted = values.astype(np.int64) - low
        occurs = np.bincount(shifted) > 0
        return np.flatnonzero(occurs) + low, (np.cumsum(occurs) - 1)[shifted]
    distinct, places = np.unique(values, return_inverse=True)
    return distinct, places


def class_counts(pairs: Mapping[tuple[int, int], int], value: int) -> Counts:
    """Counts of one value against all others."""
    tp = fp = fn = tn = 0
    for (predicted, referred), count in pairs.items():
        if predicted == value:
            tp, fp = (tp + count, fp) if referred == value else (tp, fp + count)
        elif referred == value:
            fn += count
        else:
            tn += count
    return Counts(tp, fp, fn, tn)
