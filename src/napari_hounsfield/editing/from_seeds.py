"""Growing all classes at once from seeds, up to the edges in the image."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.boxes import around, widened
from napari_hounsfield.components import slabs
from napari_hounsfield.errors import LabelError, ParameterError
from napari_hounsfield.operation import Progress, number, operation, part
from napari_hounsfield.volume import LabelMap, Volume, is_background

from .fill_range import image_on
from .gradient import gradient_length
from .params import ClassesParams
from .writing import Rules, edited_boxes

AT_ONCE = 500_000
"""Voxels of a flood between two reports of progress."""
MOST_VOXELS = 2**31 - 1
"""Voxels that a flood can number."""
STEEPEST = 99.5
"""Percentile of the gradient that counts as the steepest edge."""


class FromSeedsParams(ClassesParams):
    """How far seeds grow, and which edges hold them."""

    sigma: float = number(1.0, 0, 20, unit="mm")
    """Standard deviation of the Gaussian that smooths the image before its gradient is taken."""
    margin_mm: float = number(20.0, 0, 1000, unit="mm")
    """How far the classes may grow beyond the box of all seeds."""


@operation("from_seeds", FromSeedsParams)
def from_seeds(volume: Volume, labels: LabelMap, params: FromSeedsParams) -> Generator[Progress, None, LabelMap]:
    """Grow classes from seeds until they meet, at the edges in the image: a watershed of its gradient, from markers.

    The voxels of the classes are the seeds. The box around them, with a margin, is divided among them; what lies outside stays.
    A class named `background` holds the others back, and becomes 0 in the result. The classes grow through what may be
    overwritten only.

    Parameters
    ----------
    volume
        One scalar image on the lattice of the labels; flipped or permuted storage is matched by geometry.
    labels
        (z, y, x) with seeds of at least two classes.
    params
        Classes, smoothing and margin.

    Returns
    -------
    LabelMap
        On the grid of the labels, with the same classes and type of numbers.

    Raises
    ------
    GridError
        If image and labels lie on different grids.
    IntensityError
        If the scanned field of the image holds NaN.
    LabelError
        If a class is named that is locked or is not there, or there are no seeds of two classes.
    ParameterError
        If the box has too many voxels.

    References
    ----------
    F. Meyer, Topographic distance and watershed lines, Signal Processing 38 (1994).
    """
    from .compiled_flood import LEVELS, watershed

    values, valid = image_on(labels, volume)
    boxes = yield from part(edited_boxes(labels, params), 0, 0.05)
    if len(boxes) < 2:
        raise LabelError(f"{labels.name or 'labels'}: seeds of two classes are needed, one of which may be called background")
    beyond = [min(n, int(params.margin_mm / step)) for n, step in zip(labels.array.shape, labels.spacing, strict=True)]
    box = widened(reduce(around, boxes.values()), beyond, labels.array.shape)
    before = np.ascontiguousarray(labels.array[box])
    if before.size > MOST_VOXELS:
        raise ParameterError(f"the box around the seeds has {before.size} voxels; take a smaller margin")
    slope = yield from part(gradient_length(values, box, labels.grid, params.sigma), 0.05, 0.5)
    levels = _levels(slope, LEVELS)
    del slope
    yield Progress(0.55, "levels")
    rules = Rules.of(params, boxes)
    seeds = np.isin(before, list(boxes))
    markers = np.where(seeds, before, 0).astype(np.int32)
    free = rules.may_change(before)
    if valid is not None:
        free &= valid[box]
    following, queues = _queues(levels, seeds, LEVELS)
    state = np.zeros(2, np.int64)
    total = max(1, int(np.count_nonzero(free | seeds)))
    while state[0] < LEVELS:
        watershed(levels, markers, free.view(np.uint8), following, queues, state, AT_ONCE)
        yield Progress(0.6 + 0.35 * min(1.0, int(state[1]) / total), "flood")
    array = labels.array.copy()
    target = array[box]
    for value in boxes:
        if is_background(labels.class_name(value)):
            markers[markers == value] = -1
    for planes in slabs(markers.shape):
        np.copyto(target[planes], np.maximum(markers[planes], 0), where=markers[planes] != 0, casting="unsafe")
        yield Progress(0.95 + 0.05 * planes.stop / len(markers), "seeds")
    return replace(labels, array=array)


def _levels(slope: NDArray[np.float32], count: int) -> NDArray[np.uint8]:
    """The gradient in whole levels, up to the steepest edges."""
    sample = slope.ravel()[:: max(1, slope.size // 1_000_000)]
    steepest = float(np.percentile(sample, STEEPEST)) or float(slope.max()) or 1.0
    levels = np.empty(slope.shape, np.uint8)
    for planes in slabs(slope.shape):
        levels[planes] = np.minimum(slope[planes] * ((count - 1) / steepest), count - 1)
    return levels


def _queues(levels: NDArray[np.uint8], seeds: NDArray[np.bool_], count: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """The seeds in queues by their level, in the order of the array."""
    following = np.full(levels.size, -1, np.int32)
    queues = np.full((count, 2), -1, np.int32)
    places = np.flatnonzero(seeds).astype(np.int32)
    heights = levels.ravel()[places]
    order = places[np.argsort(heights, kind="stable")]
    heights = np.sort(heights, kind="stable")
    same = heights[1:] == heights[:-1]
    following[order[:-1][same]] = order[1:][same]
    starts = np.flatnonzero(np.concatenate(([True], ~same)))
    stops = np.flatnonzero(np.concatenate((~same, [True])))
    queues[heights[starts], 0] = order[starts]
    queues[heights[stops], 1] = order[stops]
    return following, queues
