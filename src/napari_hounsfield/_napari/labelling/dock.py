"""The dock of recognition: while one paints, and its steps one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from magicgui.widgets import Container
from qtpy.QtWidgets import QTabWidget

from napari_hounsfield._napari.layout import Dock
from napari_hounsfield._napari.operation_docks import Forms
from napari_hounsfield._napari.strokes import StrokesMaker

from .draft_page import DraftPage
from .judge_page import JudgePage
from .paint_page import PaintPage

if TYPE_CHECKING:
    from napari.components import ViewerModel


class Steps(Forms):
    """Training, recognition and clean-up, one by one, each with its own layers."""

    offers: ClassVar = {"train": "Train", "segment": "Segment", "clean": "Clean up"}

    def extras(self, viewer: ViewerModel) -> list[Any]:
        """A layer to paint strokes on."""
        return [StrokesMaker(viewer)]


class BPSegmentation(Dock):
    """*BP segmentation*: recognition while you paint, and its steps one by one."""

    def __init__(self, napari_viewer: ViewerModel) -> None:
        self.page = PaintPage(napari_viewer)
        self.drafts = DraftPage(self.page.viewer, self.page.runs)
        self.judge = JudgePage(self.page.runs)
        self.page.refreshed.append(self.judge.refresh)
        self.steps = Steps(napari_viewer)
        self.forms = self.steps.forms
        self.tabs = QTabWidget()
        self.tabs.addTab(self.page.native, "Paint")
        for name, tab in (("Drafts", self.drafts.native), ("Judge", self.judge.native), ("Steps", self.steps)):
            self.tabs.addTab(tab, name)
        content: Container[Any] = Container(labels=False)
        layout = content.native.layout()
        layout.addWidget(self.tabs, 1)
        layout.addWidget(self.page.message.native)
        layout.addWidget(self.page.bar.native)  # one run at a time, whatever tab is open
        super().__init__(content, stretch=False)
