"""What an edit would change in the plane that is shown, as a picture of its own; the labels themselves are not touched."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield._napari.layers import KEY, Declared, LayerTuple
from napari_hounsfield.editing.near import Plane

from .adopted import LayerEditing

TITLE = "preview of the edit"
TAKEN = (1.0, 1.0, 1.0, 0.75)
"""Colour of voxels that would lose their class: white."""


def change_picture(before: NDArray[Any], after: NDArray[Any], colours: Any) -> NDArray[np.float32]:
    """RGBA of what changes: in its new class's colour, or white where it would have none.

    Parameters
    ----------
    before, after
        Labels of one shape.
    colours
        RGBA by label value.
    """
    picture = np.zeros((*before.shape, 4), np.float32)
    changed = before != after
    for value in np.unique(after[changed]):
        colour = np.asarray(colours(int(value)), np.float32)
        picture[changed & (after == value)] = TAKEN if value == 0 else (*colour[:3], 1.0)
    return picture


def preview_tuple(editing: LayerEditing, after: NDArray[Any], at: Plane) -> LayerTuple:
    """Layer of what becomes of a plane of the stored array, at its place."""
    layer, frame = editing.layer, editing.frame
    corner = [0, 0, 0]
    corner[at.axis] = at.index
    across = frame.axes.index(at.axis) - (3 - layer.ndim)
    offset = np.zeros(layer.ndim)
    if across >= 0:
        offset[across] = frame.shown_index((corner[0], corner[1], corner[2]))[across]
    before = editing.editor.array.take([at.index], at.axis)
    picture = change_picture(frame.shown(before), frame.shown(after), layer.colormap.map)
    return (
        picture,
        {
            "name": TITLE,
            "rgb": True,
            "scale": layer.scale,
            "translate": layer.translate + layer.scale * offset,
            "affine": layer.affine,
            "units": layer.units,
            "axis_labels": layer.axis_labels,
            "interpolation2d": "nearest",
            "metadata": {KEY: Declared("preview")},
        },
        "image",
    )
