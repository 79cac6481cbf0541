"""Keys of a layer that is edited, in its own keymap, which goes before napari's for all labels layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_hounsfield._napari.notices import reported

if TYPE_CHECKING:
    from napari.layers import Labels


def undo(layer: Labels) -> None:
    """Take back the newest edit of the layer, on any slice and by any tool."""
    _call(layer, "undo")


def redo(layer: Labels) -> None:
    """Do again what was taken back last."""
    _call(layer, "redo")


KEYS = {"Control-Z": undo, "Control-Shift-Z": redo}


def bind(layer: Labels) -> None:
    """Bind the keys."""
    for key, action in KEYS.items():
        layer.bind_key(key, action, overwrite=True)


def unbind(layer: Labels) -> None:
    """Give the keys back to napari."""
    for key in KEYS:
        layer.bind_key(key, None)


def _call(layer: Labels, name: str, *arguments: Any) -> None:
    from .adopted import editing_of

    editing = editing_of(layer)
    if editing is not None:
        with reported():
            getattr(editing, name)(*arguments)
