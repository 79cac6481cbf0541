"""Where to paint next, in the viewer: the slice is turned to, and the region framed until something is painted or learned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import ref

import numpy as np

from napari_hounsfield._napari.places import go_to
from napari_hounsfield.pixels.next_place import NextPlace

if TYPE_CHECKING:
    from napari.components import ViewerModel

    from .bound import BoundImage

NAME = "paint here"
COLOUR = "#F0E442"
PIXELS = 3
"""Width of the frame on the canvas."""


class Mark:
    """The frame of one region at a time."""

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = ref(viewer)
        self._layer: Any = lambda: None
        self._version = -1

    def show(self, bound: BoundImage, place: NextPlace, version: int) -> None:
        """Turn to a place of an image, of which this version of the classifier is unsure, and frame its region."""
        viewer, strokes = self._viewer(), bound.strokes
        self.remove()
        if viewer is None or strokes is None:
            return
        frame = bound.editing.frame
        go_to(viewer, strokes.data_to_world(frame.shown_index((place.z, place.y, place.x))))
        (top, bottom), (left, right) = place.region
        edge = [(top, left), (top, right - 1), (bottom - 1, right - 1), (bottom - 1, left)]
        corners = np.array([frame.shown_index((place.z, y, x)) for y, x in edge], float)
        width = PIXELS / viewer.scene.camera.zoom / min(float(n) for n in strokes.scale[-2:])
        how = {name: getattr(strokes, name) for name in ("scale", "translate", "affine", "units", "axis_labels")}
        active = viewer.layers.selection.active
        layer = viewer.add_shapes(
            [corners], shape_type="polygon", face_color="transparent", edge_color=COLOUR, edge_width=width, name=NAME, **how
        )
        layer.editable = False
        viewer.layers.selection.active = active
        self._layer, self._version = ref(getattr(layer, "__wrapped__", layer)), version

    def follow(self, version: int) -> None:
        """Take the frame away where another version of the classifier recognises now."""
        if version != self._version:
            self.remove()

    def remove(self) -> None:
        """Take the frame away."""
        viewer, layer = self._viewer(), self._layer()
        if viewer is not None and layer is not None and layer in viewer.layers:
            viewer.layers.remove(layer)
