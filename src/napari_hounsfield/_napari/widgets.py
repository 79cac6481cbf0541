"""The named docks of the manifest: each a column of forms, one for every operation it offers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from magicgui.widgets import Container
from qtpy.QtWidgets import QTabWidget

import napari_hounsfield as nh

from .form import OperationForm
from .gabor_dock import GaborForm
from .labelling.draft_page import DraftPage
from .labelling.judge_page import JudgePage
from .labelling.paint_page import PaintPage
from .layout import Dock, rows
from .slab import SlabPanel
from .strokes import StrokesMaker
from .surface_form import SurfaceForm
from .units import UnitDeclaration
from .viewing import equip
from .windowing.panel import WindowPanel

if TYPE_CHECKING:
    from napari.components import ViewerModel

__all__ = ["BPSegmentation", "FirstClasses", "GaborBank", "Surfaces", "WindowAndThreshold", "Windows"]


class Forms(Dock):
    """Forms of the operations named in `offers`, under headings where there are several."""

    offers: ClassVar[dict[str, str]] = {}
    """Public name of an operation, and its heading."""

    def __init__(self, napari_viewer: ViewerModel) -> None:
        titled = len(self.offers) > 1
        self.forms = {name: self.form(napari_viewer, name, title if titled else "") for name, title in self.offers.items()}
        super().__init__(rows([*self.extras(napari_viewer), *self.forms.values()], labels=False))

    def form(self, viewer: ViewerModel, name: str, title: str) -> OperationForm:
        """Form of the operation `name`."""
        return OperationForm(viewer, getattr(nh, name), title)

    def extras(self, viewer: ViewerModel) -> list[Any]:
        """Widgets above the forms."""
        return []


class WindowAndThreshold(Forms):
    """*HU window and threshold*."""

    offers: ClassVar = {"window": "Window", "threshold": "Threshold"}

    def extras(self, viewer: ViewerModel) -> list[Any]:
        """The unit of an image whose file does not say it."""
        return [UnitDeclaration(viewer)]


class GaborBank(Forms):
    """*Gabor bank*."""

    offers: ClassVar = {"gabor": "Gabor bank", "features": "All features of a classifier"}

    def form(self, viewer: ViewerModel, name: str, title: str) -> OperationForm:
        """Form of the bank with pictures and preview; the generic one of the features."""
        return GaborForm(viewer, title) if name == "gabor" else super().form(viewer, name, title)

    def hideEvent(self, event: Any) -> None:  # noqa: N802
        """Take away what is shown for a while."""
        self._bank.pause()
        super().hideEvent(event)

    def showEvent(self, event: Any) -> None:  # noqa: N802
        """Show it again."""
        self._bank.resume()
        super().showEvent(event)

    @property
    def _bank(self) -> GaborForm:
        form = self.forms["gabor"]
        assert isinstance(form, GaborForm)
        return form


class FirstClasses(Forms):
    """*First classes*: a draft without supervision, and samples drawn from it."""

    offers: ClassVar = {"classes": "First classes", "samples": "Training and test samples", "clean": "Clean up"}


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


class Windows(Dock):
    """*Windows*: window and level of what is shown, and how thick a slice is."""

    def __init__(self, napari_viewer: ViewerModel) -> None:
        viewer = getattr(napari_viewer, "__wrapped__", napari_viewer)
        equip(viewer)
        self.window_panel = WindowPanel(viewer)
        self.slab_panel = SlabPanel(viewer)
        super().__init__(rows([self.window_panel, self.slab_panel], labels=False))


class Surfaces(Dock):
    """*Surfaces*: classes in 3D."""

    def __init__(self, napari_viewer: ViewerModel) -> None:
        self.form = SurfaceForm(getattr(napari_viewer, "__wrapped__", napari_viewer))
        super().__init__(rows([self.form], labels=False))
