"""Objects of one class: which connected part of the prediction belongs to which of the reference."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.components import connected, slabs
from napari_hounsfield.operation import Progress, part

from .counts import Pairs, joint_counts

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
    first, found = yield from part(connected(prediction), 0, 0.4)
    second, there = yield from part(connected(reference), 0.4, 0.8)
    together = yield from part(joint_counts(first, second), 0.8, 0.85)
    ours, theirs = _Parts(first, _sizes(together, 0, found)), _Parts(second, _sizes(together, 1, there))
    pairs = _matched(together, ours, theirs, overlap)
    listed = yield from part(_listed(ours, theirs, pairs, affine), 0.85, 1)
    hits = len(pairs)
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


def _sizes(pairs: Pairs, side: int, count: int) -> NDArray[np.int64]:
    """Voxels of each part, by its number; of number 0, which is none, 0."""
    sizes = np.zeros(count + 1, np.int64)
    for key, voxels in pairs.items():
        sizes[key[side]] += voxels
    sizes[0] = 0
    return sizes


def _matched(together: Pairs, ours: _Parts, theirs: _Parts, overlap: float) -> dict[tuple[int, int], float]:
    """Dice of each pair of numbers, (prediction, reference), that belong to each other."""
    scores = [
        (shared / (int(ours.sizes[first]) + int(theirs.sizes[second]) - shared), first, second)
        for (first, second), shared in together.items()
        if first and second
    ]
    pairs: dict[tuple[int, int], float] = {}
    taken: tuple[set[int], set[int]] = set(), set()
    for score, first, second in sorted(scores, key=lambda s: (-s[0], s[1:])):
        if score >= overlap and first not in taken[0] and second not in taken[1]:
            pairs[first, second] = 2 * score / (1 + score)
            taken[0].add(first)
            taken[1].add(second)
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
    from .compiled import sum_positions

    chosen = sorted(wanted)
    places = np.full(len(parts.sizes), len(chosen))  # the last row takes all others
    places[chosen] = np.arange(len(chosen))
    sums = np.zeros((len(chosen) + 1, 3))
    for planes in slabs(parts.numbers.shape):
        sum_positions(parts.numbers[planes], planes.start, places, sums)
        yield Progress(planes.stop / len(parts.numbers))
    return {number: sums[i] / parts.sizes[number] for i, number in enumerate(chosen)}
