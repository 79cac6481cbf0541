"""Strokes as the smallest thing that is held back: a stroke is a connected part of one class in one slice, and stays whole."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def stroke_numbers(painted: NDArray[np.integer]) -> NDArray[np.int32]:
    """Number of the stroke that each painted voxel belongs to, from 1; 0 is unpainted.

    Parameters
    ----------
    painted
        (z, y, x) labels, 0 unlabelled. Voxels of a class that touch by an edge or a corner in a slice are one stroke.
    """
    from scipy.ndimage import label

    in_slice = np.zeros((3, 3, 3), bool)
    in_slice[1] = True
    numbers = np.zeros(painted.shape, np.int32)
    slices = np.flatnonzero(painted.any(axis=(1, 2)))  # of a large volume few are painted on
    part, found = painted[slices], np.zeros((len(slices), *painted.shape[1:]), np.int32)
    before = 0
    for value in np.unique(part[part > 0]):
        strokes, count = label(part == value, in_slice)
        np.add(strokes, before, out=found, where=strokes > 0, casting="unsafe")
        before += count
    numbers[slices] = found
    return numbers


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
            if sizes[stroke] <= wanted - sizes[chosen].sum():
                chosen.append(int(stroke))
        if share and not chosen:
            chosen = [int(sizes.argmin())]
        held[places[np.isin(stroke_of, chosen)]] = True
    return held


def stroke_folds(
    values: NDArray[np.integer], strokes: NDArray[np.integer], count: int, random: np.random.Generator
) -> NDArray[np.intp]:
    """Fold (n,) of each sample: whole strokes, each class's shared out so that folds are about as large.

    A class of one stroke is in no fold (-1): without it, nothing would be left to learn it from.
    """
    folds = np.full(len(values), -1, np.intp)
    for value in np.unique(values):
        places = np.flatnonzero(values == value)
        numbers, stroke_of = np.unique(strokes[places], return_inverse=True)
        if len(numbers) == 1:
            continue
        sizes, filled = np.bincount(stroke_of), np.zeros(count)
        order = random.permutation(len(numbers))
        fold_of = np.empty(len(numbers), np.intp)
        starting = random.permutation(count)
        for stroke in order[np.argsort(-sizes[order], kind="stable")]:
            fold = starting[filled[starting].argmin()]
            fold_of[stroke], filled[fold] = fold, filled[fold] + sizes[stroke]
        folds[places] = fold_of[stroke_of]
    return folds
