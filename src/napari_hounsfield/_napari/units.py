"""Saying what the numbers of an image are, where its file does not: a CT in NIfTI is in HU, but nothing in it says so."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from magicgui.widgets import ComboBox, Container, Label, PushButton

from napari_hounsfield.operation import Input
from napari_hounsfield.volume import Volume

from .bridge import from_layer, in_unit
from .inputs import LayerChoice
from .layers import KEY, Declared, Shown, contrast_limits
from .layout import rows
from .notices import reported, tell
from .preferences import preferences

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

UNITS = ("HU", "SUV", "stored value")


def declare_unit(layer: Layer, unit: str, window: str = "auto") -> None:
    """Keep the unit of an image layer in its metadata, and show it in that unit's window; its values stay as they are."""
    how = layer.metadata.get(KEY)
    if isinstance(how, Shown) and isinstance(how.template, Volume):
        layer.metadata = {**layer.metadata, KEY: replace(how, template=in_unit(how.template, unit))}
    else:
        layer.metadata = {**layer.metadata, KEY: Declared(unit)}
    volume = from_layer(layer)
    if isinstance(volume, Volume) and not volume.axes.endswith("c"):
        layer.contrast_limits = contrast_limits(volume, window)


class UnitDeclaration(Container[Any]):
    """Image, unit, and a button that says that the numbers of the one are in the other."""

    def __init__(self, viewer: ViewerModel) -> None:
        self.image = LayerChoice(viewer, Input("image", (Volume,), required=True))
        self.unit = ComboBox(name="unit", choices=UNITS, tooltip="HU for CT, SUV for PET")
        self._button = PushButton(
            text="Set unit", tooltip="For files that do not say their unit (NIfTI, NRRD, MetaImage); values stay as they are"
        )
        super().__init__(
            name="units",
            widgets=[Label(value="<b>Unit of an image</b>"), rows([self.image, self.unit]), self._button],
            labels=False,
        )
        self._button.changed.connect(self.set)

    def set(self) -> None:
        """Declare the unit of the chosen image."""
        with reported():
            self.image.read(None)
            declare_unit(self.image.value, self.unit.value, preferences().window)
            tell(f"{self.image.value.name}: the unit is {self.unit.value}")
