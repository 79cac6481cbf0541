"""The classes of a session: what can be painted, with names and colours; every edit gives a new tuple."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from napari_hounsfield.errors import LabelError

LARGEST = 255
"""Strokes are kept in bytes."""
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


@dataclass(frozen=True, slots=True)
class StrokeClass:
    """One class.

    Attributes
    ----------
    value
        Its number in stroke maps, from 1.
    name
        `background` becomes 0 in results.
    colour
        `#rrggbb`; empty: the viewer's choice for the number.
    """

    value: int
    name: str
    colour: str = ""

    def __post_init__(self) -> None:
        if not 1 <= self.value <= LARGEST:
            raise LabelError(f"class {self.name!r}: number {self.value} is not between 1 and {LARGEST}")
        if not self.name.strip():
            raise LabelError(f"class {self.value} needs a name")
        if self.colour and not _COLOUR.fullmatch(self.colour):
            raise LabelError(f"class {self.name!r}: colour {self.colour!r} is not of the form #rrggbb")


Classes = tuple[StrokeClass, ...]


def of_value(classes: Classes, value: int) -> StrokeClass:
    """The class of a number; LabelError where there is none."""
    for one in classes:
        if one.value == value:
            return one
    raise LabelError(f"there is no class {value}")


def of_name(classes: Classes, name: str) -> StrokeClass:
    """The class of a name; LabelError where there is none."""
    for one in classes:
        if one.name.casefold() == name.strip().casefold():
            return one
    raise LabelError(f"there is no class {name!r}")


def added(classes: Classes, name: str, colour: str = "", value: int = 0) -> Classes:
    """One more class, of the number `value` or of the first that is free.

    Raises
    ------
    LabelError
        If the name or the number is taken, or no number is left.
    """
    taken = {one.value for one in classes}
    number = value or next((n for n in range(1, LARGEST + 1) if n not in taken), 0)
    if number in taken or not number:
        raise LabelError(f"class {name!r}: number {value} is taken" if value else f"{LARGEST} classes are the most")
    _free(classes, name)
    return tuple(sorted((*classes, StrokeClass(number, name.strip(), colour)), key=lambda one: one.value))


def matched(classes: Classes, others: Mapping[int, str]) -> tuple[Classes, dict[int, int]]:
    """The classes with those that only `others` (name by number) have, and the number here of each of those; names decide."""
    numbers: dict[int, int] = {}
    for value, name in sorted(others.items()):
        if all(one.name.casefold() != name.casefold() for one in classes):
            classes = added(classes, name)
        numbers[value] = next(one.value for one in classes if one.name.casefold() == name.casefold())
    return classes, numbers


def renamed(classes: Classes, value: int, name: str) -> Classes:
    """The same classes, one with another name; LabelError if it is taken or empty."""
    old = of_value(classes, value)
    _free(tuple(one for one in classes if one is not old), name)
    return tuple(replace(one, name=name.strip()) if one is old else one for one in classes)


def recoloured(classes: Classes, value: int, colour: str) -> Classes:
    """The same classes, one with another colour; LabelError if it is none."""
    old = of_value(classes, value)
    return tuple(replace(one, colour=colour) if one is old else one for one in classes)


def dropped(classes: Classes, value: int) -> Classes:
    """The classes without one."""
    old = of_value(classes, value)
    return tuple(one for one in classes if one is not old)


def following(classes: Classes, names: Mapping[int, str]) -> Classes:
    """Classes of these names and no others; what has its number already keeps its colour."""
    colours = {one.value: one.colour for one in classes}
    return tuple(StrokeClass(value, name, colours.get(value, "")) for value, name in sorted(names.items()) if value)


def names(classes: Classes) -> dict[int, str]:
    """Names by number, as label maps have them."""
    return {one.value: one.name for one in classes}


def _free(classes: Classes, name: str) -> None:
    if name.strip().casefold() in {one.name.casefold() for one in classes}:
        raise LabelError(f"there is a class {name.strip()!r} already")
