"""How often each pair of label values occurs in two maps, in one pass."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.operation import Progress

Pairs = dict[tuple[int, int], int]
"""Number of voxels for each (prediction, reference) that occurs."""


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
    """Count the pairs of values of two label arrays of one shape, plane by plane.

    Labels are constant over long runs, so each plane is cut where either map changes, and the lengths of the runs are summed:
    every voxel is read once, and nothing of the size of the arrays is made.

    Parameters
    ----------
    prediction, reference
        Whole numbers (z, y, x).
    region
        Whole numbers (z, y, x); only voxels that are not 0 are counted. None: all.
    ignore
        Reference values whose voxels are not counted.
    """
    pairs: Pairs = {}
    ignored = set(ignore)
    for z in range(len(reference)):
        maps = [prediction[z], reference[z]] if region is None else [prediction[z], reference[z], region[z] != 0]
        for key, count in run_counts(*(np.ascontiguousarray(m).ravel() for m in maps)).items():
            if key[1] not in ignored:
                pairs[key] = pairs.get(key, 0) + count
        yield Progress((z + 1) / len(reference))
    return pairs


def run_counts(prediction: NDArray[np.integer], reference: NDArray[np.integer], region: NDArray[np.bool_] | None = None) -> Pairs:
    """Count the pairs of values of two flat, contiguous arrays, where `region` is True."""
    change = prediction[1:] != prediction[:-1]
    change |= reference[1:] != reference[:-1]
    if region is not None:
        change |= region[1:] != region[:-1]
    starts = np.concatenate(([0], np.flatnonzero(change) + 1))
    lengths = np.diff(starts, append=prediction.size)
    if region is not None:
        counted = region[starts]
        starts, lengths = starts[counted], lengths[counted]
    if not starts.size:
        return {}
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
