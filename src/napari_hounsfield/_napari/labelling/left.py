"""Strokes of images that have left a session, for when they come back."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary, ref

from napari_hounsfield._napari.editor.register import editing_of
from napari_hounsfield.volume import LabelMap

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Labels, Layer

    from napari_hounsfield.volume import Volume

    from .bound import BoundImage


class LeftStrokes:
    """By image: the layer of its strokes, and whether it was made for them; what was painted, where that layer was deleted."""

    def __init__(self) -> None:
        self._of: WeakKeyDictionary[Layer, tuple[ref[Labels], bool] | LabelMap] = WeakKeyDictionary()

    def remember(self, bound: BoundImage) -> None:
        """Remember the strokes of an image that leaves."""
        layer, strokes = bound._layer(), bound.strokes
        if layer is not None:
            self._of[layer] = bound.image.strokes if strokes is None else (ref(strokes), bound.made)

    def forget(self) -> None:
        """Remember nothing any more."""
        self._of.clear()

    def given_back(self, layer: Layer, volume: Volume, viewer: ViewerModel) -> tuple[Labels, bool] | LabelMap | None:
        """What an image left with, once; None where there is nothing, or it is gone or of another shape."""
        left = self._of.pop(layer, None)
        if isinstance(left, tuple):
            strokes, made = left[0](), left[1]
            editing = editing_of(strokes) if strokes in viewer.layers else None
            fits = editing is not None and editing.editor.labels.grid.shape == volume.grid.shape
            return (strokes, made) if strokes is not None and fits else None
        return left if left is not None and left.grid.shape == volume.grid.shape else None
