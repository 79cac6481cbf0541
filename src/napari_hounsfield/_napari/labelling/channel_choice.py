"""Which further images of a patient are taken into a session with the chosen one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from magicgui.widgets import CheckBox, Container
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QListWidget, QListWidgetItem

from napari_hounsfield._napari.listening import LayerListener

from .buttons import native

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

    from napari_hounsfield._napari.inputs import LayerChoice

HEIGHT = 60
"""Pixels: three images; more scroll."""


class ChannelChoice(Container[Any]):
    """Images beside the chosen one, to tick.

    Parameters
    ----------
    image
        Chooses the main image; what it offers besides is offered here.
    """

    def __init__(self, viewer: ViewerModel, image: LayerChoice) -> None:
        self._image = image
        self._layers: list[Layer] = []
        self.list = QListWidget()
        self.list.setFixedHeight(HEIGHT)
        self.list.setToolTip("PET or MR of the same patient with CT, T2 with T1: all that is ticked is learned from together")
        self.any_frame = CheckBox(
            value=False,
            text="other frames of reference too",
            tooltip="Images that were registered; by default all must share a DICOM frame of reference, or not say theirs",
        )
        super().__init__(widgets=[native(self.list), self.any_frame], labels=False)
        self._listener = LayerListener(viewer, self.refresh, self.native)
        image.changed.connect(self.refresh)
        self.refresh()

    @property
    def chosen(self) -> list[Layer]:
        """Layers that are ticked, from the top of the list."""
        return [layer for row, layer in enumerate(self._layers) if self._item(row).checkState() == Qt.CheckState.Checked]

    def choose(self, *layers: Layer) -> None:
        """Tick these and no others."""
        for row, layer in enumerate(self._layers):
            self._item(row).setCheckState(Qt.CheckState.Checked if layer in layers else Qt.CheckState.Unchecked)

    def refresh(self, _: Any = None) -> None:
        """Offer the images that are there now, ticked as before."""
        ticked = self.chosen
        self._image.refresh()  # which of the two napari tells first is not known
        self._layers = [layer for layer in self._image.choices if layer is not None and layer is not self._image.value]
        self.list.clear()
        for layer in self._layers:
            item = QListWidgetItem(layer.name)
            item.setFlags(Qt.ItemFlag.ItemIsUserCheckable | Qt.ItemFlag.ItemIsEnabled)
            item.setCheckState(Qt.CheckState.Unchecked)
            self.list.addItem(item)
        self.choose(*ticked)

    def _item(self, row: int) -> QListWidgetItem:
        item = self.list.item(row)
        assert item is not None
        return item
