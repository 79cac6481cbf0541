"""Which labels layers are edited: one editing a layer, shared by docks and keys."""

from __future__ import annotations

from functools import partial
from typing import Any
from weakref import WeakKeyDictionary, ref

from .adopted import LayerEditing

_adopted: WeakKeyDictionary[Any, LayerEditing] = WeakKeyDictionary()


def editing_of(layer: Any, viewer: Any = None) -> LayerEditing | None:
    """What edits a layer; made at the first call that names the viewer.

    Raises
    ------
    HounsfieldError
        If the layer cannot be edited in place.
    """
    layer = getattr(layer, "__wrapped__", layer)  # plugins are handed proxies
    found = _adopted.get(layer)
    if found is None and viewer is not None:
        found = _adopted[layer] = LayerEditing(getattr(viewer, "__wrapped__", viewer), layer)
        found.gave_up.connect(partial(_forget, ref(layer)))
    elif found is not None and viewer is not None and not found.counted:
        found.count()
    return found


def release(layer: Any) -> None:
    """Leave a layer as napari made it."""
    editing = _adopted.pop(getattr(layer, "__wrapped__", layer), None)
    if editing is not None:
        editing.leave()


def _forget(layer: ref[Any]) -> None:
    release(layer())
