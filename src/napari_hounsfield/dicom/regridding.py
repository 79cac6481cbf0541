"""Planes that are uneven or tilted, resampled to an even and upright grid."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.errors import DicomError
from napari_hounsfield.grid import Grid
from napari_hounsfield.operation import Progress

from .geometry import Points, spanned, unit_directions

SNAP = 5e-4
"""Planes within this many mm of a target plane, or of whole pixels beside it, lie there: nothing is interpolated."""
MOST_TIMES = 20
"""A grid of more than so many times the voxels of the planes comes of positions that cannot be."""

Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Regridding:
    """From planes where they lie to a grid."""

    positions: Points = field(repr=False)
    """Image Position (Patient) of each plane, ascending along the normal, (n, 3) in mm."""
    target: Grid
    """Same orientation and in-plane spacing as the planes; its planes are even, and right above each other."""


def upright(
    positions: Points, axes: Points, spacing: tuple[float, float, float], shape: tuple[int, int, int], frame: str
) -> Regridding:
    """Regridding of even planes that a gantry tilt has sheared: as many planes, right above each other.

    Pixels stay where they are in the first plane; the grid is wider by as many whole pixels as every plane needs.

    Parameters
    ----------
    positions
        Image Position (Patient) of each plane, ascending along the normal, (n, 3) in mm.
    axes
        Unit vectors (normal, down a column, along a row), (3, 3), one a row, as from `unit_directions`.
    spacing
        Of the planes along (z, y, x) in mm; z counts only for a single plane.
    shape
        Planes, rows and columns.
    frame
        Frame of Reference UID, or empty.

    Raises
    ------
    DicomError
        With the reason only, if positions do not ascend or would need a grid more than 20 times as large as the planes.
    """
    return _onto(len(positions), positions, axes, spacing, shape, frame)


def evened(
    positions: Points, axes: Points, spacing: tuple[float, float, float], shape: tuple[int, int, int], frame: str
) -> Regridding:
    """Regridding of planes that are unevenly spaced along the normal, and perhaps sheared: even, and right above each other.

    The grid goes from the first plane to the last. Its spacing is the lower quartile of the gaps between planes, so that the
    finer of two blocks keeps its resolution whatever single planes are missing or doubled, changed by as little as makes the
    last plane one of the grid.

    Parameters and errors are those of `upright`.
    """
    heights = np.asarray(positions, dtype=float) @ axes[0]
    count = len(heights)
    if count > 2:
        gap = float(np.quantile(np.diff(heights), 0.25, method="lower"))
        if not gap > 0:
            raise DicomError("positions do not ascend along the slice normal")
        count = 1 + max(1, round(min(float(heights[-1] - heights[0]) / gap, 1e9)))
    return _onto(count, positions, axes, spacing, shape, frame)


def _onto(
    count: int, positions: Points, axes: Points, spacing: tuple[float, float, float], shape: tuple[int, int, int], frame: str
) -> Regridding:
    """Onto `count` planes between the first and the last."""
    positions = np.asarray(positions, dtype=float)
    normal, column, row = axes
    if not (np.diff(positions @ normal) > 0).all():
        raise DicomError("positions do not ascend along the slice normal")
    _, down, along = spacing
    off = positions - positions[0]
    before, after = [], []
    for place in (_snapped(off @ column, down), _snapped(off @ row, along)):
        before.append(int(np.floor(place.min())))
        after.append(int(np.ceil(place.max())))
    rows, columns = shape[1] + after[0] - before[0], shape[2] + after[1] - before[1]
    if count * rows * columns > MOST_TIMES * len(positions) * shape[1] * shape[2]:
        raise DicomError(f"an even and upright grid of the planes would be more than {MOST_TIMES} times as large as they are")
    first = positions[0] + before[0] * down * column + before[1] * along * row
    last = first + (off[-1] @ normal) * normal
    return Regridding(positions, Grid((count, rows, columns), spanned(first, last, count - 1, axes, spacing), frame))


def _snapped(offsets: Points, pixel: float) -> Points:
    """Offsets (n,) in mm as offsets in pixels, whole where they are as good as whole."""
    places = offsets / pixel
    whole = np.rint(places)
    return np.where(np.abs(places - whole) * pixel <= SNAP, whole, places)


def regridded(
    array: NDArray[Any], valid: Mask | None, regridding: Regridding, grid: Grid
) -> Generator[Progress, None, tuple[NDArray[Any], Mask | None]]:
    """Resample planes to the target of a regridding, linearly: within each plane, and between the two planes beside a target.

    Parameters
    ----------
    array
        Values with axes (z, y, x) or (t, z, y, x), the planes along z at the positions of the regridding.
    valid
        Bool (z, y, x): where `array` was measured; None where everywhere.
    regridding
        Where the planes lie and where they go.
    grid
        Of the planes as they are stored: their orientation and pixel size.

    Returns
    -------
    tuple
        Values of the type of `array` where that is of integers (rounded), float32 otherwise; and where they were measured, bool
        (z, y, x) or None. What no plane covers is not, and has the smallest value of `array`; nor is what a voxel that was not
        measured contributes to.
    """
    target = regridding.target
    whole = array.dtype.kind in "iu"
    working = np.dtype(np.float64 if whole and array.dtype.itemsize > 2 else np.float32)
    frames = array if array.ndim == 4 else array[np.newaxis]
    source = _Planes(regridding, grid)
    result = np.full((len(frames), *target.shape), _smallest(frames), array.dtype if whole else np.float32)
    measured = np.zeros(target.shape, bool)
    total = len(frames) * target.shape[0]
    for t, planes in enumerate(frames):
        near: dict[int, _Placed] = {}
        for k in range(target.shape[0]):
            below, above, part = source.beside(k)
            near = {i: near.get(i) or source.placed(i, planes, valid, working) for i in {below, above}}
            rows, columns, values, known = _between(near[below], near[above], part)
            result[t, k, rows, columns] = np.rint(values) if whole and values.dtype.kind == "f" else values
            if t == 0:
                measured[k, rows, columns] = True if known is None else known
            yield Progress((t * target.shape[0] + k + 1) / total, f"resampling, plane {k + 1} of {target.shape[0]}")
    return result.reshape(*array.shape[:-3], *target.shape), None if measured.all() else measured


def _smallest(frames: NDArray[Any]) -> float | int:
    """Smallest value that is a number, plane by plane so that no copy of all is made; 0 if there is none."""
    if frames.dtype.kind in "iu":
        return int(frames.min())
    smallest = min(float(plane.min(where=np.isfinite(plane), initial=np.inf)) for planes in frames for plane in planes)
    return smallest if np.isfinite(smallest) else 0.0


@dataclass(frozen=True, eq=False)
class _Placed:
    """One plane on the pixels of the target: the rectangle of them that it covers."""

    top: int
    left: int
    values: NDArray[Any]
    known: Mask | None
    """Where every pixel that contributes was measured; None: everywhere."""

    def part(self, rows: slice, columns: slice) -> tuple[NDArray[Any], Mask | None]:
        """Values and mask at some of the target's pixels."""
        here = (slice(rows.start - self.top, rows.stop - self.top), slice(columns.start - self.left, columns.stop - self.left))
        return self.values[here], None if self.known is None else self.known[here]


