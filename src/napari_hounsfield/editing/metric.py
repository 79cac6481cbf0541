"""Balls in millimetres on the voxel lattice, anisotropic and sheared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.grid import Grid

ORTHOGONAL = 1e-6
"""Two axes whose cosine is less are at right angles."""
ROUNDING = 1e-6
"""Part of a distance by which it may exceed a limit, since it is rounded."""


@dataclass(frozen=True, eq=False)
class Offsets:
    """Steps to the voxels of a ball, within some axes."""

    steps: NDArray[np.int64]
    """(n, 3) along (z, y, x)."""
    squares: NDArray[np.float64]
    """Squares of their lengths in mm²."""

    @property
    def reach(self) -> tuple[int, int, int]:
        """The longest step along (z, y, x)."""
        z, y, x = np.abs(self.steps).max(axis=0)
        return int(z), int(y), int(x)


def across(grid: Grid, within: str) -> tuple[int, ...]:
    """The axes of the array in which an edit works: all of more than one voxel, or those of each plane of a stack."""
    axes = [axis for axis in range(3) if grid.shape[axis] > 1]
    if within == "volume":
        return tuple(axes)
    return tuple(axis for axis in axes if axis != grid.axis_across(within))


def passes(grid: Grid, radius: float, axes: Sequence[int]) -> list[Offsets]:
    """The balls of a radius in mm within groups of axes, from the last axis on.

    Axes at right angles to all others are groups of their own: squares of distances add up over groups, so that a pass over each
    group by itself finds distances in space.
    """
    groups = _groups(grid, axes)
    return [ball(grid, radius, group) for group in sorted(groups, key=max, reverse=True)]


def ball(grid: Grid, radius: float, axes: Sequence[int]) -> Offsets:
    """Steps along some axes of the array that are no longer than a radius in mm, and no longer than the image."""
    steps = np.zeros((1, 3), np.int64)
    if axes:
        columns = grid.affine[:3, list(axes)]
        limit = radius * (1 + ROUNDING)
        widest = limit * np.sqrt(np.diag(np.linalg.inv(columns.T @ columns)))
        most = [min(int(w), grid.shape[axis] - 1) for w, axis in zip(widest, axes, strict=True)]
        within = np.array(list(product(*(range(-n, n + 1) for n in most))), np.int64)
        lengths = np.linalg.norm(within @ columns.T, axis=1)
        within = within[np.argsort(lengths, kind="stable")]
        within = within[: int((lengths <= limit).sum())]
        steps = np.zeros((len(within), 3), np.int64)
        steps[:, list(axes)] = within
    return Offsets(steps, np.square(steps @ grid.affine[:3, :3].T).sum(axis=1))


def reach_mm(grid: Grid, radius: float, axes: Sequence[int]) -> tuple[float, float, float]:
    """Distance in mm along each axis of the array (z, y, x) that a ball of a radius extends, in steps of that axis."""
    found = [0.0, 0.0, 0.0]
    for group in _groups(grid, axes):
        columns = grid.affine[:3, list(group)]
        widest = radius * np.sqrt(np.diag(np.linalg.inv(columns.T @ columns)))
        for w, axis in zip(widest, group, strict=True):
            found[axis] = float(w * grid.spacing[axis])
    return found[0], found[1], found[2]


def _groups(grid: Grid, axes: Sequence[int]) -> list[tuple[int, ...]]:
    """Axes, together where they are not at right angles."""
    directions = grid.affine[:3, :3] / np.linalg.norm(grid.affine[:3, :3], axis=0)
    groups: list[tuple[int, ...]] = []
    for axis in axes:
        joined = [g for g in groups if any(abs(directions[:, axis] @ directions[:, other]) > ORTHOGONAL for other in g)]
        groups = [g for g in groups if g not in joined] + [tuple(sorted({axis, *(a for g in joined for a in g)}))]
    return groups
