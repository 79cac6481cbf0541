"""Soft-edged shapes on a voxel canvas: the brushes that the phantom is painted with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

Field = NDArray[Any]
"""A number a voxel, broadcastable to (z, y, x)."""


class Canvas:
    """Values (HU) and labels being painted, with the position of every voxel in mm.

    Parameters
    ----------
    shape
        Voxels (z, y, x).
    spacing
        Voxel size (z, y, x) in mm; x and y are centred, z begins at half a slice.
    """

    def __init__(self, shape: tuple[int, int, int], spacing: tuple[float, float, float]) -> None:
        self.shape, self.spacing = shape, spacing
        steps = [np.arange(n, dtype=np.float32) for n in shape]
        self.z = ((steps[0] + 0.5) * spacing[0])[:, None, None]
        self.y = ((steps[1] + 0.5 - shape[1] / 2) * spacing[1])[None, :, None]
        self.x = ((steps[2] + 0.5 - shape[2] / 2) * spacing[2])[None, None, :]
        self.values = np.full(shape, -1000.0, np.float32)
        self.labels = np.ones(shape, np.uint8)

    def coverage(self, depth: Field) -> Field:
        """Part of each voxel (0 to 1) inside a shape, from the depth in mm below its surface."""
        part: Field = np.clip(depth / np.float32(self.spacing[1]) + 0.5, 0, 1)
        return part

    def paint(self, depth: Field, value: float | Field, label: int, window: tuple[slice, ...] = ()) -> None:
        """Paint where `depth` (mm below the surface; negative outside) is positive; `window` limits it to a part."""
        inside = self.coverage(depth)
        values = self.values[window]
        values += inside * (value - values)
        self.labels[window][np.broadcast_to(inside > 0.5, values.shape)] = label

    def ellipsoid(self, centre: Sequence[float], radii: Sequence[float]) -> Field:
        """Depth (first order) below an ellipsoid's surface; centre and radii are (L, P, S), a radius of 0 means endless."""
        axes = zip((self.x, self.y, self.z), centre, radii, strict=True)
        scaled = [((axis - c) / r, r) for axis, c, r in axes if r]
        level = np.sqrt(sum(s**2 for s, _ in scaled)) + np.float32(1e-6)
        slope = np.sqrt(sum((s / r) ** 2 for s, r in scaled)) / level + np.float32(1e-6)
        depth: Field = ((1 - level) / slope).astype(np.float32)
        return depth

    def tube(
        self, start: NDArray[np.float64], stop: NDArray[np.float64], radii: tuple[float, float]
    ) -> tuple[Field, tuple[slice, ...]]:
        """Depth below the surface of a tapering tube between two points (L, P, S), and the part of the canvas it lies in."""
        reach = max(radii) + 2 * self.spacing[1]
        window = []
        for axis, (first, last) in zip((self.z, self.y, self.x), reversed(list(zip(start, stop, strict=True))), strict=True):
            line = axis.ravel()
            window.append(slice(*np.searchsorted(line, (min(first, last) - reach, max(first, last) + reach))))
        z, y, x = self.z[window[0]], self.y[:, window[1]], self.x[:, :, window[2]]
        along = stop - start
        position = ((x - start[0]) * along[0] + (y - start[1]) * along[1] + (z - start[2]) * along[2]) / max(along @ along, 1e-6)
        position = np.clip(position, 0, 1).astype(np.float32)
        distance = np.sqrt(
            (x - start[0] - position * along[0]) ** 2
            + (y - start[1] - position * along[1]) ** 2
            + (z - start[2] - position * along[2]) ** 2
        )
        return (radii[0] + (radii[1] - radii[0]) * position - distance).astype(np.float32), tuple(window)

    def paint_path(self, points: Iterable[Sequence[float]], radius: float, value: float, label: int) -> None:
        """Paint a tube of one radius along a chain of points (L, P, S)."""
        chain = [np.asarray(p, float) for p in points]
        for start, stop in pairwise(chain):
            depth, window = self.tube(start, stop, (radius, radius))
            self.paint(depth, value, label, window)


def smooth_random(shape: tuple[int, int, int], spacing: Sequence[float], length: float, random: np.random.Generator) -> Field:
    """Smooth random field of mean 0 and standard deviation about 1 that varies over `length` mm."""
    from scipy.ndimage import zoom

    coarse = [max(2, round(n * s / length) + 1) for n, s in zip(shape, spacing, strict=True)]
    values = random.standard_normal(coarse).astype(np.float32)
    field: Field = zoom(values, [n / c for n, c in zip(shape, coarse, strict=True)], order=1, grid_mode=True, mode="nearest")
    return field * np.float32(1.6)
