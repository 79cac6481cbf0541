"""Clean-up of labels: drop what touches the border, keep the large parts, fill holes, class by class."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from .components import Box, bounding_box, connected, filled, slabs
from .operation import Params, Progress, number, operation, part
from .results import Segmentation
from .volume import LabelMap


class CleanParams(Params):
    """Clean-up of every class by itself."""

    drop_border: bool = True
    """Drop the parts that touch the edge of a slice, such as the air around the body."""
    minimum_share: float = number(0.1, 0, 1, lowest="any")
    """Keep the parts of at least this share of the largest part's volume: both lungs, not the trachea. 0: any."""
    keep: int = number(0, 0, 1000, lowest="all")
    """Keep at most this many of the largest parts. 0: no limit."""
    minimum_ml: float = number(0, 0, 100_000, unit="ml", lowest="any size")
    """Drop smaller parts."""
    fill_holes: Literal["volume", "slices", "none"] = "volume"
    """Fill what a class encloses, but no other class: in the volume, or in each slice (vessels that leave the lung)."""


@dataclass(frozen=True)
class _Kept:
    """A part with its holes: where it lies, and one voxel of it."""

    voxels: int
    label: int
    box: Box
    seed: tuple[int, ...]
    """Relative to the box."""


@operation("clean", CleanParams)
def clean(labels: LabelMap | Segmentation, params: CleanParams) -> Generator[Progress, None, LabelMap]:
    """Drop what touches the in-plane border, keep the large parts and fill holes, class by class.

    A part is what hangs together by the faces of voxels once its holes are filled, and is measured with its holes. A background
    voxel that several classes enclose goes to the one that encloses it most closely, and no class takes a voxel of another.
    Voxels that are dropped become 0. Cleaning twice changes nothing more.

    Parameters
    ----------
    labels
        (z, y, x); 0 is background.
    params
        What to drop, keep and fill.

    Returns
    -------
    LabelMap
        On the same grid, with the same classes and type of numbers.
    """
    labels = labels.labels if isinstance(labels, Segmentation) else labels
    array = labels.array.copy()
    values = [value for value in labels.values() if value != 0]
    kept: list[_Kept] = []
    for done, value in enumerate(values):
        name = labels.class_name(value)
        yield Progress(0.8 * done / len(values), name)
        steps = _drop(array, value, labels.grid.voxel_volume, params)
        kept += yield from part(steps, 0.8 * done / len(values), 0.8 * (done + 1) / len(values))
    for done, piece in enumerate(sorted(kept, key=lambda p: (p.voxels, p.label))):
        yield Progress(0.8 + 0.2 * done / len(kept), labels.class_name(piece.label))
        yield from part(_fill(array, piece, params.fill_holes), 0.8 + 0.2 * done / len(kept), 0.8 + 0.2 * (done + 1) / len(kept))
    return replace(labels, array=array)


def _drop(
    array: NDArray[np.integer], value: int, voxel_volume: float, params: CleanParams
) -> Generator[Progress, None, list[_Kept]]:
    """Set the dropped parts of a class to 0 in place; return the kept parts that have holes."""
    box = bounding_box(array, [value])
    if box is None:
        return []
    view = array[box]
    mask = view == value
    if params.drop_border:
        yield from part(_drop_border(mask, box, array.shape), 0, 0.4)
    solid = yield from part(filled(mask, params.fill_holes), 0.4, 0.6)
    parts, count = yield from part(connected(solid), 0.6, 0.9)
    voxels = np.zeros(count + 1, np.int64)
    own = np.zeros(count + 1, np.int64)
    for planes in slabs(mask.shape):
        voxels += np.bincount(parts[planes].ravel(), minlength=count + 1)
        own += np.bincount(parts[planes][mask[planes]], minlength=count + 1)
        yield Progress(0.9)
    chosen = _chosen(voxels, voxel_volume, params)
    for planes in slabs(mask.shape):
        some = view[planes]
        some[(some == value) & ~(mask[planes] & chosen[parts[planes]])] = 0
        yield Progress(0.95)
    with_holes = np.flatnonzero(chosen & (voxels > own))
    return (yield from part(_with_holes(parts, with_holes, voxels, value, box), 0.95, 1))


def _drop_border(mask: NDArray[np.bool_], box: Box, shape: tuple[int, ...]) -> Generator[Progress, None, None]:
    """Clear the parts of a mask, which lies in a box of an array, that touch the in-plane border of the array."""
    ends = [(axis, 0) for axis in (1, 2) if box[axis].start == 0]
    ends += [(axis, -1) for axis in (1, 2) if box[axis].stop == shape[axis]]
    if not ends:
        return
    parts, count = yield from connected(mask)
    inner = np.ones(count + 1, bool)
    for axis, end in ends:
        inner[parts.take(end, axis)] = False
    inner[0] = False
    for planes in slabs(mask.shape):
        mask[planes] = inner[parts[planes]]
        yield Progress(1.0)


def _chosen(voxels: NDArray[np.int64], voxel_volume: float, params: CleanParams) -> NDArray[np.bool_]:
    """Which parts are kept, by their voxels; part 0 is outside and never kept."""
    sizes = voxels.copy()
    sizes[0] = 0
    smallest = max(1.0, params.minimum_share * sizes.max(), 1000 * params.minimum_ml / voxel_volume)
    chosen: NDArray[np.bool_] = sizes >= smallest
    if params.keep:
        chosen[np.argsort(-sizes, kind="stable")[params.keep :]] = False
    return chosen


def _with_holes(
    parts: NDArray[np.int32], numbers: NDArray[np.intp], voxels: NDArray[np.int64], value: int, box: Box
) -> Generator[Progress, None, list[_Kept]]:
    """Describe the parts of these numbers; in `parts`, they are counted anew from 1, and all others become 0."""
    from scipy.ndimage import find_objects

    kept: list[_Kept] = []
    if not len(numbers):
        return kept
    new = np.zeros(len(voxels), np.int32)
    new[numbers] = np.arange(1, len(numbers) + 1)
    for planes in slabs(parts.shape):
        parts[planes] = new[parts[planes]]
        yield Progress(0.5)
    for number_, inner in zip(numbers, find_objects(parts), strict=True):
        yield Progress(0.5 + 0.5 * len(kept) / len(numbers))
        seed = np.unravel_index(int((parts[inner] == new[number_]).argmax()), parts[inner].shape)
        z, y, x = (slice(o.start + i.start, o.start + i.stop) for o, i in zip(box, inner, strict=True))
        kept.append(_Kept(int(voxels[number_]), value, (z, y, x), tuple(int(s) for s in seed)))
    return kept


def _fill(array: NDArray[np.integer], piece: _Kept, holes: str) -> Generator[Progress, None, None]:
    """Give the background inside a part to its class, in place."""
    view = array[piece.box]
    solid = yield from part(filled(view == piece.label, holes), 0, 0.5)
    parts, _ = yield from part(connected(solid), 0.5, 1)
    part_of_seed = parts[piece.seed]
    for planes in slabs(view.shape):
        some = view[planes]
        some[(parts[planes] == part_of_seed) & (some == 0)] = piece.label
        yield Progress(1.0)
