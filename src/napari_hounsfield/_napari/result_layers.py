"""Layers of a comparison and of measurements: errors, distances, doubts; centroids, boxes and diameters with their figures."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.errors import LabelError
from napari_hounsfield.operation import Progress, part
from napari_hounsfield.volume import LabelMap, Volume

from .figure_rows import Row, text_of
from .layers import KEY, LayerTuple, Shown, Worlds, layer_tuples
from .places import world_of_patient

if TYPE_CHECKING:
    from napari.layers import Layer

ERROR_COLOURS: dict[int | None, Any] = {1: "#009E73", 2: "#D55E00", 3: "#CC79A7"}
"""True positive green, false positive vermilion, false negative pink: Okabe and Ito's, told apart by everybody."""
MARK = "#F0E442"
LINES_ACROSS = 400
"""A line is this part of the image's longest side."""
Records = Sequence[Mapping[str, Any]]
"""What was measured, a record a row."""
Layers = Generator[Progress, None, list[LayerTuple]]


def errors(prediction: LabelMap, reference: LabelMap, label: int, worlds: Worlds, title: str) -> Layers:
    """Labels of where one class is right, invented and missed."""
    from napari.utils.colormaps import DirectLabelColormap

    from napari_hounsfield.evaluation.layers import error_map_steps

    found = yield from part(error_map_steps(prediction, reference, label), 0, 0.8)
    ((array, arguments, kind),) = layer_tuples(found, worlds, f"{title}: errors")
    colours = {**ERROR_COLOURS, None: "transparent", 0: "transparent"}
    return [(array, {**arguments, "colormap": DirectLabelColormap(color_dict=colours), "opacity": 0.6}, kind)]


def distances(prediction: LabelMap, reference: LabelMap, label: int, worlds: Worlds, title: str) -> Layers:
    """Distance in mm on the predicted surface; clear elsewhere, and where both surfaces agree."""
    from napari_hounsfield.evaluation.layers import surface_distance_map_steps

    found = yield from part(surface_distance_map_steps(prediction, reference, label), 0, 0.8)
    top = float(found.array.max())
    ((array, arguments, kind),) = layer_tuples(found, worlds, f"{title}: surface distance (mm)")
    look = {"colormap": _over_image("turbo", solid=0.0), "contrast_limits": (0.0, top or 1.0), "blending": "translucent"}
    return [(array, {**arguments, **look}, kind)]


def doubts(prediction: LabelMap, sureness: Volume, worlds: Worlds, title: str) -> Layers:
    """1 where recognition saw a tie of two classes, 0 where it was sure; what was painted since is sure."""
    if sureness.array.shape != prediction.array.shape:
        raise LabelError("the sureness lies on another grid than the labels")
    unsure = np.zeros(prediction.array.shape, np.float32)
    for z in range(len(unsure)):
        unsure[z] = 1 - sureness.array[z]
        yield Progress((z + 1) / len(unsure))
    ((array, arguments, kind),) = layer_tuples(replace(sureness, array=unsure), worlds, f"{title}: uncertainty")
    look = {"colormap": _over_image("inferno", solid=0.5), "contrast_limits": (0.0, 1.0), "blending": "translucent"}
    return [(array, {**arguments, **look}, kind)]


def _over_image(name: str, solid: float) -> Any:
    """A colormap of napari's that is clear at 0, and hides the image from the share `solid` of the range on."""
    from napari.utils.colormaps import Colormap, ensure_colormap

    along = np.linspace(0, 1, 256)
    colours = np.array(ensure_colormap(name).map(along))
    colours[:, 3] = np.interp(along, (0, max(solid, along[1])), (0, 1))
    return Colormap(colours, name=f"{name} over an image", display_name=name)


def centroids(records: Records, rows: Sequence[Row], on: Layer) -> LayerTuple:
    """Points at the centroids, with volume and mean beside them."""
    placed = [row for row in rows if row.centre is not None]
    points = [index_of(on, row.centre) for row in placed if row.centre is not None]
    look = {"symbol": "cross", "size": 4 * thin_line(on), "face_color": MARK, "border_width": 0}
    where = np.array(points).reshape(-1, on.ndim)
    where[:, :-2] = np.round(where[:, :-2])  # else a point may lie between two slices
    return where, {**_arguments(on, placed, "centroids"), **look}, "points"


