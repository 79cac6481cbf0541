"""Probability maps that recognition has shown beside its labels, as part of what is compared."""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping
from typing import TYPE_CHECKING

import numpy as np

from napari_hounsfield.operation import Progress
from napari_hounsfield.results import Features, Segmentation
from napari_hounsfield.volume import LabelMap, Volume

from .bridge import from_layer

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

Maps = Mapping[str, "Layer"]
"""Layers by the name of the class."""

NUMBERED = re.compile(r"^(?P<name>.*?)(?P<number> \[\d+\])?$")
"""napari numbers layers of one name."""


def maps_of(viewer: ViewerModel, labels: Layer | None) -> Maps:
    """Layers `NAME: probability of CLASS` of a labels layer NAME; none where it or they were renamed."""
    if labels is None:
        return {}
    name, number = _parts(labels.name)
    start = f"{name}: probability of "
    found = {}
    for layer in viewer.layers:
        other, of = _parts(layer.name)
        if layer._type_string == "image" and other.startswith(start) and of == number:
            found[other.removeprefix(start)] = layer
    return found


def sureness_of(viewer: ViewerModel, labels: Layer) -> Layer | None:
    """Layer `NAME: sureness` of a labels layer NAME."""
    name, number = _parts(labels.name)
    return next((layer for layer in viewer.layers if _parts(layer.name) == (f"{name}: sureness", number)), None)


def _parts(name: str) -> tuple[str, str]:
    match = NUMBERED.match(name)
    return (match["name"], match["number"] or "") if match else (name, "")


def with_probabilities(labels: LabelMap, maps: Maps) -> Generator[Progress, None, LabelMap | Segmentation]:
    """Labels with the maps that are on their grid; without them where there are none."""
    names, arrays = [], []
    for done, (name, layer) in enumerate(maps.items()):
        volume = from_layer(layer)
        if isinstance(volume, Volume) and volume.array.shape == labels.array.shape and name in labels.classes.values():
            names.append(name)
            arrays.append(volume.array)
        yield Progress(done / len(maps))
    if not names:
        return labels
    stack = np.empty((len(arrays), *labels.array.shape), np.float32)
    for index, array in enumerate(arrays):
        stack[index] = array
        yield Progress(1)
    probabilities = Features(
        stack, names, labels.affine, frame_of_reference=labels.frame_of_reference, source=labels.source, name=labels.name
    )
    return Segmentation(labels, probabilities)
