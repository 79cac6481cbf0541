"""Keeps napari's own tools within the rules of a layer that is edited: where they write, and what undo and redo take back."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any
from weakref import ref

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from napari.layers import Labels

Allowed = Callable[[Any, NDArray[Any], Any], "NDArray[np.bool_] | None"]
"""Which voxels of a displayed box may change from old values to new ones; None: all."""


def install(layer: Labels, allowed: Allowed, undo: Callable[[], None], redo: Callable[[], None]) -> None:
    """Let a layer write only where `allowed`, and undo and redo in a history of ours; all are kept as long as the layer is.

    Every tool of a labels layer writes through one of two methods: brush, eraser, bucket and polygon, and what scripts set.
    """
    where = ref(layer)  # weakly, or no layer would ever go by itself
    layer.__dict__["_apply_mask_to_data"] = partial(_mask, where, allowed)
    layer.__dict__["data_setitem"] = partial(_items, where, allowed)
    layer.__dict__["undo"], layer.__dict__["redo"] = undo, redo


def remove(layer: Labels) -> None:
    """Let a layer write and undo as napari does."""
    for name in ("_apply_mask_to_data", "data_setitem", "undo", "redo"):
        layer.__dict__.pop(name, None)


def _mask(
    where: Callable[[], Labels | None],
    allowed: Allowed,
    data: NDArray[Any],
    mask: Any,
    new_label: int,
    volume_slice: tuple[slice, ...],
) -> Any:
    layer = where()
    assert layer is not None
    narrower = allowed(volume_slice, data, new_label)
    if narrower is not None:
        mask = mask & narrower
    return type(layer)._apply_mask_to_data(layer, data, mask, new_label, volume_slice)


def _items(where: Callable[[], Labels | None], allowed: Allowed, indices: Any, value: Any, refresh: bool = True) -> None:
    layer = where()
    assert layer is not None
    arrays = list(np.broadcast_arrays(*(np.asarray(index) for index in indices)))
    new = np.broadcast_to(np.asarray(value), arrays[0].shape)
    within = allowed(tuple(arrays), layer.data[tuple(arrays)], new)
    if within is not None:
        arrays, new = [index[within] for index in arrays], new[within]
        value = new if np.ndim(value) else value
    type(layer).data_setitem(layer, tuple(arrays), value, refresh)
