"""Strokes as a user would paint them, drawn from a reference by a seeded rule.

A stroke is a short curve of the brush in one slice, inside its class. Strokes are spread over the class, and most begin
near its border, where a user sees that it matters. Few slices are painted and few voxels: what somebody can paint in a minute.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.errors import LabelError
from napari_hounsfield.operation import Params, number
from napari_hounsfield.volume import LabelMap

Mask = NDArray[np.bool_]


class StrokeParams(Params):
    """How much is painted, and where."""

    slices: int = number(3, 1, 100)
    """Number of slices that are painted on."""
    voxels: int = number(300, 2, 1_000_000)
    """Painted voxels at most, all classes together, shared evenly."""
    length: int = number(8, 1, 1000)
    """Length of one stroke in voxels."""
    width: int = number(1, 1, 9)
    """Width of the brush in voxels."""
    margin: int = number(0, 0, 100)
    """Voxels kept from the border of the class, where the class is wide enough."""
    along: float = number(0.8, 0.0, 1.0)
    """Part of the strokes that begin within three voxels of that margin, where a user sees that it matters."""
    seed: int = number(0, 0, 2**31 - 1)
    """Same seed, same strokes."""


def draw_strokes(reference: LabelMap, params: StrokeParams | None = None) -> LabelMap:
    """Draw strokes from a reference.

    Parameters
    ----------
    reference
        Classes to paint, by positive values; 0 is painted only if `reference.classes` names it (a background), and then as a new
        value after the others, because 0 means unlabelled in strokes.
    params
        Numbers of slices and voxels, brush and seed.

    Returns
    -------
    LabelMap
        uint8 or uint16 strokes, 0 where nothing is painted, with the reference's class names.

    Raises
    ------
    LabelError
        If the reference holds no class, or fewer voxels may be painted than there are classes.
    """
    params = params or StrokeParams()
    classes = {v: reference.class_name(v) for v in reference.values() if v or 0 in reference.classes}
    painted_as = {v: v or max(classes) + 1 for v in classes}
    if not any(classes):
        raise LabelError(f"{reference.name or 'reference'}: holds no class to draw strokes from")
    share = params.voxels // len(classes)
    if not share:
        raise LabelError(f"{params.voxels} voxels are too few for strokes of {len(classes)} classes")
    random = np.random.default_rng(params.seed)
    strokes = np.zeros(reference.array.shape, np.uint8 if max(painted_as.values()) < 256 else np.uint16)
    chosen = _slices(reference, sorted(classes), params.slices, random)
    for value in classes:
        present = [z for z in chosen if (reference.array[z] == value).any()]
        random.shuffle(present)
        left = share
        for number_left, z in zip(range(len(present), 0, -1), present, strict=True):
            inside = (reference.array[z] == value) & (strokes[z] == 0)
            painted = _paint(inside, -(-left // number_left), params, random)
            strokes[z][painted] = painted_as[value]
            left -= int(painted.sum())
    names = {painted_as[v]: name for v, name in classes.items()}
    return LabelMap(strokes, reference.affine, names, frame_of_reference=reference.frame_of_reference, name="strokes")


def _slices(reference: LabelMap, values: Sequence[int], count: int, random: np.random.Generator) -> list[int]:
    """One slice of each of `count` equal parts of the length that the classes cover: the one that shows them best.

    A class counts less once it was shown. A little chance decides between slices that are nearly as good, so that seeds differ.
    """
    area = np.stack([(reference.array == value).sum(axis=(1, 2)) for value in values], axis=1).astype(float)
    area = np.sqrt(area / np.maximum(area.max(axis=0), 1))  # part of the class's largest cross-section
    covered = np.flatnonzero(area[:, [v > 0 for v in values]].any(axis=1))
    worth = area * random.uniform(0.7, 1.0, (len(area), 1))
    chosen: list[int] = []
    shown = np.zeros(len(values))
    for part in np.array_split(covered, min(count, len(covered))):
        best = int(part[(worth[part] / (1 + shown)).sum(axis=1).argmax()])
        shown += area[best]
        chosen.append(best)
    return sorted(chosen)


def _paint(inside: Mask, count: int, params: StrokeParams, random: np.random.Generator) -> Mask:
    """Paint strokes of at most `count` voxels in one slice (y, x)."""
    from scipy.ndimage import distance_transform_edt

    depth = distance_transform_edt(np.pad(inside, 1, mode="edge"))[1:-1, 1:-1]  # the edge of the image is no border
    margin = min(params.margin + 1.0, max(1.0, 0.5 * float(depth.max(initial=0.0))))
    allowed = depth >= margin
    near = allowed & (depth <= margin + 2)
    painted = np.zeros_like(inside)
    while (room := count - int(painted.sum())) > 0:
        free = np.argwhere((near if random.random() < params.along else allowed) & ~painted)
        if not len(free):
            break
        _stroke(painted, allowed, _far_from(painted, free, random), room, params, random)
    return painted


def _far_from(painted: Mask, free: NDArray[np.intp], random: np.random.Generator) -> NDArray[np.intp]:
    """Of a few places drawn by chance, the one farthest from what is painted."""
    drawn = free[random.integers(len(free), size=8)]
    there = np.argwhere(painted)
    if not len(there):
        there = drawn[:1]
    distance = ((drawn[:, None] - there[None]) ** 2).sum(axis=-1).min(axis=1)
    farthest: NDArray[np.intp] = drawn[int(distance.argmax())]
    return farthest


def _stroke(
    painted: Mask,
    allowed: Mask,
    start: NDArray[np.intp],
    room: int,
    params: StrokeParams,
    random: np.random.Generator,
) -> None:
    """Move the brush from `start` along a gently turning line; it turns harder where the class ends."""
    position = start.astype(float)
    heading = random.uniform(0, 2 * np.pi)
    reach = np.arange(params.width) - (params.width - 1) // 2
    brush = np.stack(np.meshgrid(reach, reach, indexing="ij"), axis=-1).reshape(-1, 2)
    for _ in range(params.length):
        for y, x in np.rint(position).astype(int) + brush:
            if 0 <= y < allowed.shape[0] and 0 <= x < allowed.shape[1] and allowed[y, x] and not painted[y, x] and room > 0:
                painted[y, x] = True
                room -= 1
        for turn in (random.normal(0, 0.25), 0.8, -0.8, 1.6, -1.6, np.pi):
            ahead = position + np.array([np.sin(heading + turn), np.cos(heading + turn)])
            y, x = np.rint(ahead).astype(int)
            if 0 <= y < allowed.shape[0] and 0 <= x < allowed.shape[1] and allowed[y, x]:
                position, heading = ahead, heading + turn
                break
        else:
            return
