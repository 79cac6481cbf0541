"""Which combinations of labels several readers gave, and how often: all that their agreement depends on."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.operation import Progress

Labels = NDArray[np.integer]
Pattern = tuple[int, ...]
"""The label of each reader."""


def count_patterns(maps: Sequence[Labels], region: Labels | None = None) -> Generator[Progress, None, dict[Pattern, int]]:
    """Count the combinations of labels of maps (z, y, x) of one shape, plane by plane, where `region` is not 0."""
    found: dict[Pattern, int] = {}
    for z in range(len(maps[0])):
        rows, lengths, inverse = _runs(maps, region, z)
        counts = np.bincount(inverse, weights=lengths, minlength=len(rows))
        for row, count in zip(rows.tolist(), counts.tolist(), strict=True):
            key = tuple(row[: len(maps)])
            if row[-1] and count:
                found[key] = found.get(key, 0) + int(count)
        yield Progress((z + 1) / len(maps[0]))
    return found


def paint_patterns(
    maps: Sequence[Labels], region: Labels | None, labels: Mapping[Pattern, int], dtype: type[np.integer]
) -> Generator[Progress, None, Labels]:
    """Array (z, y, x) with the label of each combination; 0 where `region` is."""
    painted = np.zeros(maps[0].shape, dtype)
    for z in range(len(painted)):
        rows, lengths, inverse = _runs(maps, region, z)
        values = np.array([labels[tuple(row[: len(maps)])] if row[-1] else 0 for row in rows.tolist()], dtype)
        painted[z] = np.repeat(values[inverse], lengths).reshape(painted.shape[1:])
        yield Progress((z + 1) / len(painted))
    return painted


def _runs(maps: Sequence[Labels], region: Labels | None, z: int) -> tuple[NDArray[np.int64], NDArray[np.intp], NDArray[np.intp]]:
    """Runs of a plane in which nothing changes: distinct combinations (the last number is 1 if counted), lengths, and which."""
    flat = [np.ascontiguousarray(each[z]).ravel() for each in maps]
    if region is not None:
        flat.append(np.ascontiguousarray(region[z]).ravel() != 0)
    change = np.zeros(flat[0].size, bool)
    change[0] = True
    for each in flat:
        change[1:] |= each[1:] != each[:-1]
    starts = np.flatnonzero(change)
    lengths = np.diff(starts, append=flat[0].size)
    counted = np.ones(starts.size, bool) if region is None else flat.pop()[starts]
    values = np.stack([*(each[starts].astype(np.int64) for each in flat), counted.astype(np.int64)], axis=1)
    rows, inverse = np.unique(values, axis=0, return_inverse=True)
    return rows, lengths, inverse.ravel()
