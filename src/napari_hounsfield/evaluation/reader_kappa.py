"""Agreement of readers beyond chance, from how often each combination of readings occurs."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

Readings = NDArray[np.integer]
"""(n, readers): combinations, as numbers of classes from 0."""
Counts = NDArray[np.integer]
"""(n,) voxels of each combination."""
Matrix = list[list[float | None]]
"""(readers, readers), symmetric; None where undefined."""


def confusion(first: NDArray[np.integer], second: NDArray[np.integer], counts: Counts, classes: int) -> NDArray[np.int64]:
    """Voxels (classes, classes) for each class of the first reader and of the second."""
    codes = first.astype(np.int64) * classes + second
    table = np.zeros(classes**2, np.int64)
    np.add.at(table, codes, counts)
    return table.reshape(classes, classes)


def cohen(table: NDArray[np.int64]) -> float | None:
    """Cohen's kappa (1960) of a confusion matrix; None where both readers have one and the same class only, or nothing."""
    total = int(table.sum())
    if not total:
        return None
    shares = table / total
    chance = float(shares.sum(0) @ shares.sum(1))
    if np.count_nonzero(table.sum(0) + table.sum(1)) < 2:
        return None
    return (float(np.trace(shares)) - chance) / (1 - chance)


def fleiss(readings: Readings, counts: Counts, classes: int) -> float | None:
    """Fleiss' kappa (1971) of all readers; None where there is one class only, or nothing.

    Its observed agreement is the mean share of pairs of readers that agree.
    """
    readers, total = readings.shape[1], int(counts.sum())
    if not total:
        return None
    equal = [int(counts[readings[:, i] == readings[:, j]].sum()) for i, j in combinations(range(readers), 2)]
    shares = np.zeros(classes)
    for reader in readings.T:
        np.add.at(shares, reader, counts / (total * readers))
    if np.count_nonzero(shares) < 2:
        return None
    chance = float(shares @ shares)
    return (sum(equal) / (total * len(equal)) - chance) / (1 - chance)


def dice(table: NDArray[np.int64], value: int) -> float | None:
    """Dice of one class; None where neither reader has it."""
    both = int(table[value].sum() + table[:, value].sum())
    return 2 * int(table[value, value]) / both if both else None


def against_rest(table: NDArray[np.int64], value: int) -> NDArray[np.int64]:
    """The matrix (2, 2) of one class against all others."""
    both, first, second = int(table[value, value]), int(table[value].sum()), int(table[:, value].sum())
    return np.array([[int(table.sum()) - first - second + both, second - both], [first - both, both]])
