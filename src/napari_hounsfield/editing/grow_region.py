"""Region growing from seeds, by the values of the image."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from functools import partial
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.boxes import widened
from napari_hounsfield.components import Box, bounding_box, slabs
from napari_hounsfield.errors import LabelError
from napari_hounsfield.operation import Progress, number, operation, part
from napari_hounsfield.parallel import in_threads
from napari_hounsfield.volume import LabelMap, Volume

from .fill_range import RangeParams, image_on, in_range
from .params import PointsParams
from .writing import Rules, require_class, write

AT_ONCE = 1_000_000
"""Voxels of a flood between two reports of progress."""


class GrowRegionParams(RangeParams, PointsParams):
    """Which values belong to the region; the points are its seeds."""

    method: Literal["threshold", "confidence"] = "threshold"
    """threshold: values in the range; confidence: values near the mean of the region so far, which replaces the range."""
    multiplier: float = number(2.5, 0, 100)
    """For confidence: how many standard deviations from the mean."""
    iterations: int = number(4, 0, 50)
    """For confidence: how often mean and deviation are taken again from the region."""
    around: int = number(1, 0, 20)
    """For confidence: voxels around each seed from which the first mean and deviation are taken."""
    maximum_mm: float = number(0, 0, 1000, unit="mm", lowest="no limit")
    """How far along each axis the region may go beyond the box of its seeds. 0: no limit."""


@operation("grow_region", GrowRegionParams)
def grow_region(volume: Volume, labels: LabelMap, params: GrowRegionParams) -> Generator[Progress, None, LabelMap]:
    """Grow a class from seeds into all that hangs together with them by faces of voxels and has the right values.

    Seeds are the points, or without points the voxels that the class has; they belong to the region whatever their value. The
    region goes through what the class may overwrite only. `confidence` takes mean and deviation from around the seeds, then from
    the region that was found, as often as it says (as ITK's ConfidenceConnected).

    Parameters
    ----------
    volume
        One scalar image on the lattice of the labels; flipped or permuted storage is matched by geometry.
    labels
        (z, y, x); 0 is background.
    params
        Seeds and values.

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
        If the class is locked, or there are no seeds.
    ParameterError
        If the range has no limit and is not taken from the seeds, or a point lies outside the image.
    """
    if params.method == "threshold":
        params.require_limit()
    require_class(labels, params.label, params)
    values, valid = image_on(labels, volume)
    seeds = params.voxels(labels.grid)
    inner = _box(seeds) if len(seeds) else bounding_box(labels.array, [params.label])
    if inner is None:
        raise LabelError(f"{labels.class_name(params.label)}: there are no seeds; give points or paint some voxels")
    most = max(labels.array.shape)
    beyond = [min(most, int(params.maximum_mm / step)) if params.maximum_mm else most for step in labels.spacing]
    box = widened(inner, beyond, labels.array.shape)
    rules = Rules.of(params, [params.label])
    region = _Region(labels.array[box], values[box], None if valid is None else valid[box], params.label, rules)
    places = region.start(seeds - [s.start for s in box])
    yield Progress(0.05, "seeds")
    if params.method == "threshold":
        found = yield from part(region.grown(places, params.lower, params.upper), 0.05, 0.95)
    else:
        rounds = params.iterations + 1
        chosen = region.around(places, params.around)
        for done in range(rounds):
            numbers = region.values[chosen].astype(np.float64)
            spread = params.multiplier * float(numbers.std(ddof=1)) if numbers.size > 1 else 0.0
            mean = float(numbers.mean())
            steps = region.grown(places, mean - spread, mean + spread)
            found = yield from part(steps, 0.05 + 0.9 * done / rounds, 0.05 + 0.9 * (done + 1) / rounds)
            chosen = found
    array = labels.array.copy()
    write(array[box], found, params.label, rules)
    return replace(labels, array=array)


class _Region:
    """A crop of the image in which a region grows."""

    def __init__(
        self, labels: NDArray[Any], values: NDArray[Any], valid: NDArray[np.bool_] | None, label: int, rules: Rules
    ) -> None:
        self.labels, self.values, self.valid, self.label, self.rules = labels, values, valid, label, rules

    def start(self, seeds: NDArray[np.intp]) -> NDArray[np.int64]:
        """Flat indices of the seeds; without points, of the voxels of the class."""
        if len(seeds):
            return np.unique(np.ravel_multi_index(tuple(seeds.T), self.labels.shape))
        return np.flatnonzero(self.labels == self.label)

    def around(self, places: NDArray[np.int64], width: int) -> NDArray[np.bool_]:
        """The scanned voxels of the cubes around the seeds."""
        chosen = np.zeros(self.labels.shape, bool)
        corners = np.stack(np.unravel_index(places, chosen.shape), axis=1)
        sides = np.stack(np.meshgrid(*[np.arange(-width, width + 1)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
        for side in sides:
            there = corners + side
            there = there[((there >= 0) & (there < chosen.shape)).all(axis=1)]
            chosen[tuple(there.T)] = True
        return chosen if self.valid is None else chosen & self.valid

    def grown(self, places: NDArray[np.int64], lower: float, upper: float) -> Generator[Progress, None, NDArray[np.bool_]]:
        """The region of a range of values around the seeds."""
        from .compiled_flood import OPEN, TAKEN, flood

        field = np.empty(self.labels.shape, np.uint8)

        def work(planes: slice) -> int:
            valid = None if self.valid is None else self.valid[planes]
            where = in_range(self.values[planes], lower, upper, valid) & self.rules.may_change(self.labels[planes])
            field[planes] = where * np.uint8(OPEN)
            return int(np.count_nonzero(where))

        deep = slabs(field.shape)
        open_voxels = 0
        for planes, count in zip(deep, in_threads(partial(work, planes) for planes in deep), strict=True):
            open_voxels += count
            yield Progress(0.4 * planes.stop / len(field), "range")
        field.ravel()[places] = TAKEN
        stack = np.empty(open_voxels + len(places), np.int64)
        stack[: len(places)] = places
        waiting, taken = len(places), 0
        while waiting:
            waiting = flood(field, stack, waiting, AT_ONCE)
            taken = min(taken + AT_ONCE, len(stack))
            yield Progress(0.4 + 0.6 * taken / len(stack), "grow")
        found: NDArray[np.bool_] = field == TAKEN
        return found


def _box(seeds: NDArray[np.intp]) -> Box:
    z, y, x = (slice(int(low), int(high) + 1) for low, high in zip(seeds.min(axis=0), seeds.max(axis=0), strict=True))
    return z, y, x
