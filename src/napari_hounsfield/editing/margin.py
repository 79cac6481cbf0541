"""Growing and shrinking classes by a margin in millimetres."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.boxes import around, widened
from napari_hounsfield.components import Box
from napari_hounsfield.grid import Grid
from napari_hounsfield.operation import Progress, number, operation, part
from napari_hounsfield.volume import LabelMap

from .distance import Sites, near
from .metric import Offsets, across, passes, reach_mm
from .params import WithinParams
from .writing import Rules, edited_boxes


class MarginParams(WithinParams):
    """How far classes grow or shrink."""

    mm: float = number(2.0, -200, 200, unit="mm")
    """How far the classes grow; below 0: shrink."""


@operation("margin", MarginParams)
def margin(labels: LabelMap, params: MarginParams) -> Generator[Progress, None, LabelMap]:
    """Grow or shrink classes by a margin in mm.

    A class grows to all voxels whose centre is at most so far from the centre of one of its own, and shrinks from all that are at
    most so far from another label's; distances are exact, on anisotropic and sheared grids too. Classes that are edited together
    do not take voxels of one another: between them, a voxel goes to the nearest, and of equally near ones to the lowest label.
    The edge of the image is no surface: nothing shrinks from it.

    Parameters
    ----------
    labels
        (z, y, x); 0 is background.
    params
        Classes and margin.

    Returns
    -------
    LabelMap
        On the same grid, with the same classes and type of numbers.

    Raises
    ------
    LabelError
        If a class is named that is locked or is not there.
    """
    boxes = yield from part(edited_boxes(labels, params), 0, 0.2)
    grid, radius = labels.grid, abs(params.mm)
    rounds = passes(grid, radius, across(grid, params.within))
    if not boxes or all(len(offsets.steps) == 1 for offsets in rounds):
        return labels
    array = labels.array.copy()
    if params.mm > 0:
        yield from part(_grow(labels.array, array, boxes, rounds, radius, Rules.of(params, boxes)), 0.2, 1)
        return replace(labels, array=array)
    for done, (value, box) in enumerate(boxes.items()):
        start, stop = (0.2 + 0.8 * (done + k) / len(boxes) for k in (0, 1))
        yield from part(_shrink(labels.array, array, value, box, rounds, radius), start, stop)
    return replace(labels, array=array)


def margin_reach(params: MarginParams, grid: Grid) -> tuple[float, float, float]:
    """How far in mm along each axis a margin looks."""
    return reach_mm(grid, abs(params.mm), across(grid, params.within))


def _grow(
    before: NDArray[np.integer],
    after: NDArray[np.integer],
    boxes: dict[int, Box],
    rounds: list[Offsets],
    radius: float,
    rules: Rules,
) -> Generator[Progress, None, None]:
    """Give what is near to the nearest class, in place."""
    reach = [max(offsets.reach[axis] for offsets in rounds) for axis in range(3)]
    box = widened(reduce(around, boxes.values()), reach, before.shape)
    source, target = before[box], after[box]
    sites = Sites.of(list(boxes))
    for planes, keys in near(source.shape, sites, lambda some: sites.keys(source[some]), rounds, radius):
        gained = sites.found(keys) & (keys >= 1 << sites.bits) & rules.may_change(source[planes])
        target[planes][gained] = sites.labels(keys[gained])
        yield Progress(planes.stop / len(source), "margin")


def _shrink(
    before: NDArray[np.integer], after: NDArray[np.integer], value: int, box: Box, rounds: list[Offsets], radius: float
) -> Generator[Progress, None, None]:
    """Clear what of a class is near to another label, in place."""
    box = widened(box, (1, 1, 1), before.shape)
    source, target = before[box], after[box]
    sites = Sites.of([1])
    for planes, keys in near(
        source.shape, sites, lambda some: sites.keys((source[some] != value).view(np.uint8)), rounds, radius
    ):
        target[planes][(source[planes] == value) & sites.found(keys)] = 0
        yield Progress(planes.stop / len(source), "margin")
