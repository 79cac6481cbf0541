"""Polygons in a plane of voxels, through some slices."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from napari_hounsfield.components import Box
from napari_hounsfield.errors import ParameterError
from napari_hounsfield.grid import Grid
from napari_hounsfield.operation import Whole, number

from .params import MOST_COORDINATES, Plane, PointsParams

Span = tuple[slice, slice]
NO_SLICE = 100_000
"""Beyond the slices of any image."""


class PolygonParams(PointsParams):
    """Polygons, and how far they go through the slices."""

    corners: Whole = Field((), max_length=MOST_COORDINATES // 9, json_schema_extra={"low": 3, "high": MOST_COORDINATES // 3})
    """How many of the points each polygon has, one polygon after the other. Empty: all are of one polygon."""
    plane: Plane = "axial"
    """The plane of the polygons: they go straight through the slices of this plane."""
    first: int = number(0, 0, NO_SLICE)
    """The first slice that they go through, counted from 0."""
    last: int = number(-1, -1, NO_SLICE, lowest="the last")
    """The last slice that they go through, counted from 0. -1: the last of the image."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if 0 <= self.last < self.first:
            raise ValueError(f"the last slice {self.last} lies before the first, {self.first}")
        if self.corners and 3 * sum(self.corners) != len(self.points):
            raise ValueError(
                f"corners {', '.join(map(str, self.corners))} are not the {len(self.points) // 3} points that there are"
            )
        return self

    def slices(self, grid: Grid) -> slice:
        """The slices of an image that the polygons go through; none where the image does not reach so far."""
        count = grid.shape[grid.axis_across(self.plane)]
        stop = count if self.last < 0 else min(count, self.last + 1)
        return slice(min(self.first, stop), stop)

    def moved(self, start: tuple[int, int, int], grid: Grid) -> Self:
        """The same edit on a crop that begins at the voxel `start` (z, y, x) of the whole `grid`."""
        across = start[grid.axis_across(self.plane)]
        first, last = max(0, self.first - across), self.last
        if last >= 0:
            first, last = (first, last - across) if last >= across else (NO_SLICE, NO_SLICE)
        return super().moved(start, grid).model_copy(update={"first": first, "last": last})


def polygon_mask(params: PolygonParams, grid: Grid) -> tuple[Span, NDArray[np.bool_]]:
    """Which pixels of a plane lie in one of the polygons: a box in the plane that holds them, and the mask of the box.

    A pixel lies in a polygon where its centre does; a centre that lies exactly on the outline may fall to either side. Where
    an outline crosses itself, what it goes round twice is outside (the rule of even and odd).

    Raises
    ------
    ParameterError
        If there are fewer than three points.
    """
    from skimage.draw import polygon2mask

    axis = grid.axis_across(params.plane)
    points = np.delete(params.indices(grid), axis, axis=1)
    if len(points) < 3:
        raise ParameterError(f"{len(points)} points make no polygon: at least 3 are needed")
    shape = [n for i, n in enumerate(grid.shape) if i != axis]
    low = [min(max(0, int(np.floor(v))), n) for v, n in zip(points.min(axis=0), shape, strict=True)]
    high = [max(min(n, int(np.ceil(v)) + 1), start) for v, n, start in zip(points.max(axis=0), shape, low, strict=True)]
    size = high[0] - low[0], high[1] - low[1]
    mask = np.zeros(size, bool)
    for outline in np.split(points - low, np.cumsum(params.corners)[:-1]) if params.corners else [points - low]:
        mask |= polygon2mask(size, outline)  # type: ignore[no-untyped-call]
    return (slice(low[0], high[0]), slice(low[1], high[1])), mask


def polygon_box(span: Span, slices: slice, axis: int) -> Box:
    """The box (z, y, x) of a polygon through some slices along an axis of the array."""
    parts = [*span]
    parts.insert(axis, slices)
    z, y, x = parts
    return z, y, x
