"""Interpolation between painted slices, by shape."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.components import Box
from napari_hounsfield.errors import LabelError, ParameterError
from napari_hounsfield.grid import PLANES, Grid
from napari_hounsfield.operation import Progress, operation, part
from napari_hounsfield.parallel import in_threads
from napari_hounsfield.volume import LabelMap

from .params import ClassesParams
from .shapes import Between, between
from .writing import Rules, edited_boxes, one_of

CLEAR = 0.5
"""Slices were painted along an axis if they fill at most this part of what they fill along any other."""


class InterpolateParams(ClassesParams):
    """Between which slices."""

    plane: Literal["auto", "axial", "coronal", "sagittal"] = "auto"
    """The planes that were painted; auto: those with gaps between them."""


@dataclass(frozen=True, eq=False)
class _Gap:
    """Empty slices of a class between two painted ones."""

    value: int
    first: int
    second: int
    corner: tuple[int, int]
    """Where the shapes' pictures begin in a slice."""
    parts: list[Between]


@operation("interpolate", InterpolateParams)
def interpolate(labels: LabelMap, params: InterpolateParams) -> Generator[Progress, None, LabelMap]:
    """Fill the slices between painted ones, class by class, by shape.

    Between each two neighbouring slices of a class, the outline goes over from one to the other by its signed distance; parts
    that overlap belong together and move with their common centre, so that they may fork and merge, and a part without a
    counterpart ends halfway. Where shapes of several classes meet, the one whose outline is further away has the voxel. Painted
    voxels of edited classes stay.

    Parameters
    ----------
    labels
        (z, y, x) with at least two painted slices of a class; 0 is background.
    params
        Classes and plane.

    Returns
    -------
    LabelMap
        On the same grid, with the same classes and type of numbers.

    Raises
    ------
    LabelError
        If a class is named that is locked or is not there, or no class has two painted slices with a gap between them.
    ParameterError
        If there are gaps along several axes, so that the plane must be chosen.
    """
    boxes = yield from part(edited_boxes(labels, params), 0, 0.1)
    painted: dict[int, list[list[int]]] = {}
    for done, (value, box) in enumerate(boxes.items()):
        painted[value] = [_painted(labels.array, value, box, axis) for axis in range(3)]
        yield Progress(0.1 + 0.1 * (done + 1) / len(boxes), "painted slices")
    axis = _axis(labels, painted, params.plane)
    source = np.moveaxis(labels.array, axis, 0)
    array = labels.array.copy()
    target = np.moveaxis(array, axis, 0)
    spacing = [step for i, step in enumerate(labels.spacing) if i != axis]
    ends = [
        (value, first, second)
        for value in boxes
        for first, second in zip(painted[value][axis], painted[value][axis][1:], strict=False)
        if second - first > 1
    ]
    gaps = []
    for done, gap in enumerate(in_threads(partial(_gap, source, *each, spacing) for each in ends)):
        gaps.append(gap)
        yield Progress(0.2 + 0.4 * (done + 1) / len(ends), "shapes")
    rules = Rules.of(params, boxes)
    empty = sorted({z for gap in gaps for z in range(gap.first + 1, gap.second)})
    for done, _ in enumerate(in_threads(partial(_fill, source, target, z, gaps, rules) for z in empty)):
        yield Progress(0.6 + 0.4 * (done + 1) / len(empty), "interpolate")
    return replace(labels, array=array)


def _painted(array: NDArray[np.integer], value: int, box: Box, axis: int) -> list[int]:
    """Indices along an axis where a class has voxels."""
    view = np.moveaxis(array[box], axis, 0)
    return [box[axis].start + i for i, plane in enumerate(view) if (plane == value).any()]


def _axis(labels: LabelMap, painted: dict[int, list[list[int]]], plane: str) -> int:
    """The axis across the painted slices."""
    grid: Grid = labels.grid
    names = {grid.axis_across(name): name for name in PLANES}
    filled = {
        axis: min(shares)
        for axis in range(3)
        if (shares := [share for slices in painted.values() if (share := _filled(slices[axis])) < 1])
    }
    if plane != "auto":
        filled = {axis: share for axis, share in filled.items() if names[axis] == plane}
    if not filled:
        where = "" if plane == "auto" else f" {plane}"
        raise LabelError(f"{labels.name or 'labels'}: paint at least two{where} slices of a class, with a gap between them")
    best, *rest = sorted(filled, key=lambda axis: filled[axis])
    if rest and filled[best] > CLEAR * filled[rest[0]]:
        named = " and ".join(names[axis] for axis in sorted(filled))
        raise ParameterError(
            f"{labels.name or 'labels'}: there are gaps between {named} slices; choose the plane that was painted"
        )
    return best


def _filled(slices: list[int]) -> float:
    """Which part of the slices from the first to the last of a class is painted."""
    return len(slices) / (slices[-1] - slices[0] + 1) if slices else 1.0


def _gap(source: NDArray[np.integer], value: int, first: int, second: int, spacing: list[float]) -> _Gap:
    """The shapes at the ends of a gap."""
    masks = source[first] == value, source[second] == value
    both = masks[0] | masks[1]
    rows, columns = np.flatnonzero(both.any(axis=1)), np.flatnonzero(both.any(axis=0))
    inner = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    padded = [np.pad(mask[inner], 1) for mask in masks]
    return _Gap(value, first, second, (int(rows[0]) - 1, int(columns[0]) - 1), between(padded[0], padded[1], spacing))


def _fill(source: NDArray[np.integer], target: NDArray[np.integer], z: int, gaps: list[_Gap], rules: Rules) -> None:
    """Fill one slice, in place."""
    here = [gap for gap in gaps if gap.first < z < gap.second]
    plane = source[z]
    free = rules.may_change(plane) & ~one_of(plane, rules.edited)
    highest = np.zeros(plane.shape, np.float32)
    for gap in here:
        shape = gap.parts[0].first.shape
        levels = np.full(shape, -1, np.float32)
        for each in gap.parts:
            each.add_to(levels, (z - gap.first) / (gap.second - gap.first))
        y, x = gap.corner[0] + 1, gap.corner[1] + 1
        box = slice(y, y + shape[0] - 2), slice(x, x + shape[1] - 2)
        inner = levels[1:-1, 1:-1]
        higher = (inner > highest[box]) & free[box]
        np.copyto(highest[box], inner, where=higher)
        target[z][box][higher] = gap.value
