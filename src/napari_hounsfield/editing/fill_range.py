"""Giving the voxels of a range of values to a class: a threshold inside a region."""

from __future__ import annotations

import math
from collections.abc import Generator
from dataclasses import replace
from functools import partial, reduce
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator

from napari_hounsfield.boxes import around, boxes_of
from napari_hounsfield.components import Box, slabs
from napari_hounsfield.errors import ParameterError
from napari_hounsfield.grid import reordered
from napari_hounsfield.intensity import NO_LIMIT
from napari_hounsfield.operation import Progress, Whole, number, operation, part
from napari_hounsfield.parallel import in_threads
from napari_hounsfield.volume import LabelMap, Volume

from .params import EditParams, label_value, label_values
from .polygon import PolygonParams, polygon_box, polygon_mask
from .writing import Rules, one_of, require_class, write


class RangeParams(EditParams):
    """A range of values, and the class that gets them."""

    label: int = label_value()
    """The class that gets the voxels."""
    lower: float = number(-NO_LIMIT, -NO_LIMIT, NO_LIMIT)
    """Smallest value inside, in the unit of the image."""
    upper: float = number(NO_LIMIT, -NO_LIMIT, NO_LIMIT)
    """Largest value inside."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.lower > self.upper:
            raise ValueError(f"lower {self.lower:g} lies above upper {self.upper:g}")
        return self

    def require_limit(self) -> None:
        """Raise ParameterError if every value is in the range, so that all would be taken."""
        if self.lower <= -NO_LIMIT and self.upper >= NO_LIMIT:
            raise ParameterError("the range has no limits: give a lower value, an upper value, or both")


class FillRangeParams(RangeParams, PolygonParams):
    """A range of values, and where it is looked for."""

    inside: Whole = label_values("everywhere")
    """Labels within which voxels are looked for; they give their voxels away unless they are locked. Empty: everywhere."""


@operation("fill_range", FillRangeParams)
def fill_range(volume: Volume, labels: LabelMap, params: FillRangeParams) -> Generator[Progress, None, LabelMap]:
    """Give the voxels of a range of values, both ends included, to a class: everywhere, inside other classes, or in a polygon.

    Parameters
    ----------
    volume
        One scalar image on the lattice of the labels; flipped or permuted storage is matched by geometry.
    labels
        (z, y, x); 0 is background.
    params
        Range, class and region. Without points there is no polygon; its slices hold nevertheless.

    Returns
    -------
    LabelMap
        On the grid of the labels, with the same classes and type of numbers. Padding of the image is in no range.

    Raises
    ------
    GridError
        If image and labels lie on different grids.
    IntensityError
        If the scanned field of the image holds NaN.
    LabelError
        If the class is locked.
    ParameterError
        If the range has no limit, or the polygon has one or two points.
    """
    params.require_limit()
    require_class(labels, params.label, params)
    values, valid = image_on(labels, volume)
    grid, axis = labels.grid, labels.grid.axis_across(params.plane)
    array = labels.array.copy()
    whole = [n for i, n in enumerate(grid.shape) if i != axis]
    span, mask = polygon_mask(params, grid) if params.points else ((slice(0, whole[0]), slice(0, whole[1])), np.ones(whole, bool))
    box = polygon_box(span, params.slices(grid), axis)
    outline = np.broadcast_to(np.expand_dims(mask, axis), [s.stop - s.start for s in box])
    if params.inside:  # looking at the region's box alone saves most of the work
        boxes = yield from part(boxes_of(labels.array, sorted(set(params.inside))), 0, 0.2)
        if not boxes:
            return labels
        cut = _common(box, reduce(around, boxes.values()))
        outline = outline[tuple(slice(c.start - s.start, c.stop - s.start) for c, s in zip(cut, box, strict=True))]
        box = cut
    rules = Rules.of(params, {params.label, *params.inside})
    before, after, some = labels.array[box], array[box], values[box]
    known = None if valid is None else valid[box]

    def work(planes: slice) -> None:
        where = in_range(some[planes], params.lower, params.upper, None if known is None else known[planes])
        where &= outline[planes]
        if params.inside:
            where &= one_of(before[planes], params.inside)
        write(after[planes], where, params.label, rules)

    deep = slabs(before.shape)
    for planes, _ in zip(deep, in_threads(partial(work, planes) for planes in deep), strict=True):
        yield Progress(0.2 + 0.8 * planes.stop / len(before), "range")
    return replace(labels, array=array)


def _common(first: Box, second: Box) -> Box:
    """What two boxes have in common; nothing of the first where they are apart."""
    z, y, x = (
        slice(start := min(max(a.start, b.start), a.stop), max(start, min(a.stop, b.stop)))
        for a, b in zip(first, second, strict=True)
    )
    return z, y, x


def in_range(values: NDArray[Any], lower: float, upper: float, valid: NDArray[np.bool_] | None = None) -> NDArray[np.bool_]:
    """Where values lie in a range, both ends included, and were scanned: also what a brush that paints a range may paint."""
    if values.dtype.kind in "iu":  # compared as whole numbers, which is several times as fast
        limits = np.iinfo(values.dtype)
        if lower > limits.max or upper < limits.min:
            return np.zeros(values.shape, bool)
        lower, upper = max(math.ceil(lower), limits.min), min(math.floor(upper), limits.max)
    found: NDArray[np.bool_] = values >= lower
    found &= values <= upper
    if valid is not None:
        found &= valid
    return found


def image_on(labels: LabelMap, volume: Volume) -> tuple[NDArray[Any], NDArray[np.bool_] | None]:
    """Values and scanned field of an image in the axes and directions of labels.

    Raises
    ------
    GridError
        If they lie on different grids.
    IntensityError
        If this is not one scalar image, or its scanned field holds NaN.
    """
    volume.require_scalar()
    name = volume.name or "image"
    values = reordered(volume.array, volume.grid, labels.grid, name)
    return values, None if volume.valid is None else reordered(volume.valid, volume.grid, labels.grid, name)
