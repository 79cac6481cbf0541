"""Points and polygons that are drawn in the viewer, as an edit's parameters take them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from magicgui.widgets import ComboBox, Container, PushButton
from napari.layers import Points, Shapes

from napari_hounsfield._napari.listening import LayerListener
from napari_hounsfield.errors import ParameterError

from .adopted import LayerEditing

if TYPE_CHECKING:
    from napari.components import ViewerModel

PLANES = ("axial", "coronal", "sagittal")


class PointSource(Container[Any]):
    """A Shapes or Points layer that gives an edit its points, and a button that makes one to draw on."""

    def __init__(self, viewer: ViewerModel, polygon: bool) -> None:
        self._viewer, self._polygon = viewer, polygon
        what = "polygon" if polygon else "points"
        self.choice = ComboBox(
            name="drawn",
            choices=self._layers,
            nullable=True,
            tooltip=f"The layer on which the {what} {'was' if polygon else 'were'} drawn; of several shapes the newest is taken",
        )
        self._draw = PushButton(text="Draw", tooltip=f"A new layer to draw the {what} on, in the plane that is shown")
        super().__init__(name="drawing", label=what, widgets=[self.choice, self._draw], layout="horizontal", labels=False)
        self.margins = (0, 0, 0, 0)
        self._draw.changed.connect(self.draw)
        self._listener = LayerListener(viewer, self.choice.reset_choices, self.native)

    def draw(self) -> None:
        """Add a layer and take up the pen."""
        made: Any
        if self._polygon:
            made = self._viewer.add_shapes(
                ndim=self._viewer.dims.ndim, name="scissors", edge_color="yellow", face_color="#ffff0022"
            )
            made.mode = "add_polygon"
        else:
            made = self._viewer.add_points(ndim=self._viewer.dims.ndim, name="seeds", face_color="yellow")
            made.mode = "add"
        self.choice.reset_choices()
        self.choice.value = getattr(made, "__wrapped__", made)

    def points(self, editing: LayerEditing) -> tuple[float, ...]:
        """What was drawn, as voxels (z, y, x) of the labels' stored array; empty where no layer is chosen.

        Raises
        ------
        ParameterError
            If nothing is drawn on the layer.
        """
        layer = self.choice.value
        if layer is None:
            return ()
        drawn = layer.data[-1] if isinstance(layer, Shapes) and len(layer.data) else layer.data
        if len(drawn) == 0:
            raise ParameterError(f"{layer.name}: nothing is drawn yet")
        labels = editing.layer
        shown = np.array([labels.world_to_data(layer.data_to_world(point)) for point in drawn])
        return tuple(float(v) for v in editing.frame.stored_points(shown).ravel())

    def _layers(self, _: Any = None) -> list[Any]:
        kind = Shapes if self._polygon else (Points, Shapes)
        return [layer for layer in reversed(self._viewer.layers) if isinstance(layer, kind)]


def plane_across(editing: LayerEditing, axis: int) -> str:
    """Name of the planes across an axis of the stored array."""
    grid = editing.editor.labels.grid
    return next(plane for plane in PLANES if grid.axis_across(plane) == axis)
