"""Smoothing classes: by the majority in a ball, by a Gaussian, or by opening and closing."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from functools import partial, reduce
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.boxes import around, widened
from napari_hounsfield.components import Box, slabs
from napari_hounsfield.grid import Grid
from napari_hounsfield.operation import Progress, number, operation, part
from napari_hounsfield.parallel import in_threads
from napari_hounsfield.volume import LabelMap

from .distance import near_mask, nearest_label
from .metric import Offsets, across, passes, reach_mm
from .params import WithinParams
from .scores import CUT, Ball, Gaussian, surrounded
from .writing import Rules, edited_boxes

SLAB_VOXELS = 1_000_000
"""Voxels between two reports of progress."""
HALO_SHARE = 4
"""Planes of a slab for each plane that is looked at beside it, where that makes it larger."""
CLEARLY = 1e-4
"""Part of everything by which a class must fill more than the label that a voxel has: less is rounding."""


class SmoothParams(WithinParams):
    """How classes are smoothed."""

    method: Literal["median", "opening", "closing", "gaussian"] = "median"
    """median: what most of a ball is; opening: drop what no ball fits into; closing: fill where none fits; gaussian: blurred."""
    mm: float = number(2.0, 0, 50, unit="mm")
    """Radius of the ball, or standard deviation of the Gaussian."""


@operation("smooth", SmoothParams)
def smooth(labels: LabelMap, params: SmoothParams) -> Generator[Progress, None, LabelMap]:
    """Smooth classes, several together without gaps or overlap.

    `median` and `gaussian` give each voxel to the class, or to what is no edited class, that fills most of its surroundings;
    beyond the edge of the image, its last voxels go on. `opening` drops what no ball of the radius within the class reaches: a
    voxel that is dropped goes to what lies nearest, be it another edited class or none. `closing` adds what no ball outside the
    class reaches; what several classes add goes to the nearest of them.

    Parameters
    ----------
    labels
        (z, y, x); 0 is background.
    params
        Classes, method and size.

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
    grid, axes = labels.grid, across(labels.grid, params.within)
    rounds = passes(grid, params.mm, axes) if params.mm else []
    if not boxes or not rounds or (params.method != "gaussian" and all(len(offsets.steps) == 1 for offsets in rounds)):
        return labels
    array = labels.array.copy()
    rules = Rules.of(params, boxes)
    if params.method == "opening":
        steps = _open(labels.array, array, boxes, rounds, params.mm)
    elif params.method == "closing":
        steps = _close(labels.array, array, boxes, rounds, params.mm, rules)
    else:
        kernel: Ball | Gaussian = (Ball if params.method == "median" else Gaussian).of(grid, params.mm, axes)
        steps = _vote(labels.array, array, boxes, kernel, rules)
    yield from part(steps, 0.2, 1)
    return replace(labels, array=array)


def smooth_reach(params: SmoothParams, grid: Grid) -> tuple[float, float, float]:
    """How far in mm along each axis a smoothing looks."""
    radii = {"median": 1.0, "gaussian": CUT, "opening": 3.0, "closing": 3.0}
    return reach_mm(grid, radii[params.method] * params.mm, across(grid, params.within))


