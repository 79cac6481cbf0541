"""How series are read, folded away in *Open DICOM*: what to do with those that are refused as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_hounsfield.dicom.read_params import ReadParams

from .fields import Group

if TYPE_CHECKING:
    from collections.abc import Callable

CHOOSING = ("series", "part")
"""Fields that choose a series, which the table does here."""


class ReadingOptions(Group):
    """The fields of ReadParams that decide how a series is read; `on_change` is called when one is changed."""

    def __init__(self, on_change: Callable[[], None]) -> None:
        super().__init__("reading options", ReadParams(), "For series that are refused as they are, or are to be read otherwise")
        for name, widget in self.fields.inputs.items():
            if name in CHOOSING:
                widget.visible = False
            widget.changed.connect(lambda _: on_change())

    def params(self) -> Any:
        """As they are chosen."""
        return self.fields.params()
