"""Strokes as the smallest thing that is held back: a connected part of one class in one plane, which stays whole.

The plane is that of a slice, or a coronal or sagittal one, if it was painted there: what lies in one line of a slice, and goes on
in the same line of the next, is one stroke. Where such strokes of a class cross each other, they are taken slice by slice.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray


def stroke_numbers(painted: NDArray[np.integer]) -> NDArray[np.int32]:
    """Number of the stroke that each painted voxel belongs to, from 1; 0 is unpainted.

    Parameters
    ----------
    painted
        (z, y, x) labels, 0 unlabelled. Voxels of a class that touch by an edge or a corner in a plane are one stroke.
    """
    slices = np.flatnonzero(painted.any(axis=(1, 2)))  # of a large volume few are painted on
    found = {int(z): parts_of_slice(painted[z]) for z in slices}
    strokes = strokes_of_parts({z: boxes for z, (_, boxes) in found.items()})
    numbers = np.zeros(painted.shape, np.int32)
    for z, (parts, _) in found.items():
        numbers[z][painted[z] > 0] = strokes[z][parts]
    return numbers


def parts_of_slice(plane: NDArray[np.integer]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Connected parts of each class in one slice.

    Parameters
    ----------
    plane
        (y, x) labels, 0 unlabelled.

    Returns
    -------
    Number (n,) of the part, from 0, of each painted voxel in the order of the array; and of every part (parts, 5) the class, and
    first and last (without it) row and column.
    """
    from scipy.ndimage import find_objects, label

    rows, columns = np.flatnonzero(plane.any(axis=1)), np.flatnonzero(plane.any(axis=0))
    if not len(rows):
        return np.empty(0, np.int32), np.empty((0, 5), np.int64)
    top, left = int(rows[0]), int(columns[0])
    box = plane[top : rows[-1] + 1, left : columns[-1] + 1]  # what is painted is small
    numbers = np.zeros(box.shape, np.int32)
    boxes: list[tuple[int, ...]] = []
    for value in np.unique(box[box > 0]):
        of_class = box == value
        found, _ = label(of_class, np.ones((3, 3)))
        numbers[of_class] = found[of_class] + (len(boxes) - 1)
        boxes += [(int(value), top + y.start, top + y.stop, left + x.start, left + x.stop) for y, x in find_objects(found)]
    return numbers[box > 0], np.array(boxes, np.int64)


def strokes_of_parts(parts: Mapping[int, NDArray[np.int64]]) -> dict[int, NDArray[np.int32]]:
    """Number of the stroke, from 1, of every part of every slice.

    Parameters
    ----------
    parts
        By slice (z), the parts as `parts_of_slice` gives them.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    if not parts:
        return {}
    slices = np.repeat(list(parts), [len(boxes) for boxes in parts.values()]).astype(np.int64)
    boxes = np.concatenate(list(parts.values()))
    order = np.argsort(boxes[:, 0], kind="stable")
    nodes = np.column_stack([slices, boxes])[order].tolist()
    links = [*_links(nodes, 2, 4), *_links(nodes, 4, 2)]
    one, other = np.array(links, np.int64).reshape(-1, 2).T
    joined = coo_array((np.ones(len(links), bool), (one, other)), shape=(len(nodes), len(nodes)))
    numbers = np.empty(len(nodes), np.int32)
    numbers[order] = connected_components(joined, directed=False)[1] + 1
    ends = np.cumsum([len(boxes) for boxes in parts.values()], dtype=np.int64)
    return dict(zip(parts, np.split(numbers, ends[:-1]), strict=True))


def _links(nodes: list[list[int]], line: int, along: int) -> list[tuple[int, int]]:
    """Parts that lie in one line of their slice, and touch one in the same line of the next slice."""
    lines: dict[tuple[int, int, int], list[int]] = {}
    for number, node in enumerate(nodes):
        if node[line + 1] - node[line] == 1:
            lines.setdefault((node[0], node[1], node[line]), []).append(number)
    return [
        (one, other)
        for (z, value, place), some in lines.items()
        for other in lines.get((z + 1, value, place), ())
        for one in some
        if nodes[one][along] <= nodes[other][along + 1] and nodes[other][along] <= nodes[one][along + 1]
    ]


def hold_back(
    values: NDArray[np.integer], strokes: NDArray[np.integer], share: float, random: np.random.Generator
) -> NDArray[np.bool_]:
    """Choose samples to hold back, whole strokes each.

    Parameters
    ----------
    values
        Class (n,) of each sample, in any numbers.
    strokes
        Number (n,) of the stroke that it belongs to.
    share
        Part of each class's samples to hold back, reached with whole strokes, at least one of them; a class of one stroke
        gives its last part.

    Returns
    -------
    bool (n,); of every class some samples are left.
    """
    held = np.zeros(len(values), bool)
    for value in np.unique(values):
        places = np.flatnonzero(values == value)
        numbers, stroke_of = np.unique(strokes[places], return_inverse=True)
        wanted = int(share * len(places))
        if len(numbers) == 1:
            held[places[len(places) - wanted :]] = True
            continue
        sizes = np.bincount(stroke_of)
        chosen: list[int] = []
        for stroke in random.permutation(np.arange(len(numbers))):
            if sizes[stroke] <= wanted:
                chosen.append(int(stroke))
                wanted -= int(sizes[stroke])
        if share and not chosen:
            chosen = [int(sizes.argmin())]
        held[places[np.isin(stroke_of, chosen)]] = True
    return held


def whole_folds(
    values: NDArray[np.integer], wholes: NDArray[np.integer], count: int, random: np.random.Generator
) -> NDArray[np.intp]:
    """Fold (n,) of each sample: whole strokes or slices, shared out so that folds are about as large in every class.

    Parameters
    ----------
    values
        Class (n,) of each sample.
    wholes
        Number (n,) of the stroke, or slice, that is never divided.

    Returns
    -------
    Of a class that one whole holds alone, -1: without it, nothing would be left to learn that class from.
    """
    _, class_of = np.unique(values, return_inverse=True)
    _, whole_of = np.unique(wholes, return_inverse=True)
    sizes = np.zeros((whole_of.max(initial=-1) + 1, class_of.max(initial=-1) + 1))
    np.add.at(sizes, (whole_of, class_of), 1)
    lonely = (sizes > 0).sum(axis=0) == 1
    shares = sizes / np.maximum(sizes.sum(axis=0), 1)
    order = random.permutation(len(sizes))
    fold_of, filled = np.empty(len(sizes), np.intp), np.zeros((count, sizes.shape[1]))
    for whole in order[np.argsort(-shares[order].max(axis=1), kind="stable")]:
        # The fold that is left with the least of the classes that this one holds.
        fold = int(((filled + shares[whole]) @ shares[whole]).argmin())
        fold_of[whole] = fold
        filled[fold] += shares[whole]
    folds = fold_of[whole_of]
    folds[lonely[class_of]] = -1
    for number in range(count):  # a class that lies in one fold alone, as its slices may, is judged in none
        for value in range(sizes.shape[1]):
            of_class = class_of == value
            if not (of_class & (folds != number)).any():
                folds[of_class] = -1
    return folds
