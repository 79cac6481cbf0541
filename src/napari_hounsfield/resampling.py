"""A volume on another grid, by linear interpolation."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from .components import slabs
from .errors import GridError
from .grid import Affine, Grid, reordered, same_lattice
from .operation import Progress
from .volume import Volume

STEP_VOXELS = 1 << 19
"""Voxels between two reports of progress: some 30 ms."""
STRAIGHT = 1e-4
"""Axes run along each other where no voxel is off by more than this part of a voxel."""


def resampled(volume: Volume, grid: Grid) -> Generator[Progress, None, Volume]:
    """Resample a volume onto a grid, linearly.

    A voxel reaches half its size beyond its centre, so at the border the outermost value holds that far. What lies farther out,
    and what padding has a share in, is not valid. On the same lattice, flipped or permuted, values stay as they are. Nothing is
    smoothed before, so what is finer than the grid is sampled.

    Parameters
    ----------
    volume
        One scalar image; its affine may be oblique or sheared.
    grid
        Where the values are wanted, likewise.

    Returns
    -------
    Volume
        On the grid, in float32 unless nothing had to be interpolated.

    Raises
    ------
    IntensityError
        If this is no scalar image, or the scanned field holds NaN.
    GridError
        If nothing that was scanned lies within the grid.
    """
    volume.require_scalar()
    placed: dict[str, Any] = {"affine": grid.affine, "frame_of_reference": grid.frame_of_reference, "source": None}
    if same_lattice(volume.grid, grid):
        valid = None if volume.valid is None else reordered(volume.valid, volume.grid, grid)
        yield Progress(1.0, "resampling")
        return replace(volume, array=reordered(volume.array, volume.grid, grid), valid=valid, **placed)
    step = _straightened(np.linalg.inv(volume.affine) @ grid.affine, grid.shape)
    values, lowest = _without_padding(volume)
    array, valid = np.empty(grid.shape, np.float32), np.empty(grid.shape, bool)
    for planes in slabs(grid.shape, STEP_VOXELS):
        _interpolate(values, step, planes.start, array[planes])
        inside = _inside(volume.grid.shape, step, planes, grid.shape)
        if volume.valid is not None and inside.any():
            share = np.empty(inside.shape, np.float32)
            _interpolate(volume.valid.view(np.uint8), step, planes.start, share)
            inside &= share > 0.999
        array[planes][~inside] = lowest
        valid[planes] = inside
        yield Progress(planes.stop / grid.shape[0], "resampling")
    if not valid.any():
        raise GridError(f"{volume.name or 'image'}: nothing of it lies within {grid}")
    return replace(volume, array=array, valid=None if valid.all() else valid, **placed)


def _straightened(step: Affine, shape: tuple[int, int, int]) -> Affine:
    """From an index of the grid to one of the volume; what rounding has bent is straight again, and quicker."""
    straight = np.array(step)
    straight[:3, :3] = np.diag(np.diag(step[:3, :3]))
    return straight if np.abs(straight - step)[:3, :3] @ np.array(shape) @ np.ones(3) < STRAIGHT else step


def _without_padding(volume: Volume) -> tuple[NDArray[Any], float]:
    """Values with the smallest scanned one in the padding, which may hold anything, and that value."""
    if volume.valid is None:
        return volume.array, float(volume.array.min())
    if not volume.valid.any():
        raise GridError(f"{volume.name or 'image'}: every voxel is padding")
    lowest = min(plane[inside].min() for plane, inside in zip(volume.array, volume.valid, strict=True) if inside.any())
    return np.where(volume.valid, volume.array, lowest), float(lowest)


def _interpolate(values: NDArray[Any], step: Affine, first: int, out: NDArray[np.float32]) -> None:
    """Write values (z, y, x) at the planes of the grid from `first` on into `out`."""
    matrix, offset = step[:3, :3], step[:3, 3] + step[:3, 0] * first
    if np.array_equal(matrix, np.diag(np.diag(matrix))):
        _interpolate_straight(values, np.diag(matrix), offset, out)
        return
    from scipy.ndimage import affine_transform

    affine_transform(values, matrix, offset, out.shape, output=out, order=1, mode="nearest", prefilter=False)


def _interpolate_straight(
    values: NDArray[Any], factors: NDArray[np.float64], offset: NDArray[np.float64], out: NDArray[np.float32]
) -> None:
    """The same where the axes run along each other: axis by axis, which is five times quicker."""
    along = zip(factors, offset, out.shape, values.shape, strict=True)
    z, y, x = (_Between.of(factor * np.arange(n) + start, size) for factor, start, n, size in along)
    near: dict[int, NDArray[np.float32]] = {}
    for row, (below, above, share) in enumerate(zip(z.below, z.above, z.share, strict=True)):
        near = {i: near[i] if i in near else x.mixed(y.mixed(values[i].astype(np.float32), 0), 1) for i in {below, above}}
        np.subtract(near[above], near[below], out=out[row])
        out[row] *= share
        out[row] += near[below]


class _Between(NamedTuple):
    """Between which two voxels places along an axis lie, and what share the second has."""

    below: NDArray[np.intp]
    above: NDArray[np.intp]
    share: NDArray[np.float32]

    @classmethod
    def of(cls, places: NDArray[np.float64], size: int) -> Self:
        """Of places in voxels; beyond the ends the outermost voxel."""
        places = np.clip(places, 0, size - 1)
        below = places.astype(np.intp)
        return cls(below, np.minimum(below + 1, size - 1), (places - below).astype(np.float32))

    def mixed(self, plane: NDArray[np.float32], axis: int) -> NDArray[np.float32]:
        """A plane (y, x) interpolated along an axis."""
        low = plane.take(self.below, axis)
        mixed = plane.take(self.above, axis)
        mixed -= low
        mixed *= self.share[:, np.newaxis] if axis == 0 else self.share
        mixed += low
        return mixed


def _inside(size: tuple[int, int, int], step: Affine, planes: slice, shape: tuple[int, int, int]) -> NDArray[np.bool_]:
    """Which voxels of some planes of the grid lie within the voxels of the volume."""
    ramps = np.ogrid[planes.start : planes.stop, : shape[1], : shape[2]]
    inside = np.ones((planes.stop - planes.start, *shape[1:]), bool)
    for axis, count in enumerate(size):
        place = step[axis, 3] + sum(factor * ramp for factor, ramp in zip(step[axis, :3], ramps, strict=True) if factor)
        inside &= (place >= -0.5 - STRAIGHT) & (place <= count - 0.5 + STRAIGHT)
    return inside
