"""How unsure the classifier is: a layer of whole percents beside the labels, filled plane by plane as they are recognised."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import ref

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield._napari.bridge import add, in_units_of, worlds
from napari_hounsfield._napari.editor.frame import frame_of
from napari_hounsfield._napari.layers import aside, layer_tuples
from napari_hounsfield.editing.near import Plane
from napari_hounsfield.labelling.plane import in_plane
from napari_hounsfield.volume import Volume

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Image, Layer

COLOURS = [(1.0, 0.9, 0.2, 0.0), (1.0, 0.6, 0.0, 0.6), (0.85, 0.1, 0.0, 0.9)]
"""RGBA from sure, which is clear, to a tie."""


def _look() -> dict[str, Any]:
    from napari.utils.colormaps import Colormap

    return {"colormap": Colormap(COLOURS, name="uncertainty"), "blending": "translucent", "contrast_limits": (0, 100)}


class DoubtLayer:
    """Uncertainty of one image, 0 (sure) to 100 (a tie between two classes); one byte a voxel."""

    def __init__(self, viewer: ViewerModel, volume: Volume, below: Layer | None) -> None:
        active = viewer.layers.selection.active
        empty = Volume(
            np.zeros(volume.grid.shape, np.uint8), volume.affine, unit="%", frame_of_reference=volume.frame_of_reference
        )
        (shown,) = layer_tuples(empty, worlds(viewer), f"{volume.name} uncertainty (%)".strip())
        array, arguments, kind = aside(shown)
        (layer,) = add(viewer, in_units_of([(array, {**arguments, **_look()}, kind)], below))
        if below is not None:
            viewer.layers.move(viewer.layers.index(layer), viewer.layers.index(below))
        viewer.layers.selection.active = active
        self._viewer, self._layer = ref(viewer), ref(getattr(layer, "__wrapped__", layer))

    @property
    def layer(self) -> Image | None:
        """The layer; None when it is gone."""
        viewer, layer = self._viewer(), self._layer()
        return layer if viewer is not None and layer is not None and layer in viewer.layers else None

    def write(self, at: Plane, sureness: NDArray[np.float32], valid: NDArray[np.bool_] | None = None) -> None:
        """Write a plane; may run beside the interface."""
        layer = self.layer
        if layer is not None:
            plane = in_plane(frame_of(layer).stored(layer.data), at)
            np.rint(100 * (1 - sureness), out=plane, casting="unsafe")
            if valid is not None:
                plane[~valid] = 0

    def draw(self) -> None:
        """Show what was written; in the main thread."""
        layer: Any = self.layer
        if layer is not None:
            layer.refresh(highlight=False, extent=False, thumbnail=False)

    def remove(self) -> None:
        """Take the layer away."""
        viewer, layer = self._viewer(), self.layer
        if viewer is not None and layer is not None:
            viewer.layers.remove(layer)
