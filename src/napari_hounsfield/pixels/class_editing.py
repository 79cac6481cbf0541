"""Editing a draft: classes merged, renamed, dropped, reordered. Each gives a new draft, with what was done in its history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield._version import __version__
from napari_hounsfield.errors import LabelError
from napari_hounsfield.results import Features, Segmentation
from napari_hounsfield.volume import LabelMap, Record

ClassKey = int | str
"""A class by its number or its name."""


def merge_classes(draft: Segmentation | LabelMap, classes: Sequence[ClassKey], name: str = "") -> Segmentation:
    """Make one class of several; it takes the smallest of their numbers.

    Sureness is computed anew where the draft has probabilities. Elsewhere it is never too high: the merged class is at least as
    sure as its parts were, and the others have a stronger rival.

    Parameters
    ----------
    draft
        Its arrays are left as they are.
    classes
        Two or more, by number or name.
    name
        Of the merged class; empty: the name of the one with the smallest number.

    Raises
    ------
    LabelError
        If there is no such class, there are fewer than two, or another class has the name.
    """
    draft = _draft(draft)
    values = sorted({_value(draft.labels, key) for key in classes})
    if len(values) < 2:
        raise LabelError(f"{_label(draft)}: a merge takes two classes or more")
    name = name or draft.labels.class_name(values[0])
    names = {value: other for value, other in _names(draft.labels).items() if value not in values[1:]} | {values[0]: name}
    done = {"classes": values, "name": name}
    return _changed(draft, dict.fromkeys(values, values[0]), names, Record("merge_classes", done, __version__))


def rename_classes(draft: Segmentation | LabelMap, names: Mapping[ClassKey, str]) -> Segmentation:
    """Give classes other names.

    Parameters
    ----------
    draft
        Its arrays are left as they are.
    names
        New name of each class, which is given by number or name.

    Raises
    ------
    LabelError
        If there is no such class, a name is empty, or two classes would have one name.
    """
    draft = _draft(draft)
    given = {_value(draft.labels, key): name for key, name in names.items()}
    record = Record("rename_classes", {"names": {str(value): name for value, name in sorted(given.items())}}, __version__)
    return _changed(draft, {}, _names(draft.labels) | given, record)


def drop_classes(draft: Segmentation | LabelMap, classes: Sequence[ClassKey]) -> Segmentation:
    """Leave the voxels of some classes unlabelled (0), with a sureness of 0.

    Where the draft has probabilities, those of the classes that are left are scaled to sum to 1 in their voxels, and are 0 in the
    voxels of the classes that were dropped.

    Parameters
    ----------
    draft
        Its arrays are left as they are.
    classes
        By number or name.

    Raises
    ------
    LabelError
        If there is no such class.
    """
    draft = _draft(draft)
    values = sorted({_value(draft.labels, key) for key in classes})
    names = {value: name for value, name in _names(draft.labels).items() if value not in values}
    record = Record("drop_classes", {"classes": values}, __version__)
    return _changed(draft, dict.fromkeys(values, 0), names, record)


def reorder_classes(draft: Segmentation | LabelMap, classes: Sequence[ClassKey]) -> Segmentation:
    """Number classes from 1 in the order given; those that are not named follow in the order they had.

    Parameters
    ----------
    draft
        Its arrays are left as they are.
    classes
        By number or name.

    Raises
    ------
    LabelError
        If there is no such class, or one is given twice.
    """
    draft = _draft(draft)
    first = [_value(draft.labels, key) for key in classes]
    if len(set(first)) < len(first):
        raise LabelError(f"{_label(draft)}: a class is given twice")
    old = _names(draft.labels)
    order = [*first, *(value for value in old if value not in first)]
    numbers = {value: number for number, value in enumerate(order, 1)}
    names = {number: old[value] for value, number in numbers.items()}
    return _changed(draft, numbers, names, Record("reorder_classes", {"classes": order}, __version__))


def _draft(data: Segmentation | LabelMap) -> Segmentation:
    return data if isinstance(data, Segmentation) else Segmentation(data)


def _label(draft: Segmentation) -> str:
    return draft.labels.name or "draft"


def _names(labels: LabelMap) -> dict[int, str]:
    """Name of every class, 0 (unlabelled) left out."""
    return {value: labels.class_name(value) for value in labels.values() if value}


def _value(labels: LabelMap, key: ClassKey) -> int:
    """Number of a class."""
    names = _names(labels)
    found = [value for value, name in names.items() if key in (value, name)]
    if len(found) != 1:
        which = f"class {key}" if isinstance(key, int) else f"class {key!r}"
        what = "there is no" if not found else f"{len(found)} are called"
        raise LabelError(f"{labels.name or 'draft'}: {what} {which}; there are {', '.join(names.values()) or 'none'}")
    return found[0]


def _changed(draft: Segmentation, numbers: Mapping[int, int], names: Mapping[int, str], record: Record) -> Segmentation:
    """The draft with other numbers (those not named are kept) and names, and with the record in its history."""
    if any(not name.strip() for name in names.values()):
        raise LabelError(f"{_label(draft)}: a class has no name")
    if len(set(names.values())) < len(names):
        twice = next(name for name in names.values() if list(names.values()).count(name) > 1)
        raise LabelError(f"{_label(draft)}: two classes would be called {twice!r}; merge them instead")
    old = _names(draft.labels)
    labels = _renumbered(draft.labels.array, numbers)
    probabilities, sureness = draft.probabilities, draft.sureness
    values, merged = sorted(names), len(numbers) - len(set(numbers.values()) - {0}) if numbers else 0
    if probabilities is not None:
        shares = _combined(probabilities, old, numbers, values, labels)
        if sureness is not None and merged:
            sureness = _sureness(shares, values, labels)
        probabilities = replace(probabilities, array=shares, names=[names[value] for value in values])
    elif sureness is not None and 0 in numbers.values():
        sureness = np.where(labels == 0, np.float32(0), sureness)
    elif sureness is not None and merged:
        sureness = _cautious(sureness, len(numbers), ~np.isin(labels, list(numbers.values())) & (labels > 0))
    kept = {0: draft.labels.classes[0]} if 0 in draft.labels.classes else {}
    made = Segmentation(replace(draft.labels, array=labels, classes=kept | dict(names)), probabilities, sureness)
    return made.with_record(record)


def _renumbered(labels: NDArray[Any], numbers: Mapping[int, int]) -> NDArray[Any]:
    if not labels.size or not numbers:
        return labels
    most = max(int(labels.max()), *numbers, *numbers.values())
    table = np.arange(most + 1).astype(np.result_type(labels.dtype, np.min_scalar_type(most)))
    for before, after in numbers.items():
        table[before] = after
    renumbered: NDArray[Any] = table[labels]
    return renumbered


def _combined(
    probabilities: Features, old: Mapping[int, str], numbers: Mapping[int, int], values: Sequence[int], labels: NDArray[Any]
) -> NDArray[np.float32]:
    """One map a class that is left, in the order of the numbers: the sum of the maps that became it."""
    shares = np.zeros((len(values), *labels.shape), np.float32)
    by_name = {name: value for value, name in old.items()}
    for name, share in zip(probabilities.names, probabilities.array, strict=True):
        value = by_name.get(name)
        if value is None:
            raise LabelError(f"{probabilities.name or 'draft'}: probabilities of {name!r}, which is no class of the labels")
        into = numbers.get(value, value)
        if into:
            shares[values.index(into)] += share
    if 0 in numbers.values():
        total = shares.sum(axis=0)
        total[(labels == 0) | (total <= 0)] = np.inf
        shares /= total
    return shares


def _sureness(shares: NDArray[np.float32], values: Sequence[int], labels: NDArray[Any]) -> NDArray[np.float32]:
    """How far the probability of every voxel's class lies above all others (0 where it does not), plane by plane."""
    sureness = np.zeros(labels.shape, np.float32)
    for z, plane in enumerate(labels):
        own, other = np.zeros((2, *plane.shape), np.float32)
        for value, share in zip(values, shares[:, z], strict=True):
            np.copyto(own, share, where=plane == value)
            np.maximum(other, share, out=other, where=plane != value)
        np.maximum(own - other, 0, out=sureness[z])
    sureness[labels == 0] = 0
    return sureness


def _cautious(sureness: NDArray[np.float32], merged: int, outside: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Sureness after so many classes were merged, where no probabilities are at hand.

    Voxels of the merged class are at least as sure as before. To the others it is a stronger rival: at worst, each of its parts
    was as probable as the next class, p, where (merged + 1) p + sureness = 1.
    """
    worst = sureness - (merged - 1) / (merged + 1) * (1 - sureness)
    return np.where(outside, np.maximum(worst, 0), sureness).astype(np.float32)
