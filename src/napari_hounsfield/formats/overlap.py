"""Several label maps whose classes overlap, for files that hold each class by itself."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from napari_hounsfield.volume import LabelMap

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Member(NamedTuple):
    """A class of one of several label maps."""

    labels: LabelMap
    value: int
    number: int
    """What stands for it in a file where values must differ: its value, where no two maps share one; otherwise 1, 2, ..."""
    layer: int


def maps_of(data: LabelMap | Sequence[LabelMap]) -> list[LabelMap]:
    """One label map, or several, as a list."""
    return [data] if isinstance(data, LabelMap) else list(data)


def are_maps(data: object) -> bool:
    """Whether these are several label maps."""
    return isinstance(data, list | tuple) and bool(data) and all(isinstance(one, LabelMap) for one in data)


def members(maps: Sequence[LabelMap], present: Sequence[Iterable[int]]) -> list[Member]:
    """Classes of all maps in order: those that have a name, and those that are `present` in each map."""
    found = [
        (labels, value, layer)
        for layer, (labels, values) in enumerate(zip(maps, present, strict=True))
        for value in sorted({*labels.classes, *values})
        if value > 0
    ]
    shared = max(Counter(value for _, value, _ in found).values(), default=0) > 1
    return [Member(one, v, order if shared else v, layer) for order, (one, v, layer) in enumerate(found, 1)]


def same_classes(maps: Sequence[LabelMap], found: Sequence[LabelMap]) -> bool:
    """Whether every class of `maps` is whole in one of `found`, under its number, and on the same lattice."""
    grid = found[0].grid
    placed = [labels.on(grid).array for labels in maps]
    if len(placed) == len(found) == 1:
        return np.array_equal(placed[0], found[0].array)
    return all(
        any(np.array_equal(placed[one.layer] == one.value, other.array == one.number) for other in found)
        for one in members(maps, [labels.values() for labels in maps])
    )
