"""A new layer to paint strokes on, with named classes, on the grid of an image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from magicgui.widgets import Container, Label, LineEdit, PushButton

from napari_hounsfield.errors import LabelError
from napari_hounsfield.operation import Input
from napari_hounsfield.volume import Volume

from .bridge import add, in_units_of, worlds
from .inputs import LayerChoice
from .layers import blank_strokes, layer_tuples
from .layout import rows
from .notices import reported

if TYPE_CHECKING:
    from napari.components import ViewerModel


class StrokesMaker(Container[Any]):
    """Image, class names, and a button that makes the layer and takes up the brush."""

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = viewer
        self._image = LayerChoice(viewer, Input("image", (Volume,), required=True))
        self._classes = LineEdit(
            name="classes",
            value="background, structure",
            tooltip="Names, separated by commas; the first is label 1. A class named background becomes 0 in results",
        )
        self._button = PushButton(text="New strokes layer", tooltip="Paint a few strokes of every class, on a few slices")
        chosen = rows([self._image, self._classes])
        super().__init__(name="strokes", widgets=[Label(value="<b>Strokes</b>"), chosen, self._button], labels=False)
        self._button.changed.connect(self.make)

    def make(self) -> None:
        """Add the layer, select it, and turn painting on."""
        with reported():
            names = [name.strip() for name in self._classes.value.split(",") if name.strip()]
            if len(names) < 2:
                raise LabelError("classes: name at least two, separated by commas")
            volume = self._image.read(None)
            strokes = blank_strokes(volume, dict(enumerate(names, start=1)))
            tuples = layer_tuples(strokes, worlds(self._viewer))
            (layer,) = add(self._viewer, in_units_of(tuples, self._image.value))
            layer.opacity = 1.0
            layer.mode = "paint"
            layer.brush_size = 5
            layer.selected_label = 1
            self._viewer.layers.selection.active = layer
