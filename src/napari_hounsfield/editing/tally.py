"""Voxels of every class in every plane, counted once and then kept up by what edits change."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.operation import Progress

from .delta import Delta


class Tally:
    """Voxels of each label value in each plane (z) of an array.

    Parameters
    ----------
    planes
        How many there are.
    """

    def __init__(self, planes: int) -> None:
        self._planes = planes
        self._counts: dict[int, NDArray[np.int64]] = {}

    @property
    def values(self) -> list[int]:
        """Label values that occur, ascending, without 0."""
        return sorted(value for value, planes in self._counts.items() if value and planes.any())

    def voxels(self, value: int) -> int:
        """Voxels of a label value."""
        return int(self._counts[value].sum()) if value in self._counts else 0

    def add(self, value: int, plane: int, voxels: int) -> None:
        """Count voxels of a plane; a negative number takes them away."""
        if value not in self._counts:
            self._counts[value] = np.zeros(self._planes, np.int64)
        self._counts[value][plane] += voxels

    def follow(self, delta: Delta, *, undo: bool) -> None:
        """Count what an edit has changed, or what undoing it has."""
        for plane, before, after, voxels in delta.moves():
            self.add(after if undo else before, plane, -voxels)
            self.add(before if undo else after, plane, voxels)


def tally_steps(array: NDArray[Any]) -> Generator[Progress, None, Tally]:
    """Count an array (z, y, x), plane by plane."""
    tally = Tally(len(array))
    for z, plane in enumerate(array):
        for value, voxels in zip(*counts_of(plane), strict=True):
            tally.add(int(value), z, int(voxels))
        yield Progress((z + 1) / len(array))
    return tally


def fullest_steps(array: NDArray[Any], value: int, axis: int) -> Generator[Progress, None, tuple[int, int, int] | None]:
    """Voxel (z, y, x) of a label value nearest to its middle in the plane across `axis` that holds most of it; None: nowhere."""
    planes = np.moveaxis(array, axis, 0)
    counts = np.zeros(len(planes), np.int64)
    for index, plane in enumerate(planes):
        counts[index] = np.count_nonzero(plane == value)
        yield Progress((index + 1) / len(planes))
    if not counts.any():
        return None
    best = int(counts.argmax())
    inside = np.argwhere(planes[best] == value)
    voxel = inside[np.square(inside - inside.mean(axis=0)).sum(axis=1).argmin()].tolist()
    voxel.insert(axis, best)
    return voxel[0], voxel[1], voxel[2]


def counts_of(values: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Values that occur, ascending, and how often."""
    if values.dtype.kind == "u" and values.dtype.itemsize <= 2:  # many times faster than sorting
        counts = np.bincount(values.ravel())
        found = np.flatnonzero(counts)
        return found, counts[found]
    return np.unique(values, return_counts=True)
