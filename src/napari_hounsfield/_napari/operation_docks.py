"""Docks that are forms of operations, one below the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import napari_hounsfield as nh

from .form import OperationForm
from .layout import Dock, rows
from .units import UnitDeclaration

if TYPE_CHECKING:
    from napari.components import ViewerModel


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


class MatchToImage(Forms):
    """*Match to image*."""

    offers: ClassVar = {"match": "Labels", "match_image": "Image"}


class FirstClasses(Forms):
    """*First classes*: a draft without supervision, and samples drawn from it."""

    offers: ClassVar = {"classes": "First classes", "samples": "Training and test samples", "clean": "Clean up"}
