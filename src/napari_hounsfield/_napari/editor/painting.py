"""The *Paint* page: brush in millimetres, a ball or a disc, and where tools and operations may write."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from magicgui.widgets import CheckBox, ComboBox, Container, FloatSpinBox, PushButton
from napari.layers import Image
from qtpy.QtWidgets import QAbstractSpinBox, QSizePolicy

from napari_hounsfield._napari.bridge import millimetres
from napari_hounsfield._napari.layout import rows
from napari_hounsfield._napari.notices import reported

from .adopted import LayerEditing
from .classes import Classes
from .masking import Masking, fits

if TYPE_CHECKING:
    from napari.components import ViewerModel

EVERYWHERE, BACKGROUND = "everywhere", "background only"
LIMIT = 1e9
NARROW = 66
"""Pixels of a number, at least."""


class Painting(Container[Any]):
    """Shows the brush and the limits of the layer that is edited, and changes them."""

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = viewer
        self._editing: LayerEditing | None = None
        self.brush = FloatSpinBox(
            name="brush", label="brush (mm)", min=0.01, max=10_000, step=1, tooltip="Diameter of brush and eraser"
        )
        self.brush.native.setDecimals(1)
        self.ball = CheckBox(
            name="ball", text="ball through slices", tooltip="Brush, eraser and bucket work in 3D, not on the slice"
        )
        self.over = ComboBox(
            name="over",
            label="write",
            choices=[EVERYWHERE],
            tooltip="What tools and operations may write over; locked classes are kept in any case",
        )
        self.image = ComboBox(
            name="image",
            label="image",
            choices=self._images,
            nullable=True,
            tooltip="Only voxels whose value in this image is in the range are changed. Images on the grid of the labels",
        )
        self.low = FloatSpinBox(name="low", min=-LIMIT, max=LIMIT, step=10, tooltip="Lowest value that is painted")
        self.high = FloatSpinBox(name="high", min=-LIMIT, max=LIMIT, step=10, tooltip="Highest value that is painted")
        for number in (self.low, self.high):
            number.native.setDecimals(2)
            number.native.setButtonSymbols(QAbstractSpinBox.ButtonSymbols.NoButtons)
            number.native.setMinimumWidth(NARROW)
            number.native.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)  # else as wide as its bounds
        self.window = PushButton(text="as shown", tooltip="The range that the image's contrast shows between black and white")
        limits: Container[Any] = Container(
            widgets=[self.low, self.high, self.window], layout="horizontal", label="range", labels=False
        )
        limits.margins = (0, 0, 0, 0)
        super().__init__(widgets=[rows([self.brush, self.ball, self.over, self.image, limits])], labels=False)
        self.brush.changed.connect(self._set_brush)
        self.ball.changed.connect(self._set_ball)
        self.window.changed.connect(self._take_window)
        for widget in (self.over, self.image, self.low, self.high):
            widget.changed.connect(self._set_masking)

    def show_editing(self, editing: LayerEditing | None) -> None:
        """Show how things stand for a layer."""
        self._editing = editing
        self.enabled = editing is not None
        if editing is None:
            return
        layer, masking = editing.layer, editing.masking
        names = {EVERYWHERE: None, BACKGROUND: frozenset({0})}
        classes = Classes(editing)
        names |= {f"inside {editing.name_of(value)}": frozenset({value}) for value in classes.values}
        with self.over.changed.blocked(), self.image.changed.blocked(), self.low.changed.blocked(), self.high.changed.blocked():
            if tuple(self.over.choices) != tuple(names):
                self.over.choices = list(names)
            self.over.value = next((name for name, over in names.items() if over == masking.over), EVERYWHERE)
            if list(self.image.choices) != [None, *self._images()]:
                self.image.reset_choices()
            self.image.value = masking.image if masking.image in self.image.choices else None
            self.low.value, self.high.value = masking.low, masking.high
        with self.brush.changed.blocked(), self.ball.changed.blocked():
            self.brush.value = layer.brush_size * self._voxel(layer)
            self.ball.value = layer.n_edit_dimensions > 2
        self.ball.enabled = layer.ndim > 2
        self.low.enabled = self.high.enabled = self.window.enabled = masking.image is not None

    def _images(self, _: Any = None) -> list[Any]:
        layer = None if self._editing is None else self._editing.layer
        return [] if layer is None else [one for one in self._viewer.layers if isinstance(one, Image) and fits(one, layer)]

    @staticmethod
    def _voxel(layer: Any) -> float:
        """Millimetres that napari counts the brush in: the smallest side of a voxel that is painted on."""
        sides = [abs(layer.scale[axis]) * millimetres(layer.units[axis]) for axis in layer._get_dims_to_paint()]
        return float(min(sides))

    def _set_brush(self, mm: float) -> None:
        if self._editing is not None:
            layer = self._editing.layer
            layer.brush_size = max(1, round(mm / self._voxel(layer)))

    def _set_ball(self, ball: bool) -> None:
        if self._editing is not None:
            mm = self.brush.value
            self._editing.layer.n_edit_dimensions = 3 if ball else 2
            self._set_brush(mm)  # the same millimetres, though they may be counted in another side of the voxel

    def _take_window(self) -> None:
        if self._editing is not None and self.image.value is not None:
            low, high = self.image.value.contrast_limits
            self._mask(low=float(low), high=float(high))

    def _set_masking(self) -> None:
        self._mask(low=self.low.value, high=self.high.value)

    def _mask(self, low: float, high: float) -> None:
        editing = self._editing
        if editing is None:
            return
        over = self._over(editing)
        image = self.image.value
        if image is not None and editing.masking.image is None:  # chosen just now
            low, high = (float(limit) for limit in image.contrast_limits)
        with reported():
            editing.set_masking(Masking(over, image, low, high))

    def _over(self, editing: LayerEditing) -> frozenset[int] | None:
        if self.over.value in (EVERYWHERE, BACKGROUND):
            return None if self.over.value == EVERYWHERE else frozenset({0})
        position = list(self.over.choices).index(self.over.value) - 2
        return frozenset({int(np.asarray(Classes(editing).values)[position])})
