"""What becomes of an operation's result: layers, a table beside the labels, figures over the canvas, a classifier to choose."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from napari_hounsfield.operation import Operation, Progress
from napari_hounsfield.results import Features, Samples, Segmentation
from napari_hounsfield.volume import LabelMap, Volume

from . import overlay, preferences
from .bridge import add, in_units_of, worlds
from .layers import LayerTuple, layer_tuples
from .notices import warn
from .session import session_of
from .table import Table, label_table, with_columns

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Labels, Layer

RATES = ("sensitivity", "specificity", "accuracy", "dice")
SURFACES = ("hausdorff95_mm", "surface_dice")


class Request:
    """What was asked for: the operation, the chosen layers and their data, read in the main thread."""

    def __init__(
        self, operation: Operation[..., Any], layers: Mapping[str, Layer | None], data: Mapping[str, Any], viewer: ViewerModel
    ) -> None:
        self.operation = operation
        self.layers, self.data = layers, data
        self.worlds = worlds(viewer)
        self.window = preferences.preferences().window
        self.table: Table | None = None

    @property
    def target(self) -> Labels | None:
        """The labels layer whose table takes up the figures."""
        return self.layers.get("prediction") or self.layers.get("labels")

    def count(self) -> None:
        """Count anew what may have been painted since; in the operation's thread."""
        of = next((self.data[name] for name, layer in self.layers.items() if layer is not None and layer is self.target), None)
        labels = of.labels if isinstance(of, Segmentation) else of
        self.table = label_table(labels) if isinstance(labels, LabelMap) else None

    @property
    def title(self) -> str:
        """Name of the result's layer."""
        first = next((layer.name for layer in self.layers.values() if layer is not None), "")
        return f"{first} {self.operation.name}".strip()

    @property
    def volume(self) -> Volume | None:
        """The image that the operation worked on."""
        return next((data for data in self.data.values() if isinstance(data, Volume)), None)


def layers_of(result: Any, request: Request) -> Generator[Progress, None, list[LayerTuple]]:
    """Layers of a result; in the operation's thread."""
    if isinstance(result, Samples) and result.test is not None:
        test = layer_tuples(result.test, request.worlds, f"{request.title} for the test")
        return [*test, *layer_tuples(result, request.worlds, request.title)]
    if not isinstance(result, Volume | LabelMap | Features | Segmentation):
        request.count()
        return []
    tuples = layer_tuples(result, request.worlds, request.title, request.window)
    labels = result.labels if isinstance(result, Segmentation) else result
    if isinstance(labels, LabelMap) and request.volume is not None:
        yield from _add_means(tuples[-1], request.volume, labels)
    return tuples


def _add_means(layer: LayerTuple, volume: Volume, labels: LabelMap) -> Generator[Progress, None, None]:
    from napari_hounsfield import MeasureParams, measure

    measured = yield from measure.steps(volume, labels, MeasureParams(shape=False))
    arguments = layer[1]
    arguments["features"] = with_columns(arguments["features"], measured.to_json()["classes"], mean_column(volume))


def mean_column(volume: Volume | None) -> dict[str, str]:
    """Title of the column of means."""
    return {"HU mean" if volume is not None and volume.unit == "HU" else "mean": "mean"}


def figure_columns(records: list[dict[str, Any]]) -> dict[str, str]:
    """Titles of the columns of a comparison; surfaces only where they were measured."""
    measured = [name for name in SURFACES if any(record.get(name) is not None for record in records)]
    return {name: name for name in (*RATES, *measured)}


def present(viewer: ViewerModel, request: Request, result: Any, layers: list[LayerTuple]) -> None:
    """Show a result, and say what was assumed for it; in the main thread."""
    if isinstance(result, Segmentation):
        warn(result.warnings)
    first = next((layer for layer in request.layers.values() if layer is not None), None)
    added = add(viewer, in_units_of(layers, first))
    if added:
        _hide_older_labels(viewer, [layer for layer, (_, _, kind) in zip(added, layers, strict=True) if kind == "labels"])
        top = added[-1]
        if layers[-1][2] == "labels":
            overlay.show(viewer, top.name, overlay.table_lines(top.features), top)
        if isinstance(result, Features):
            overlay.name_map(viewer, top, result.names)
        return
    if hasattr(result, "figures"):
        strokes = request.layers.get("strokes")
        name = session_of(viewer).keep(result, f"classifier of {strokes.name}" if strokes is not None else "classifier")
        overlay.show(viewer, name, overlay.figure_lines(result.figures))
        return
    records = result.to_json()["classes"]
    target = request.target
    columns = figure_columns(records) if "prediction" in request.layers else mean_column(request.volume)
    if target is not None and request.table is not None and target in viewer.layers:
        _refresh_table(target, request, records, columns)
        overlay.show(viewer, target.name, overlay.table_lines(target.features), target)


_results: WeakSet[Layer] = WeakSet()
"""Labels layers that operations have added in this session."""


def _hide_older_labels(viewer: ViewerModel, newest: list[Layer]) -> None:
    """Leave the newest result alone over the image; layers of the user, and what was opened, stay as they are."""
    if newest:
        for layer in viewer.layers:
            if getattr(layer, "__wrapped__", layer) in _results:  # plugins are handed proxies
                layer.visible = False
        _results.update(getattr(layer, "__wrapped__", layer) for layer in newest)


def _refresh_table(layer: Labels, request: Request, records: list[dict[str, Any]], columns: Mapping[str, str]) -> None:
    """Replace the counts, and add the new figures to those that are there."""
    assert request.table is not None
    fresh = request.table
    replaced = {*fresh, *columns, *((*RATES, *SURFACES) if "dice" in columns else ())}
    kept = {name: name for name in layer.features.columns if name not in replaced}
    before = [
        {"label": row["index"], "name": row["class"], **{name: row[name] for name in kept}}
        for _, row in layer.features.iterrows()
        if {"index", "class"} <= set(layer.features.columns)
    ]
    layer.features = with_columns(with_columns(fresh, before, kept), records, columns)
