"""Objects of one class: which connected part of the prediction belongs to which of the reference."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.components import connected, slabs
from napari_hounsfield.operation import Progress, part

LISTED = 1000
"""Objects that are listed one by one, the largest first; all of them are counted."""


@dataclass(frozen=True, slots=True)
class ObjectFigures:
    """One connected object of the reference, of the prediction, or a pair of both."""

    kind: Literal["detected", "missed", "false positive"]
    volume_ml: float
    """Of the prediction's object; 0 where it was missed."""
    reference_volume_ml: float
    """Of the reference's object; 0 where it is a false positive."""
    dice: float
    centroid_mm: tuple[float, float, float]
    """Patient position (L, P, S), of the reference's object where there is one."""


@dataclass(frozen=True, eq=False)
class _Parts:
    """Connected parts of a mask."""

    numbers: NDArray[np.int32]
    sizes: NDArray[np.int64]
    """Voxels (n + 1,); of number 0, which is no part, none."""


def object_figures(
    prediction: NDArray[np.bool_], reference: NDArray[np.bool_], overlap: float, affine: NDArray[np.float64]
) -> Generator[Progress, None, dict[str, Any]]:
    """Match connected objects (by faces of voxels) one to one, and count the matched and the others.

    Pairs are matched by falling intersection over union, each object once, down to `overlap` (Maier-Hein 2024, Metrics reloaded:
    greedy by score).

    Parameters
    ----------
    prediction, reference
        Bool (z, y, x).
    overlap
        Least intersection over union of a pair; with 0 one voxel is enough.
    affine
        4x4, from index (z, y, x) to patient mm.

    Returns
    -------
    dict
        Values of `OBJECT_FIGURES` by name (rates None where there is no object), and `objects`.
    """
    ours = yield from part(_parts(prediction), 0, 0.35)
    theirs = yield from part(_parts(reference), 0.35, 0.7)
    pairs = yield from part(_pairs(ours, theirs, overlap), 0.7, 0.85)
    listed = yield from part(_listed(ours, theirs, pairs, affine), 0.85, 1)
    found, there, hits = len(ours.sizes) - 1, len(theirs.sizes) - 1, len(pairs)
    return {
        "predicted_objects": found,
        "reference_objects": there,
        "detected_objects": hits,
        "false_positive_objects": found - hits,
        "object_sensitivity": hits / there if there else None,
        "object_precision": hits / found if found else None,
        "object_dice": sum(pairs.values()) / hits if hits else None,
        "objects": listed,
    }


def _parts(mask: NDArray[np.bool_]) -> Generator[Progress, None, _Parts]:
    numbers, count = yield from part(connected(mask), 0, 0.8)
    sizes = np.zeros(count + 1, np.int64)
    for planes in slabs(mask.shape):
        sizes += np.bincount(numbers[planes].ravel(), minlength=count + 1)
        yield Progress(0.8 + 0.2 * planes.stop / len(mask))
    sizes[0] = 0
    return _Parts(numbers, sizes)


def _pairs(ours: _Parts, theirs: _Parts, overlap: float) -> Generator[Progress, None, dict[tuple[int, int], float]]:
    """Dice of each pair of numbers, (prediction, reference)."""
    keys, counts = np.empty(0, np.int64), np.empty(0, np.int64)
    many = len(theirs.sizes)
    for planes in slabs(ours.numbers.shape):
        both = (ours.numbers[planes] > 0) & (theirs.numbers[planes] > 0)
        slab, of_slab = np.unique(
            ours.numbers[planes][both].astype(np.int64) * many + theirs.numbers[planes][both], return_counts=True
        )
        keys, places = np.unique(np.concatenate((keys, slab)), return_inverse=True)
        counts = np.bincount(places, np.concatenate((counts, of_slab)), len(keys)).astype(np.int64)
        yield Progress(planes.stop / len(ours.numbers))
    first, second = np.divmod(keys, many)
    together = ours.sizes[first] + theirs.sizes[second]
    score = counts / (together - counts)
    pairs: dict[tuple[int, int], float] = {}
    taken: tuple[set[int], set[int]] = set(), set()
    for i in np.lexsort((second, first, -score)):
        here = int(first[i]), int(second[i])
        if score[i] < overlap or here[0] in taken[0] or here[1] in taken[1]:
            continue
        pairs[here] = float(2 * counts[i] / together[i])
        taken[0].add(here[0])
        taken[1].add(here[1])
    return pairs


def _listed(
    ours: _Parts, theirs: _Parts, pairs: dict[tuple[int, int], float], affine: NDArray[np.float64]
) -> Generator[Progress, None, tuple[ObjectFigures, ...]]:
    """The largest objects, each pair once."""
    partner = {second: first for first, second in pairs}
    alone = np.setdiff1d(np.arange(1, len(ours.sizes)), [first for first, _ in pairs])
    every = [(partner.get(number, 0), number) for number in _largest(theirs, np.arange(1, len(theirs.sizes)))]
    every += [(number, 0) for number in _largest(ours, alone)]
    every.sort(key=lambda pair: (-max(ours.sizes[pair[0]], theirs.sizes[pair[1]]), pair[1] == 0, pair))
    every = every[:LISTED]
    yield Progress(0)
    centres = []
    for side, parts in enumerate((ours, theirs)):
        wanted = {pair[side] for pair in every} - {0}
        centres.append((yield from part(_centres(parts, wanted), 0.5 * side, 0.5 * side + 0.5)))
    voxel = abs(float(np.linalg.det(affine[:3, :3]))) / 1000
    records = []
    for first, second in every:
        index = centres[1][second] if second else centres[0][first]
        left, back, up = (float(c) for c in affine[:3, :3] @ index + affine[:3, 3])
        records.append(
            ObjectFigures(
                kind="detected" if first and second else "missed" if second else "false positive",
                volume_ml=float(ours.sizes[first]) * voxel,
                reference_volume_ml=float(theirs.sizes[second]) * voxel,
                dice=pairs.get((first, second), 0.0),
                centroid_mm=(left, back, up),
            )
        )
    return tuple(records)


def _largest(parts: _Parts, numbers: NDArray[np.integer]) -> list[int]:
    order = np.argsort(-parts.sizes[numbers], kind="stable")[:LISTED]
    return [int(n) for n in numbers[order]]


def _centres(parts: _Parts, wanted: set[int]) -> Generator[Progress, None, dict[int, NDArray[np.float64]]]:
    """Mean index (z, y, x) of some parts."""
    place = np.zeros(len(parts.sizes), np.int64)
    chosen = sorted(wanted)
    place[chosen] = np.arange(1, len(chosen) + 1)
    sums = np.zeros((3, len(chosen) + 1))
    for planes in slabs(parts.numbers.shape):
        index = np.nonzero(parts.numbers[planes])
        number = place[parts.numbers[planes][index]]
        for axis, along in enumerate(index):
            sums[axis] += np.bincount(number, along + (planes.start if axis == 0 else 0), len(chosen) + 1)
        yield Progress(planes.stop / len(parts.numbers))
    return {number: sums[:, i] / parts.sizes[number] for i, number in enumerate(chosen, start=1)}
