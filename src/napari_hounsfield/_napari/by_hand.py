"""*Metrics > By hand*: a ruler in mm and regions with mean and sd, drawn with napari's own shapes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from magicgui.widgets import Container, Label, PushButton
from napari.layers import Shapes
from qtpy.QtCore import QTimer

from napari_hounsfield.operation import Input
from napari_hounsfield.volume import Volume

from .bridge import from_layer
from .figure_rows import Row, text_of
from .hand_figures import figures_of
from .inputs import LayerChoice
from .layout import rows
from .metrics_table import MetricsTable
from .notices import reported
from .places import go_to
from .result_layers import MARK, standing_of, thin_line

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

NAME = "by hand"
PAUSE_MS = 60
"""Milliseconds; a shape that is dragged changes at every move."""


class ByHand(Container[Any]):
    """Image, buttons that take up a tool, and a table of what is drawn."""

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = viewer
        self.image = LayerChoice(viewer, Input("image", (Volume,), required=True))
        self.layer: Layer | None = None
        self._image: Layer | None = None
        tools = {
            "Ruler": ("add_line", "Drag a line: its length in mm"),
            "Rectangle": ("add_rectangle", "Drag a rectangle: its area, and mean and sd of the image in it"),
            "Ellipse": ("add_ellipse", "Drag an ellipse: its area, and mean and sd of the image in it"),
            "Polygon": ("add_polygon", "Click the corners, double-click the last: area, mean and sd"),
        }
        buttons = [PushButton(text=text, tooltip=tip) for text, (_, tip) in tools.items()]
        for button, (mode, _) in zip(buttons, tools.values(), strict=True):
            button.changed.connect(lambda _=None, mode=mode: self.draw(mode))
        bar = Container(widgets=buttons, layout="horizontal", labels=False)
        bar.margins = (0, 0, 0, 0)
        hint = Label(value="Draw on the image; a shape is measured in the slice it is drawn in, and again when it is moved.")
        hint.native.setWordWrap(True)
        super().__init__(name="by_hand", widgets=[rows([self.image]), bar, hint], labels=False)
        self.margins = (0, 0, 0, 0)
        self.table = MetricsTable(self.go_to, "shape")
        self.native.layout().addWidget(self.table)
        self._timer = QTimer(self.native)
        self._timer.setSingleShot(True)
        self._timer.setInterval(PAUSE_MS)
        self._timer.timeout.connect(self.measure)
        self._listener = _ShapesListener(self._timer)
        self.native.destroyed.connect(self._listener.stop)

    def draw(self, mode: str) -> None:
        """Take up a tool, on the layer that is there for this image or on a new one."""
        with reported():
            image = self.image.chosen()
            from_layer(image)  # says why, where it cannot be measured
            self._viewer.dims.ndisplay = 2  # napari draws shapes in slices alone
            if self.layer is None or self.layer not in self._viewer.layers or image is not self._image:
                self._add(image)
            assert self.layer is not None
            self.layer.mode = mode
            self._viewer.layers.selection.active = self.layer

    def _add(self, image: Any) -> None:
        text = {"string": "{text}", "size": 10, "color": MARK, "anchor": "upper_left"}
        layer = Shapes(
            None, ndim=image.ndim, name=f"{image.name}: {NAME}", features={"text": np.empty(0, object)}, text=text,
            edge_color=MARK, face_color="#00000000", edge_width=thin_line(image), opacity=1.0, **standing_of(image),
        )  # fmt: skip
        self.layer, self._image = self._viewer.add_layer(layer), image
        self._listener.follow(layer)

    def measure(self) -> None:
        """Measure every shape, and write it beside it."""
        if self.layer is None or self.layer not in self._viewer.layers:
            self.table.show_rows([], lambda label: None)
            return
        image: Any = self._image if self._image in self._viewer.layers else None
        found = []
        for number, (kind, vertices) in enumerate(zip(self.layer.shape_type, self.layer.data, strict=True), start=1):
            figures = figures_of(kind, np.asarray(vertices, dtype=float), self.layer, image)
            found.append(Row(number, f"{kind} {number}", figures, {}))
        names = dict.fromkeys(name for row in found for name in row.figures)
        self.layer.features = {
            "text": np.array([_text(row) for row in found], object),
            **{name: [row.figures.get(name, np.nan) for row in found] for name in names},
        }
        self.layer.refresh_text()
        self.table.show_rows(found, lambda label: None)

    def go_to(self, row: Row) -> None:
        """Move the viewer to a shape."""
        if self.layer is not None and row.label <= len(self.layer.data):
            go_to(self._viewer, self.layer.data_to_world(np.mean(self.layer.data[row.label - 1], axis=0)))


class _ShapesListener:
    """Measures when shapes change; a plain object, since napari looks into what is connected."""

    def __init__(self, timer: QTimer) -> None:
        self._timer, self._layer = timer, None

    def follow(self, layer: Any) -> None:
        """Follow this layer instead of another."""
        self.stop()
        self._layer = layer
        layer.events.set_data.connect(self.on_change)
        layer.events.data.connect(self.on_change)

    def on_change(self, event: Any = None) -> None:
        """Measure soon."""
        if self._layer is not None and not self._timer.isActive():
            self._timer.start()

    def stop(self, *_: Any) -> None:
        """Let go of the layer."""
        if self._layer is not None:
            self._layer.events.set_data.disconnect(self.on_change)
            self._layer.events.data.disconnect(self.on_change)
        self._layer = None


def _text(row: Row) -> str:
    figures = row.figures
    if "length_mm" in figures:
        return f"{figures['length_mm']:.1f} mm"
    words = [f"{figures['area_mm2']:.0f} mm²"]
    if "mean" in figures:
        words.append(f"{text_of(figures['mean'])} ± {text_of(figures['sd'])}")
    return "\n".join(words)
