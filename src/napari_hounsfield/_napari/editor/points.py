"""Points and outlines that are drawn in the viewer, as an edit's parameters take them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from weakref import ref

import numpy as np
from magicgui.widgets import ComboBox, Container, PushButton
from napari.layers import Points, Shapes

from napari_hounsfield._napari.layers import KEY, Declared
from napari_hounsfield._napari.listening import LayerListener
from napari_hounsfield._napari.notices import complain
from napari_hounsfield._napari.result_layers import standing_of, thin_line
from napari_hounsfield.errors import ParameterError

from .adopted import LayerEditing
from .outlines import outline_of
from .slices import plane_across

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Labels

FLAT = 0.5
"""Voxels by which an outline may leave its plane."""
DRAWN = Declared("drawing")
"""What marks a layer that was made to draw on, so that it goes when it was used; layers of the user's own stay."""


class PointSource(Container[Any]):
    """A layer of shapes or points that gives an edit its points, and a button that makes one to draw on."""

    def __init__(self, viewer: ViewerModel, outlines: bool, required: bool = False) -> None:
        self._viewer, self._outlines, self._required = viewer, outlines, required
        self._stands_on: Callable[[], Any] = lambda: None
        what = "outline" if outlines else "points"
        tip = "its polygons, rectangles and ellipses together are taken" if outlines else "all its points are taken"
        self.choice = ComboBox(name="drawn", choices=self._layers, nullable=True, tooltip=f"The layer that is drawn on; {tip}")
        self._draw = PushButton(text="Draw", tooltip=f"Take up the pen, on a layer for the {what}, in the plane that is shown")
        super().__init__(name="drawing", label=what, widgets=[self.choice, self._draw], layout="horizontal", labels=False)
        self.margins = (0, 0, 0, 0)
        self._draw.changed.connect(self.draw)
        self._listener = LayerListener(viewer, self.choice.reset_choices, self.native)

    def stand_on(self, labels: Labels) -> None:
        """Let what is drawn stand voxel on voxel with these labels, so that the sliders count the same slices."""
        self._stands_on = ref(labels)

    def draw(self) -> None:
        """Take up the pen, on the layer that was made for it or on a new one."""
        if self._stands_on() is None:
            complain("choose the labels first, then draw")
            return
        self._viewer.dims.ndisplay = 2  # napari draws shapes in slices alone
        layer: Any = next((one for one in self._layers() if one.metadata.get(KEY) == DRAWN), None) or self._add()
        self.choice.reset_choices()
        self.choice.value = layer
        self._viewer.layers.selection.active = layer
        layer.visible = True
        layer.mode = "add_polygon" if self._outlines else "add"

    def given(self, editing: LayerEditing) -> dict[str, Any]:
        """What was drawn, as parameters: points are voxels (z, y, x) of the labels' stored array; none without a layer.

        Raises
        ------
        ParameterError
            If nothing is drawn on the layer, no layer is chosen where one is required, a shape is open, or the outlines do not
            lie in one plane of the labels.
        """
        layer = self.choice.value
        if layer is None and self._required:
            raise ParameterError(f"there is no {self.label} yet: press Draw, draw in the picture, then go on")
        if layer is None:
            return {"points": (), "coordinates": "voxels"}
        parts = self._parts(layer)
        if not parts or not len(parts[0]):
            raise ParameterError(f"{layer.name}: nothing is drawn yet; draw in the picture, then go on")
        labels = editing.layer
        shown = np.array([labels.world_to_data(layer.data_to_world(point)) for part in parts for point in part])
        stored = editing.frame.stored_points(shown)
        found: dict[str, Any] = {"points": tuple(stored.ravel().tolist()), "coordinates": "voxels"}
        if self._outlines:
            corners = tuple(len(part) for part in parts)
            plane = _plane_of(np.split(stored, np.cumsum(corners)[:-1]), editing, layer.name)
            found |= {"corners": corners, "plane": plane}
        return found

    def use_up(self, editing: LayerEditing) -> None:
        """Go back to the labels, so that keys reach them; outlines that were drawn for the edit are gone.

        Their layer stays, empty and hidden: taken away it can bring vispy down at the next drawing.
        """
        layer, layers = self.choice.value, self._viewer.layers
        if layer is None:
            return
        if editing.layer in layers:
            layers.selection.active = editing.layer
        if self._outlines and layer.metadata.get(KEY) == DRAWN:
            layer.selected_data = set()
            layer.data = []
            layer.visible = False

    def _add(self) -> Any:
        labels = self._stands_on()
        thin = thin_line(labels)
        options: dict[str, Any] = {**standing_of(labels), "ndim": labels.ndim, "metadata": {KEY: DRAWN}}
        if self._outlines:
            look = {"edge_color": "yellow", "face_color": "#ffff0022", "edge_width": thin}
            made = self._viewer.add_shapes(name="scissors", **look, **options)
        else:
            made = self._viewer.add_points(name="seeds", face_color="yellow", size=4 * thin, **options)
        return getattr(made, "__wrapped__", made)

    def _parts(self, layer: Any) -> list[Any]:
        """Outlines, or all points as one part."""
        if not self._outlines:
            return [layer.data]
        layer._finish_drawing()  # what the cursor still drags; changing the mode would keep its last place as a corner
        return [outline_of(kind, data, layer.name) for kind, data in zip(layer.shape_type, layer.data, strict=True)]

    def _layers(self, _: Any = None) -> list[Any]:
        kind = Shapes if self._outlines else Points
        return [layer for layer in reversed(self._viewer.layers) if isinstance(layer, kind)]


def _plane_of(outlines: list[Any], editing: LayerEditing, name: str) -> str:
    """The planes that every outline lies in one of."""
    extent = np.max([np.ptp(outline, axis=0) for outline in outlines], axis=0)
    axis = int(np.argmin(extent))
    if extent[axis] > FLAT:
        raise ParameterError(f"{name}: the outlines lie in different planes; draw all of them in axial ones, for one")
    return plane_across(editing, axis)
