"""SUVpeak: the highest mean uptake in a sphere of 1 ml."""

from __future__ import annotations

from collections.abc import Generator
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.components import Box, slabs
from napari_hounsfield.operation import Progress

PEAK_RADIUS_MM = float((3 * 1000 / (4 * np.pi)) ** (1 / 3))
"""Of a sphere of 1 ml: 6.2 mm."""
SLAB = 500_000
"""Voxels worked on between two reports of progress."""

Runs = list[tuple[int, int, int, int]]


def peak(
    array: NDArray[Any], scanned: NDArray[np.bool_] | None, mask: NDArray[np.bool_], box: Box, axes: NDArray[np.float64]
) -> Generator[Progress, None, float | None]:
    """Greatest mean of an image in a sphere of 1 ml centred on a voxel of an object; None if the object is empty.

    As the global intensity peak of the Image Biomarker Standardisation Initiative (reference manual, 3.2.2) and SUVpeak of
    PERCIST (Wahl 2009): a voxel belongs to the sphere where its centre is no further than 6.2 mm from the sphere's, whether it
    belongs to the object or not. What lies outside the image or was not scanned is left out of the mean.

    Parameters
    ----------
    array
        Image (z, y, x).
    scanned
        Bool (z, y, x); None where all was.
    mask
        Bool, the object in `box`.
    box
        Slices (z, y, x) of the image.
    axes
        (3, 3): columns are the steps in mm along z, y and x.
    """
    from .compiled_shape import greatest_mean

    runs = sphere_runs(axes)
    table = np.array(runs)
    reach = [*(int(each) for each in abs(table[:, :2]).max(axis=0)), int(abs(table[:, 2:]).max())]
    best = -np.inf
    ranges = slabs(mask.shape, SLAB * 100 // max(100, len(runs)))
    for planes in ranges:
        inside = np.ascontiguousarray(mask[planes])
        if inside.any():
            start = (box[0].start + planes.start, box[1].start, box[2].start)
            sums, counts = _around(array, scanned, start, inside.shape, reach)
            best = max(best, greatest_mean(sums, counts, inside.view(np.uint8), table, np.array(reach)))
        yield Progress(planes.stop / len(mask))
    return best if np.isfinite(best) else None


def sphere_runs(axes: NDArray[np.float64]) -> Runs:
    """Voxels of the sphere as runs along x: dz, dy, first dx and last dx from the centre."""
    return _sphere_runs(tuple(map(tuple, axes.tolist())))


@lru_cache(8)
def _sphere_runs(rows: tuple[tuple[float, ...], ...]) -> Runs:
    axes: NDArray[np.float64] = np.array(rows)
    # The most steps along an axis that a sphere reaches is its radius times the length of the reciprocal axis.
    z, y, x = (int(n) for n in np.floor(PEAK_RADIUS_MM * np.linalg.norm(np.linalg.inv(axes), axis=1) + 1e-6))
    steps = np.stack(np.meshgrid(*(np.arange(-n, n + 1) for n in (z, y, x)), indexing="ij"), axis=-1)
    inside = np.linalg.norm(steps @ axes.T, axis=-1) <= PEAK_RADIUS_MM * (1 + 1e-9)
    runs = []
    for i, j in np.argwhere(inside.any(axis=2)):
        along = np.flatnonzero(inside[i, j])
        runs.append((int(i) - z, int(j) - y, int(along[0]) - x, int(along[-1]) - x))
    return runs


def _around(
    array: NDArray[Any], scanned: NDArray[np.bool_] | None, start: tuple[int, ...], shape: tuple[int, ...], reach: list[int]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Sums along x, up to before each voxel, of the image and of ones, in a box and as far around it as the sphere reaches."""
    outer = tuple(n + 2 * r for n, r in zip(shape, reach, strict=True))
    wanted = [(s - r, s - r + n) for s, r, n in zip(start, reach, outer, strict=True)]
    there = tuple(slice(max(a, 0), min(b, n)) for (a, b), n in zip(wanted, array.shape, strict=True))
    place = tuple(slice(t.start - a, t.stop - a) for t, (a, _) in zip(there, wanted, strict=True))
    known = np.zeros(outer, bool)
    known[place] = True if scanned is None else scanned[there]
    values = np.zeros(outer)
    values[place] = array[there]
    values[~known] = 0
    edge = ((0, 0), (0, 0), (1, 0))
    return np.pad(values.cumsum(axis=2), edge), np.pad(known.cumsum(axis=2), edge)
