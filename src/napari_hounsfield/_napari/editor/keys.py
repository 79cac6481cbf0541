"""Keys of a layer that is edited, in its own keymap, which goes before napari's for all labels layers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from napari_hounsfield._napari.notices import reported

if TYPE_CHECKING:
    from napari.layers import Labels

    from .adopted import LayerEditing


def undo(layer: Labels) -> None:
    """Take back the newest edit of the layer, on any slice and by any tool."""
    _call(layer, lambda editing: editing.undo())


def redo(layer: Labels) -> None:
    """Do again what was taken back last."""
    _call(layer, lambda editing: editing.redo())


def copy_to_next(layer: Labels) -> None:
    """Copy the selected class to the next slice, and go there."""
    _call(layer, lambda editing: _copy_along(editing, 1))


def copy_to_previous(layer: Labels) -> None:
    """Copy the selected class to the slice before, and go there."""
    _call(layer, lambda editing: _copy_along(editing, -1))


KEYS = {"Control-Z": undo, "Control-Shift-Z": redo, "Alt-Right": copy_to_next, "Alt-Left": copy_to_previous}


def bind(layer: Labels) -> None:
    """Bind the keys."""
    for key, action in KEYS.items():
        layer.bind_key(key, action, overwrite=True)


def unbind(layer: Labels) -> None:
    """Give the keys back to napari."""
    for key in KEYS:
        layer.bind_key(key, None)


def _call(layer: Labels, act: Callable[[LayerEditing], None]) -> None:
    from .register import editing_of

    editing = editing_of(layer)
    if editing is not None:
        with reported():
            act(editing)


def _copy_along(editing: LayerEditing, step: int) -> None:
    from .copying import copy_along

    copy_along(editing, step)
