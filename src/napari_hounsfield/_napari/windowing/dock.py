"""The dock of windows and slabs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_hounsfield._napari.layout import Dock, rows
from napari_hounsfield._napari.slab import SlabPanel
from napari_hounsfield._napari.viewing import equip

from .panel import WindowPanel

if TYPE_CHECKING:
    from napari.components import ViewerModel


class Windows(Dock):
    """*Windows*: window and level of what is shown, and how thick a slice is."""

    def __init__(self, napari_viewer: ViewerModel) -> None:
        viewer = getattr(napari_viewer, "__wrapped__", napari_viewer)
        equip(viewer)
        self.window_panel = WindowPanel(viewer)
        self.slab_panel = SlabPanel(viewer)
        super().__init__(rows([self.window_panel, self.slab_panel], labels=False))
