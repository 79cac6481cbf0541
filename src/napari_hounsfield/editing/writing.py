"""Writing an edit into labels: what may change, and what is locked."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.boxes import boxes_of
from napari_hounsfield.components import Box
from napari_hounsfield.errors import LabelError
from napari_hounsfield.operation import Progress
from napari_hounsfield.volume import LabelMap

from .params import ClassesParams, EditParams

FEW = 12
"""So many comparisons are faster than looking labels up in a table."""


@dataclass(frozen=True)
class Rules:
    """Which voxels an edit may change."""

    edited: frozenset[int]
    """Classes that are edited: their voxels may become background, or go to one another."""
    locked: frozenset[int]
    """Labels whose voxels never change."""
    overwrites: bool
    """Whether the voxels of all other classes may be taken."""

    @classmethod
    def of(cls, params: EditParams, edited: Iterable[int]) -> Rules:
        """The rules of an edit of these classes."""
        return cls(frozenset(edited), frozenset(params.locked), params.others == "overwrite")

    def may_change(self, labels: NDArray[np.integer]) -> NDArray[np.bool_]:
        """Where a voxel may get another label: where it is background, of an edited class, or of one that may be taken."""
        if self.overwrites:
            return ~one_of(labels, self.locked)
        return one_of(labels, (self.edited | {0}) - self.locked)


def write(labels: NDArray[np.integer], mask: NDArray[np.bool_], value: int, rules: Rules) -> None:
    """Give the voxels of a mask to a label, in place, as far as the rules allow.

    Raises
    ------
    LabelError
        If the label itself is locked, or does not fit the type of the labels.
    """
    require_unlocked(value, rules.locked)
    require_fit(labels, value)
    np.copyto(labels, np.array(value, labels.dtype), where=mask & rules.may_change(labels))


def require_unlocked(value: int, locked: Collection[int], name: str = "") -> None:
    """Raise LabelError if a label that is to gain voxels is locked; background always may."""
    if value and value in locked:
        raise LabelError(f"{name or f'label {value}'} is locked; unlock it to edit it")


def require_fit(labels: NDArray[np.integer], value: int) -> None:
    """Raise LabelError if a label is beyond what the type of the labels holds."""
    if value > np.iinfo(labels.dtype).max:
        raise LabelError(f"label {value} does not fit labels of type {labels.dtype}, which end at {np.iinfo(labels.dtype).max}")


def edited_boxes(labels: LabelMap, params: ClassesParams) -> Generator[Progress, None, dict[int, Box]]:
    """The box of each class that is edited and occurs, by ascending label.

    Raises
    ------
    LabelError
        If a class is named that is locked, is background, or neither occurs nor has a name.
    """
    for value in params.classes:
        require_unlocked(value, params.locked, labels.class_name(value))
        if value == 0:
            raise LabelError(f"label 0 is the {labels.class_name(0)}, which is no class to edit")
    boxes = yield from boxes_of(labels.array, sorted(set(params.classes)) or None)
    for value in params.classes:
        if value not in boxes and value not in labels.classes:
            raise LabelError(f"{labels.name or 'labels'}: there is no class of the label {value}")
    return {value: box for value, box in boxes.items() if value not in params.locked}


def require_class(labels: LabelMap, value: int, params: EditParams) -> None:
    """Raise LabelError unless `value` is a class that may gain voxels and fits the labels."""
    if value == 0:
        raise LabelError(f"label 0 is the {labels.class_name(0)}, which is no class to edit")
    require_unlocked(value, params.locked, labels.class_name(value))
    require_fit(labels.array, value)


def one_of(labels: NDArray[np.integer], values: Collection[int]) -> NDArray[np.bool_]:
    """Where the labels are one of some values."""
    known = np.iinfo(labels.dtype)
    if labels.dtype == np.uint8 and len(values) > FEW:
        table = np.zeros(256, bool)
        table[[value for value in values if value <= known.max]] = True
        return np.take(table, labels)
    found = np.zeros(labels.shape, bool)
    for value in values:
        if known.min <= value <= known.max:
            found |= labels == value
    return found
