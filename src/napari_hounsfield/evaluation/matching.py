"""Which label values of two maps are the same class."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from napari_hounsfield.volume import LabelMap, is_background


@dataclass(frozen=True, slots=True)
class SharedClass:
    """A class that two maps are compared in."""

    label: int
    """Value in the reference, or in the prediction where the reference does not know the class. 0 is background."""
    name: str
    in_prediction: tuple[int, ...]
    in_reference: tuple[int, ...]


def shared_classes(
    prediction: LabelMap, reference: LabelMap, predicted: Iterable[int], referred: Iterable[int]
) -> tuple[SharedClass, ...]:
    """Match the classes of two maps: by name where both have names, otherwise by value.

    A value that is named in both maps, or whose name the other map has too, belongs to the class of that name (case and outer
    blanks do not count); every other value to the class of its number. Value 0, and a class named `background`, are background;
    so is a class that has the name of the other map's value 0, where its own map has no 0.

    Parameters
    ----------
    prediction, reference
        The maps; only their names are used.
    predicted, referred
        The values that occur in each.

    Returns
    -------
    tuple of SharedClass
        Background first, then by label.
    """
    groups: dict[int | str, tuple[set[int], set[int]]] = {0: (set(), set())}
    sides = (prediction, reference, set(predicted)), (reference, prediction, set(referred))
    for side, (own, other, values) in enumerate(sides):
        shared = {_plain(name) for name in other.classes.values()}
        for value in {*values, *own.classes}:
            name = _plain(own.classes.get(value, ""))
            key: int | str = value
            zero_there = name and 0 not in values and name == _plain(other.classes.get(0, ""))
            if value == 0 or is_background(name) or zero_there:
                key = 0
            elif name and (name in shared or value in other.classes):
                key = name
            groups.setdefault(key, (set(), set()))[side].add(value)
    classes = [_shared_class(prediction, reference, key, *values) for key, values in groups.items()]
    return tuple(sorted(classes, key=lambda c: (c.label != 0, c.label, c.name)))


def _plain(name: str) -> str:
    return name.strip().casefold()


def _shared_class(prediction: LabelMap, reference: LabelMap, key: int | str, ours: set[int], theirs: set[int]) -> SharedClass:
    label = 0 if key == 0 else min(theirs or ours)
    named = [m.classes[v] for m, values in ((reference, theirs), (prediction, ours)) for v in sorted(values) if v in m.classes]
    name = named[0] if named else (reference if theirs else prediction).class_name(label)
    return SharedClass(label, name, tuple(sorted(ours)), tuple(sorted(theirs)))
