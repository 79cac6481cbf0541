"""The dock of whole images: labels, comparison, use."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from magicgui.widgets import Container
from qtpy.QtWidgets import QTabWidget

from napari_hounsfield._napari.layout import Dock

from .compare_page import ComparePage
from .label_page import LabelPage
from .use_page import UsePage

if TYPE_CHECKING:
    from napari.components import ViewerModel


class BPClassification(Dock):
    """*BP classification*: labels for whole images, models compared on them, and one of them used."""

    def __init__(self, napari_viewer: ViewerModel) -> None:
        self.compare = ComparePage(napari_viewer)
        self.use = UsePage(napari_viewer, self.compare)
        self.label = LabelPage(napari_viewer, self._on_saved)
        self.tabs = QTabWidget()
        for name, page in (("Label", self.label), ("Compare", self.compare), ("Use", self.use)):
            page.native.layout().addStretch(0 if name == "Compare" else 1)
            self.tabs.addTab(page.native, name)
        self.tabs.currentChanged.connect(self._on_tab)
        content: Container[Any] = Container(labels=False)
        content.native.layout().addWidget(self.tabs)
        super().__init__(content, stretch=False)

    def _on_tab(self, place: int) -> None:
        """Keys are the viewer's own while another page is open."""
        self.label.listen(self.tabs.widget(place) is self.label.native)

    def _on_saved(self, labels: Path) -> None:
        """Offer the labels for comparison, unless a table was chosen there."""
        if self.compare.table.path is None:
            self.compare.table.choose(labels)
