"""Islands: the connected parts of classes, kept, removed or made classes of their own."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from itertools import count
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.components import Box, connected, slabs
from napari_hounsfield.errors import LabelError
from napari_hounsfield.operation import Progress, number, operation, part
from napari_hounsfield.volume import LabelMap

from .params import ClassesParams, PointsParams
from .writing import edited_boxes

MOST_NEW = 1000
"""Classes that one split may make."""


class IslandsParams(ClassesParams, PointsParams):
    """Which islands stay, and whether they become classes."""

    keep: int = number(0, 0, 1000, lowest="all")
    """Keep at most this many of the largest islands of each class. 0: no limit."""
    minimum_ml: float = number(0, 0, 100_000, unit="ml", lowest="any size")
    """Remove smaller islands."""
    at_points: Literal["keep", "remove"] = "keep"
    """What becomes of the islands that hold one of the points: keep only them, or remove them. Without points, nothing."""
    split: bool = False
    """Make each further island a class of its own, named after its class; the largest stays as it is."""


@operation("islands", IslandsParams)
def islands(labels: LabelMap, params: IslandsParams) -> Generator[Progress, None, LabelMap]:
    """Keep, remove or split the islands of classes.

    An island is what hangs together by the faces of voxels. Islands are counted by size, the largest first. What is removed
    becomes background. A class none of whose islands holds one of the points stays as if there were no points.

    Parameters
    ----------
    labels
        (z, y, x); 0 is background.
    params
        Which islands.

    Returns
    -------
    LabelMap
        On the same grid; with `split`, with a class more for each further island (`lung 2`, `lung 3`, ...), and of a wider
        type of numbers where the new labels need it.

    Raises
    ------
    LabelError
        If a class is named that is locked or is not there, or a split would make more than 1000 classes.
    ParameterError
        If a point lies outside the image.
    """
    points = params.voxels(labels.grid)
    boxes = yield from part(edited_boxes(labels, params), 0, 0.1)
    array, classes = labels.array.copy(), dict(labels.classes)
    for done, (value, box) in enumerate(boxes.items()):
        start, stop = (0.1 + 0.9 * (done + k) / len(boxes) for k in (0, 1))
        array = yield from part(_class(labels, array, value, box, points, params, classes), start, stop)
    return replace(labels, array=array, classes=classes)


def _class(
    labels: LabelMap,
    array: NDArray[np.integer],
    value: int,
    box: Box,
    points: NDArray[np.intp],
    params: IslandsParams,
    classes: dict[int, str],
) -> Generator[Progress, None, NDArray[np.integer]]:
    """Edit the islands of one class; returns the array, which is another one where its type had to become wider."""
    parts, many = yield from part(connected(labels.array[box] == value), 0, 0.7)
    sizes = np.zeros(many + 1, np.int64)
    for planes in slabs(parts.shape):
        sizes += np.bincount(parts[planes].ravel(), minlength=many + 1)
        yield Progress(0.7 + 0.2 * planes.stop / len(parts), "islands")
    kept = _kept(sizes, _at(points, parts, box), labels.grid.voxel_volume, params)
    new = np.where(kept, value, 0)
    if params.split:
        order = np.flatnonzero(kept)
        order = order[np.argsort(-sizes[order], kind="stable")][1:]
        numbers = _free(len(order), array, classes, labels.class_name(value))
        taken = set(classes.values())
        new[order] = numbers
        classes.setdefault(value, labels.class_name(value))
        names = (name for i in count(2) if (name := f"{classes[value]} {i}") not in taken)
        classes |= dict(zip(numbers, names, strict=False))
        widest = np.promote_types(array.dtype, np.min_scalar_type(int(new.max())))
        array = array.astype(widest, copy=False)
    if (new[1:] == value).all():
        return array
    new = new.astype(array.dtype)
    view = array[box]
    for planes in slabs(parts.shape):
        np.copyto(view[planes], new[parts[planes]], where=parts[planes] > 0)
        yield Progress(0.9 + 0.1 * planes.stop / len(parts), "islands")
    return array


def _at(points: NDArray[np.intp], parts: NDArray[np.int32], box: Box) -> NDArray[np.int32]:
    """The islands that hold a point."""
    inner = points - [s.start for s in box]
    inner = inner[((inner >= 0) & (inner < parts.shape)).all(axis=1)]
    found = np.unique(parts[tuple(inner.T)])
    return found[found > 0]


def _kept(
    sizes: NDArray[np.int64], at_points: NDArray[np.int32], voxel_volume: float, params: IslandsParams
) -> NDArray[np.bool_]:
    """Which islands stay, by their number; 0 is no island."""
    kept: NDArray[np.bool_] = sizes * voxel_volume / 1000 >= params.minimum_ml * (1 - 1e-9)
    if len(at_points):
        held = np.zeros(len(sizes), bool)
        held[at_points] = True
        kept &= held if params.at_points == "keep" else ~held
    kept[0] = False
    if params.keep:
        order = np.argsort(np.where(kept, -sizes, 1), kind="stable")
        kept[order[params.keep :]] = False
    return kept


def _free(many: int, array: NDArray[np.integer], classes: dict[int, str], name: str) -> list[int]:
    """Labels for new classes: above all that there are."""
    if many > MOST_NEW:
        raise LabelError(f"{name}: {many + 1} islands are too many for classes of their own; remove small ones first")
    highest = max(int(array.max()), max(classes, default=0))
    return list(range(highest + 1, highest + 1 + many))
