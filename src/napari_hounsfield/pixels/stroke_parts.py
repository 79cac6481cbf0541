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
