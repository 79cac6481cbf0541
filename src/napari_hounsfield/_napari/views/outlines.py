"""Prediction and reference as outlines of two colours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from napari.layers import Labels

PREDICTION, REFERENCE = "#ff9f1c", "#00c8ff"
"""Colours that tell apart for the colour-blind too, on grey."""
WIDE = 256
"""Voxels along an axis from which an outline is two voxels wide, to be seen where a pixel of the screen is several."""


class Outlines:
    """Shows labels as outlines, and as they were before."""

    def __init__(self) -> None:
        self._before: dict[Labels, tuple[int, float, bool, Any]] = {}

    def show(self, prediction: Labels, reference: Labels) -> None:
        """Outline two layers of labels, all classes in the colour of the layer."""
        from napari.utils.colormaps import DirectLabelColormap

        self.hide()
        for layer, colour in ((reference, REFERENCE), (prediction, PREDICTION)):
            self._before.setdefault(layer, (layer.contour, layer.opacity, layer.visible, layer.colormap))
            layer.colormap = DirectLabelColormap(color_dict={None: colour, 0: "transparent"})
            layer.contour = 2 if max(layer.data.shape) >= WIDE else 1
            layer.opacity, layer.visible = 1.0, True

    def hide(self) -> None:
        """Fill them again."""
        for layer, (contour, opacity, visible, colormap) in self._before.items():
            layer.contour, layer.opacity, layer.visible, layer.colormap = contour, opacity, visible, colormap
        self._before = {}

    @property
    def shown(self) -> bool:
        """Whether any are."""
        return bool(self._before)
