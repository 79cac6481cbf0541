"""What each layer has at a point of the world, in words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_hounsfield._napari.layers import KEY, Shown
from napari_hounsfield._napari.probabilities import maps_of, sureness_of
from napari_hounsfield._napari.table import class_names
from napari_hounsfield._napari.windowing.images import unit_of, valid_of
from napari_hounsfield.results import Features

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

Point = Sequence[float]
Index = tuple[int, ...]
LIKELIEST = 3
"""Classes whose probabilities are told."""
OUTSIDE = "outside the scanned field"


def index_at(layer: Layer, point: Point) -> Index | None:
    """Index in a layer's array of the voxel at a point of the world; None beside it."""
    place = np.round(layer.world_to_data(point)).astype(int)
    data = layer.data[0] if getattr(layer, "multiscale", False) else layer.data
    inside = all(0 <= i < n for i, n in zip(place, data.shape, strict=False))
    return tuple(int(i) for i in place) if inside else None


def value_at(layer: Layer, point: Point, displayed: Sequence[int]) -> Any:
    """What a visible layer shows at a point: of the slice that is drawn, so that nothing is read or computed for it."""
    value = layer.get_value(point, dims_displayed=list(displayed), world=True)
    return value[1] if getattr(layer, "multiscale", False) and value is not None else value


def image_text(layer: Layer, point: Point, displayed: Sequence[int]) -> str:
    """Value of an image with its unit; empty beside it."""
    index = index_at(layer, point)
    value = value_at(layer, point, displayed) if index is not None else None
    if index is None or value is None:
        return ""
    valid = valid_of(layer)
    if valid is not None and not valid[index[-3:]]:
        return f"{name_of(layer, index)}: {OUTSIDE}"
    return f"{name_of(layer, index)}: {colour_text(value) if layer.rgb else number_text(float(value), unit_of(layer))}"


def name_of(layer: Layer, index: Index) -> str:
    """Name of an image, with its map or time point where it has several."""
    how = layer.metadata.get(KEY)
    if isinstance(how, Shown) and isinstance(how.template, Features):
        return how.template.names[index[0]]
    if isinstance(how, Shown) and len(index) > 3:
        return f"{layer.name} time {index[0] + 1}"
    return str(layer.name)


def number_text(value: float, unit: str) -> str:
    """A value with its unit: HU to whole ones where they are whole, SUV (g/ml of body weight) to hundredths."""
    if not math.isfinite(value):
        return "no number"
    if unit == "HU":
        return f"{value:.0f} HU" if value.is_integer() else f"{value:.1f} HU"
    if unit == "SUV":
        return f"SUV {value:.2f}"
    number = f"{value:.0f}" if value.is_integer() else f"{value:.4g}"
    return f"{number} ({unit})" if unit else number


def colour_text(value: Any) -> str:
    """A colour by its parts."""
    return " ".join(f"{part} {float(number):.4g}" for part, number in zip("RGBA", np.atleast_1d(value), strict=False))


def labels_text(viewer: ViewerModel, layer: Layer, point: Point, displayed: Sequence[int]) -> str:
    """Class of a labels layer, and how likely it and others were to the classifier; empty where nothing is known."""
    index = index_at(layer, point)
    label = value_at(layer, point, displayed) if index is not None else None
    if index is None or label is None:
        return ""
    words = []
    names = class_names(layer.features)
    if label or 0 in names:
        words.append(names.get(int(label), f"label {label}"))
    likely = {name: found for name, one in maps_of(viewer, layer).items() if (found := _read(one, point)) is not None}
    if likely:
        best = sorted(likely.items(), key=lambda item: -item[1])[:LIKELIEST]
        words.append("P " + ", ".join(f"{name} {value:.2f}" for name, value in best))
    sureness = sureness_of(viewer, layer)
    sure = None if sureness is None else _read(sureness, point)
    if sure is not None:
        words.append(f"sure {sure:.2f}")
    return f"{layer.name}: {', '.join(words)}" if words else ""


def _read(layer: Layer, point: Point) -> float | None:
    """Value of a map that may be hidden, and is in memory."""
    index = index_at(layer, point)
    return float(layer.data[index]) if index is not None and isinstance(layer.data, np.ndarray) else None
