"""What the painting limits of a layer are, in terms of layers; the core's editable area is made from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.editing.area import EditableArea
from napari_hounsfield.errors import GridError

if TYPE_CHECKING:
    from napari.layers import Image, Labels

    from .frame import Frame

TOLERANCE = 0.01
"""Of a voxel, by which two layers may stand apart and still be voxel on voxel."""


@dataclass(frozen=True)
class Masking:
    """Limits of painting and of operations.

    Attributes
    ----------
    over
        Label values that may be painted over; None: all.
    image
        Layer whose values must be in the range; None: any value.
    low, high
        The range.
    """

    over: frozenset[int] | None = None
    image: Image | None = None
    low: float = 0.0
    high: float = 0.0

    def area(self, layer: Labels, frame: Frame) -> EditableArea:
        """The editable area in the stored order of a labels layer.

        Raises
        ------
        GridError
            If the image does not lie voxel on voxel with the labels.
        """
        if self.image is None:
            return EditableArea(self.over)
        return EditableArea(self.over, frame.stored(values_on(self.image, layer)), self.low, self.high)


def values_on(image: Image, layer: Labels) -> NDArray[Any]:
    """Values of an image layer in the displayed order of a labels layer.

    Raises
    ------
    GridError
        If they do not lie voxel on voxel.
    """
    refused = GridError(f"{image.name} does not lie voxel on voxel with {layer.name}")
    if image.rgb or image.multiscale or tuple(image.data.shape) != tuple(layer.data.shape):
        raise refused
    corners = np.array([np.zeros(layer.ndim), *np.diag(np.array(layer.data.shape) - 1.0)])
    apart = [layer.world_to_data(image.data_to_world(corner)) - corner for corner in corners]
    if np.abs(apart).max() > TOLERANCE:
        raise refused
    return np.asarray(image.data)


def fits(image: Any, layer: Labels) -> bool:
    """Whether an image layer can limit painting on a labels layer."""
    try:
        values_on(image, layer)
    except GridError:
        return False
    return True
