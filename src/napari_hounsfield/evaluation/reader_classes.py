"""Which label values of several maps are the same class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from napari_hounsfield.errors import LabelError
from napari_hounsfield.volume import BACKGROUND, LabelMap, is_background

from .reader_patterns import Pattern


def common_classes(
    maps: Sequence[LabelMap], counted: Mapping[Pattern, int]
) -> tuple[list[tuple[int, str]], list[dict[int, int]]]:
    """Match the classes of several maps: by name where all maps have names, otherwise by value.

    Parameters
    ----------
    maps
        Only their names are used.
    counted
        The combinations of values that occur.

    Returns
    -------
    classes
        Label and name of each, background first.
    places
        For each map, the place of the class of each value.
    """
    by_name = all(any(value and not is_background(name) for value, name in each.classes.items()) for each in maps)
    if not by_name:
        _check_numbers(maps)
    kinds: dict[int | str, tuple[int, str]] = {0: (0, BACKGROUND)}
    keys: list[dict[int, int | str]] = []
    for i, each in enumerate(maps):
        own: dict[int, int | str] = {}
        for value in sorted({row[i] for row in counted} | set(each.classes)):
            name = each.class_name(value)
            key: int | str = name.strip().casefold() if by_name and value in each.classes else value
            own[value] = 0 if value == 0 or is_background(name) else key
            kinds.setdefault(own[value], (value, name))
        keys.append(own)
    taken: set[int] = set()
    for key, (label, name) in kinds.items():  # two readers may use one number for different classes
        free = label if label not in taken else max(taken | {other for other, _ in kinds.values()}) + 1
        taken.add(free)
        kinds[key] = free, name
    places = {key: place for place, key in enumerate(kinds)}
    return list(kinds.values()), [{value: places[key] for value, key in own.items()} for own in keys]


def _check_numbers(maps: Sequence[LabelMap]) -> None:
    """Refuse to go by numbers where named maps give one class different numbers."""
    numbers: dict[str, int] = {}
    for each in maps:
        for value, name in each.classes.items():
            word = name.strip().casefold()
            if not is_background(name) and numbers.setdefault(word, value) != value:
                raise LabelError("one class has different numbers in these maps, and a map has no names to tell them apart")
