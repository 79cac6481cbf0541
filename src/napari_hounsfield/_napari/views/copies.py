"""Copies of napari layers that share the arrays of the original."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from napari.layers import Layer

VOLUMES = ("image", "labels")
"""Kinds of layers that are arrays; the others are geometry."""
COARSE = 96
"""Voxels along each axis that a volume in 3D has at most: more take seconds where no graphics card draws them."""
OF_ONE_VIEW = {
    "auto_contrast",
    "cursor",
    "cursor_size",
    "data",
    "help",
    "mouse_pan",
    "mouse_zoom",
    "properties",
    "scale_factor",
    "thumbnail",
}
"""Properties that are not shared: each view has its own, or they follow from others."""


def shared_names(layer: Layer) -> list[str]:
    """Properties that copies share with a layer: those that tell when they change and can be set; the mode last."""
    kind = type(layer)
    names = [
        name
        for name, emitter in layer.events.emitters.items()
        if name not in OF_ONE_VIEW and not type(emitter).__name__.startswith("Warning")
        if getattr(getattr(kind, name, None), "fset", None) is not None
    ]
    return sorted(names, key=lambda name: name == "mode")


def same(one: Any, other: Any) -> bool:
    """Whether two values of a property are equal; False where that cannot be told."""
    if one is other:
        return True
    try:
        return bool(np.all(np.asarray(one == other)))
    except (TypeError, ValueError):
        return False


def steps_of(layer: Layer, coarse: bool) -> NDArray[np.int_]:
    """Every how many voxels a copy has one, for each axis."""
    steps = np.ones(layer.ndim, int)
    if coarse and layer._type_string in VOLUMES and not layer.multiscale:
        shape = np.array(layer.data.shape[: layer.ndim])
        steps[-3:] = np.ceil(shape[-3:] / COARSE).astype(int)
    return steps


def thinned(layer: Layer, steps: NDArray[np.int_]) -> Any:
    """Data of a layer for a copy: the array itself, or a view of every so many voxels."""
    return layer.data[tuple(slice(None, None, int(step)) for step in steps)] if steps.max() > 1 else data_of(layer)


def data_of(layer: Layer) -> Any:
    """Data of a layer as another of its kind takes them."""
    return list(zip(layer.data, layer.shape_type, strict=True)) if layer._type_string == "shapes" else layer.data


def copy_layer(layer: Layer, steps: NDArray[np.int_]) -> Layer:
    """Layer that looks like `layer` and shows the same memory."""
    from napari.layers import Layer

    _, state, kind = layer.as_layer_data_tuple()
    data: Any = thinned(layer, steps) if kind in VOLUMES else layer.data
    copy = Layer.create(data, {**state, "scale": layer.scale * steps}, kind)
    for name in shared_names(layer):
        if name not in state and not same(getattr(copy, name), getattr(layer, name)):
            setattr(copy, name, getattr(layer, name))
    if steps.max() > 1:
        copy.editable = False  # a voxel stands for several
    return copy
