"""Keys for windows: none of them is napari's, and what the user has set in napari's preferences comes first."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from .window import windows_of

if TYPE_CHECKING:
    from napari.components import ViewerModel

PRESET_KEYS = tuple(f"F{number}" for number in range(2, 10))
"""F2 to F9, as in other viewers: the first presets for the image."""


def _use(number: int, viewer: ViewerModel) -> None:
    windows_of(viewer).use_number(number)


def _reset(viewer: ViewerModel) -> None:
    windows_of(viewer).reset()


def _switch_drag(viewer: ViewerModel) -> None:
    windows = windows_of(viewer)
    windows.by_left_button = not windows.by_left_button


KEYS: dict[str, Callable[[ViewerModel], None]] = {
    **{key: partial(_use, number) for number, key in enumerate(PRESET_KEYS)},
    "W": _switch_drag,
    "Shift-W": _reset,
}


def bind_keys(viewer: ViewerModel) -> None:
    """Bind our keys in a viewer, unless somebody else has bound them there."""
    from napari.utils.key_bindings import coerce_keybinding

    taken = {*viewer.keymap, *type(viewer).class_keymap}
    for key, does in KEYS.items():
        if coerce_keybinding(key) not in taken:
            viewer.bind_key(key, _bound(does))


def _bound(does: Callable[[ViewerModel], None]) -> Callable[[ViewerModel], None]:
    """A plain function, which napari makes a method of the viewer."""

    def run(viewer: ViewerModel) -> None:
        does(viewer)

    return run