def _vote(
    before: NDArray[np.integer], after: NDArray[np.integer], boxes: dict[int, Box], kernel: Ball | Gaussian, rules: Rules
) -> Generator[Progress, None, None]:
    """Give each voxel to what fills most of its surroundings, in place."""
    reach = kernel.reach
    whole = widened(reduce(around, boxes.values()), reach, before.shape)
    margin = kernel.total * CLEARLY

    def work(planes: slice) -> None:
        from .compiled import stand

        box = (slice(whole[0].start + planes.start, whole[0].start + planes.stop), whole[1], whole[2])
        source = surrounded(before, box, reach)
        present = [v for v, b in boxes.items() if b[0].start < box[0].stop + reach[0] and b[0].stop > box[0].start - reach[0]]
        inner = before[box]
        places = np.zeros(inner.shape, np.uint16)
        for place, value in enumerate(present, 1):
            places[inner == value] = place
        none = np.full(inner.shape, kernel.total, np.float32)
        own, best, winner = np.zeros_like(none), np.zeros_like(none), np.zeros_like(places)
        for place, value in enumerate(present, 1):
            stand(kernel.scores(source == value), place, places, own, none, best, winner, margin)
        np.copyto(own, none, where=places == 0)
        empty = none > best + margin
        winner[empty] = 0
        changes = np.flatnonzero(((best > own + margin) | (empty & (none > own + margin))) & (winner != places))
        values = np.array([0, *present], before.dtype)[winner.ravel()[changes]]
        allowed = rules.may_change(inner[np.unravel_index(changes, inner.shape)])
        after[box][np.unravel_index(changes[allowed], inner.shape)] = values[allowed]

    plane = (whole[1].stop - whole[1].start) * (whole[2].stop - whole[2].start)
    deep = slabs([s.stop - s.start for s in whole], max(SLAB_VOXELS, HALO_SHARE * reach[0] * plane))
    for planes, _ in zip(deep, in_threads(partial(work, planes) for planes in deep), strict=True):
        yield Progress(planes.stop / (whole[0].stop - whole[0].start), "smooth")


def _open(
    before: NDArray[np.integer], after: NDArray[np.integer], boxes: dict[int, Box], rounds: list[Offsets], radius: float
) -> Generator[Progress, None, None]:
    """Drop what no ball within a class reaches, in place."""
    share = 1 / (len(boxes) + 1)
    for done, (value, inner) in enumerate(boxes.items()):
        box = widened(inner, (1, 1, 1), before.shape)
        mask = before[box] == value
        outside = yield from part(near_mask(~mask, rounds, radius), done * share, (done + 0.5) * share)
        kept = yield from part(near_mask(~outside, rounds, radius), (done + 0.5) * share, (done + 1) * share)
        after[box][mask & ~kept] = 0
    if len(boxes) == 1:
        return
    whole = reduce(around, boxes.values())
    whole = widened(whole, [max(offsets.reach[axis] for offsets in rounds) for axis in range(3)], before.shape)
    source, target = before[whole], after[whole]
    dropped = source != target
    if not dropped.any():
        return
    # What is dropped is 0 for now, so what stays must not be: labels by their place, what is no edited class first.
    places = np.ones(source.shape, np.uint16)
    for place, value in enumerate(boxes, 2):
        places[target == value] = place
    places[dropped] = 0
    found = yield from part(nearest_label(places, range(1, len(boxes) + 2), rounds, radius), 1 - share, 1)
    values = np.array([0, 0, *boxes], before.dtype)
    target[dropped] = values[found[dropped]]


def _close(
    before: NDArray[np.integer],
    after: NDArray[np.integer],
    boxes: dict[int, Box],
    rounds: list[Offsets],
    radius: float,
    rules: Rules,
) -> Generator[Progress, None, None]:
    """Add what no ball outside a class reaches, in place."""
    reach = [max(offsets.reach[axis] for offsets in rounds) for axis in range(3)]
    share = 1 / (len(boxes) + 1)
    contested = np.zeros(before.shape, bool) if len(boxes) > 1 else None
    for done, (value, inner) in enumerate(boxes.items()):
        box = widened(inner, [n + 1 for n in reach], before.shape)
        source, target = before[box], after[box]
        grown = yield from part(near_mask(source == value, rounds, radius), done * share, (done + 0.5) * share)
        outside = yield from part(near_mask(~grown, rounds, radius), (done + 0.5) * share, (done + 1) * share)
        added = ~outside & (source != value) & rules.may_change(source) & ~np.isin(source, list(boxes))
        if contested is not None:
            contested[box] |= added & (target != source)
        target[added] = value
    if contested is None or not contested.any():
        return
    whole = widened(reduce(around, boxes.values()), reach, before.shape)
    found = yield from part(nearest_label(before[whole], list(boxes), rounds, radius), 1 - share, 1)
    where = contested[whole] & (found > 0)
    after[whole][where] = found[where]