def boxes(records: Records, rows: Sequence[Row], on: Layer) -> LayerTuple:
    """Bounding boxes, each in the middle one of its slices."""
    shapes, placed = [], []
    for record, row in zip(records, rows, strict=True):
        if record.get("box_low_mm") is None:
            continue
        ends = np.array([index_of(on, record[name]) for name in ("box_low_mm", "box_high_mm")])
        low, high = ends.min(axis=0), ends.max(axis=0)
        corners = np.tile(np.floor((low + high) / 2), (4, 1))
        corners[:, -2:] = [[low[-2], low[-1]], [low[-2], high[-1]], [high[-2], high[-1]], [high[-2], low[-1]]]
        shapes.append(corners)
        placed.append(row)
    return shapes, {**_arguments(on, placed, "boxes"), **_lines("rectangle", placed, on)}, "shapes"


def diameters(records: Records, rows: Sequence[Row], on: Layer) -> LayerTuple:
    """Longest diameters in a plane of voxels, as lines in it."""
    shapes, placed = [], []
    for record, row in zip(records, rows, strict=True):
        ends = [record.get(f"plane_diameter_{end}_mm") for end in ("start", "end")]
        if None not in ends:
            line = np.array([index_of(on, end) for end in ends if end is not None])
            line[:, :-2] = np.round(line[:, :-2])  # else napari finds it between two slices
            shapes.append(line)
            placed.append(row)
    texts = [f"{row.figures['plane_diameter_mm']:.1f} mm" for row in placed]
    return shapes, {**_arguments(on, placed, "longest diameters", texts), **_lines("line", placed, on)}, "shapes"


MARKS = {"centroids": centroids, "bounding boxes": boxes, "longest diameters": diameters}


def index_of(layer: Layer, point: Sequence[float]) -> NDArray[np.float64]:
    """Index in a layer of a point (L, P, S) in patient mm."""
    return np.array(layer.world_to_data(world_of_patient(layer, point)[-layer.ndim :]), dtype=float)


def standing_of(layer: Layer) -> dict[str, Any]:
    """Arguments of a layer that stands where this one does, in the viewer and in the patient."""
    said = ("scale", "translate", "rotate", "shear", "affine", "units", "axis_labels")
    how = layer.metadata.get(KEY)
    return {**{name: getattr(layer, name) for name in said}, "metadata": {KEY: how} if isinstance(how, Shown) else {}}


def thin_line(layer: Layer) -> float:
    """Width in voxels of a line that is thin where the whole layer is seen."""
    return float(np.ptp(layer.extent.data[:, -3:], axis=0).max()) / LINES_ACROSS


def _arguments(on: Layer, rows: Sequence[Row], name: str, texts: Sequence[str] = ()) -> dict[str, Any]:
    text = {"string": "{text}", "size": 9, "color": MARK, "anchor": "upper_left"}
    return {"name": f"{on.name}: {name}", "features": _features(rows, texts), "text": text, **standing_of(on)}


def _lines(kind: str, rows: Sequence[Row], on: Layer) -> dict[str, Any]:
    look = {"edge_color": MARK, "face_color": "transparent", "edge_width": thin_line(on), "opacity": 1.0}
    return {"shape_type": [kind] * len(rows), **look}


def _features(rows: Sequence[Row], texts: Sequence[str] = ()) -> dict[str, list[Any]]:
    texts = texts or [_text(row) for row in rows]
    names = dict.fromkeys(name for row in rows for name, value in row.figures.items() if value is not None)
    return {
        "text": list(texts),
        "index": [row.label for row in rows],
        "class": [row.name for row in rows],
        **{name: [row.figures.get(name) for row in rows] for name in names},
    }


def _text(row: Row) -> str:
    figures = row.figures
    number = f" {figures['object']}" if figures.get("object") else ""
    words = [f"{row.name}{number}"]
    if figures.get("volume_ml") is not None:
        words.append(f"{text_of(figures['volume_ml'])} ml")
    if figures.get("mean") is not None:
        words.append(f"mean {text_of(figures['mean'])}")
    return "\n".join(words)