class _Planes:
    """Where source planes lie on the target grid."""

    def __init__(self, regridding: Regridding, grid: Grid) -> None:
        _, down, along = grid.spacing
        axes = unit_directions(np.concatenate([grid.affine[:3, 2], grid.affine[:3, 1]]))
        off = regridding.positions - regridding.target.affine[:3, 3]
        height, y, x = axes @ off.T
        self._heights = height
        self._tops = _snapped(y, down)
        self._lefts = _snapped(x, along)
        self._step = float(axes[0] @ regridding.target.affine[:3, 0])

    def beside(self, k: int) -> tuple[int, int, float]:
        """The source planes below and above target plane `k`, and what part of the way from one to the other it lies."""
        height = k * self._step
        nearest = int(np.abs(self._heights - height).argmin())
        if abs(self._heights[nearest] - height) <= SNAP or not self._heights[0] < height < self._heights[-1]:
            return nearest, nearest, 0.0
        above = int(np.searchsorted(self._heights, height))
        low, high = self._heights[above - 1], self._heights[above]
        return above - 1, above, float((height - low) / (high - low))

    def placed(self, i: int, planes: NDArray[Any], valid: Mask | None, working: np.dtype[Any]) -> _Placed:
        """Source plane `i` moved within its plane to the pixels of the target."""
        top, left = (int(np.ceil(place[i])) for place in (self._tops, self._lefts))
        fractions = (top - float(self._tops[i]), left - float(self._lefts[i]))
        values, known = planes[i], None if valid is None or valid[i].all() else valid[i]
        if any(fractions):
            values = values.astype(working)
        for axis, fraction in enumerate(fractions):
            if fraction:
                here, next_ = _neighbours(values, axis)
                values = _mixed(here, next_, fraction)
                if known is not None:
                    here, next_ = _neighbours(known, axis)
                    known = here & next_
        return _Placed(top, left, values, known)


def _neighbours(plane: NDArray[Any], axis: int) -> tuple[NDArray[Any], NDArray[Any]]:
    return (plane[:-1], plane[1:]) if axis == 0 else (plane[:, :-1], plane[:, 1:])


def _mixed(one: NDArray[Any], other: NDArray[Any], part: float) -> NDArray[Any]:
    """Between floating-point values, `part` of the way from one to the other; of two equal ones exactly that."""
    with np.errstate(invalid="ignore"):  # infinite values
        mixed: NDArray[Any] = other - one
        mixed *= part
        mixed += one
    return mixed


def _between(below: _Placed, above: _Placed, part: float) -> tuple[slice, slice, NDArray[Any], Mask | None]:
    """The target's rows and columns that both planes cover, their mixture there, and where both were measured."""
    if below is above:
        height, width = below.values.shape
        return slice(below.top, below.top + height), slice(below.left, below.left + width), below.values, below.known
    rows = _shared(below.top, below.values.shape[0], above.top, above.values.shape[0])
    columns = _shared(below.left, below.values.shape[1], above.left, above.values.shape[1])
    one, known = below.part(rows, columns)
    other, also = above.part(rows, columns)
    working = np.promote_types(one.dtype, other.dtype)
    if working.kind != "f":
        working = np.dtype(np.float64 if working.itemsize > 2 else np.float32)
    both = known if also is None else also if known is None else known & also
    return rows, columns, _mixed(one.astype(working, copy=False), other.astype(working, copy=False), part), both


def _shared(start: int, length: int, other: int, other_length: int) -> slice:
    begin = max(start, other)
    return slice(begin, max(begin, min(start + length, other + other_length)))
