"""Which image a labels layer was drawn on: a layer that napari made itself does not say so, but it lies on the image's voxels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_hounsfield.grid import same_lattice
from napari_hounsfield.volume import Volume

from .bridge import from_layer
from .layers import KEY, Shown

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari.layers import Layer


def drawn_on(layer: Layer, layers: Iterable[Layer]) -> Layer | None:
    """The DICOM image among `layers` whose voxels those of a plain labels layer are; None where there is none, or no need."""
    if layer._type_string != "labels" or layer.ndim > 3 or isinstance(layer.metadata.get(KEY), Shown):
        return None
    for image in layers:
        how = image.metadata.get(KEY)
        if not isinstance(how, Shown) or how.partial or not isinstance(how.template, Volume) or how.template.source is None:
            continue
        if sorted(how.placement.grid.shape) != sorted((1, *layer.data.shape)[-3:]):
            continue
        if same_lattice(from_layer(layer, image).grid, from_layer(image).grid):
            return image
    return None
