"""*Metrics*: labels against a reference, what labels measure, and what is measured by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from magicgui.widgets import Container
from qtpy.QtWidgets import QTabWidget, QVBoxLayout, QWidget

import napari_hounsfield as nh
from napari_hounsfield.errors import LabelError
from napari_hounsfield.operation import Progress

from . import result_layers
from .bridge import from_layer, worlds
from .by_hand import ByHand
from .curves import beside, confusion
from .figure_rows import Row, class_rows, object_rows
from .figures_panel import FiguresPanel
from .layout import Dock
from .live_form import LiveForm, Outcome
from .notices import tell
from .probabilities import sureness_of
from .worker import Steps

if TYPE_CHECKING:
    from napari.components import ViewerModel

MOST_MARKS = 100
"""More would cover the image."""
COMPARISONS = ("error map", "surface distances", "uncertainty")


class Metrics(Dock):
    """*Metrics*."""

    def __init__(self, napari_viewer: ViewerModel) -> None:
        self._viewer = napari_viewer
        self.comparison = FiguresPanel(napari_viewer, _pictures(), COMPARISONS, self._compared)
        self.measurement = FiguresPanel(napari_viewer, {}, tuple(result_layers.MARKS), self._marked)
        compare = LiveForm(napari_viewer, nh.evaluate, self.comparison.show_outcome, self.comparison.show_outdated)
        measure = LiveForm(napari_viewer, nh.measure, self.measurement.show_outcome, self.measurement.show_outdated)
        self.forms = {"evaluate": compare, "measure": measure}
        self.by_hand = ByHand(napari_viewer)
        self.tabs = QTabWidget()
        self.tabs.addTab(_page(compare.native, self.comparison), "Compare with a reference")
        self.tabs.addTab(_page(measure.native, self.measurement), "Measure")
        self.tabs.addTab(_page(self.by_hand.native), "By hand")
        content: Container[Any] = Container(labels=False)
        content.native.layout().addWidget(self.tabs)
        super().__init__(content, stretch=False)

    def _compared(self, kind: str, outcome: Outcome, row: Row | None) -> Steps:
        """Layers of one class of a comparison."""
        prediction, reference = outcome.layers["prediction"], outcome.layers["reference"]
        row = row or next(iter(self.comparison.classes.rows), None)
        if row is None or prediction is None or reference is None:
            raise LabelError("there is no class to show")
        for layer in (prediction, reference):
            if layer not in self._viewer.layers:
                raise LabelError(f"{layer.name}: the layer is gone")
        stand, title = worlds(self._viewer), f"{prediction.name} {row.name}"
        sureness = sureness_of(self._viewer, prediction)
        if kind == "uncertainty" and sureness is None:
            raise LabelError(f"{prediction.name}: no layer of its sureness; Segment and First classes make one")

        def steps() -> Steps:
            yield Progress(0, "reading the layers")
            ours, theirs = from_layer(prediction, reference), from_layer(reference, prediction)
            assert isinstance(ours, nh.LabelMap)
            assert isinstance(theirs, nh.LabelMap)
            if kind == "uncertainty":
                assert sureness is not None
                sure = from_layer(sureness)
                assert isinstance(sure, nh.Volume)
                return (yield from result_layers.doubts(ours, sure, stand, prediction.name))
            make = result_layers.errors if kind == "error map" else result_layers.distances
            return (yield from make(ours, theirs, row.label, stand, title))

        return steps()

    def _marked(self, kind: str, outcome: Outcome, row: Row | None) -> Steps:
        """Marks of the objects of the selected class, or of all; of classes where objects were not measured."""
        labels = outcome.layers["labels"]
        if labels is None or labels not in self._viewer.layers:
            raise LabelError("the labels that were measured are gone")
        figures = outcome.figures
        records = figures.get("objects") or figures["classes"]
        rows = object_rows(figures) or class_rows(figures)
        pairs = [(a, b) for a, b in zip(records, rows, strict=True) if row is None or b.label == row.label]
        pairs.sort(key=lambda pair: (pair[1] != row, -pair[0]["volume_ml"]))  # the viewer goes to the first
        if len(pairs) > MOST_MARKS:
            pairs = pairs[:MOST_MARKS]
            tell(f"the {MOST_MARKS} largest are marked; select a class to see its own")
        layer = result_layers.MARKS[kind]([a for a, _ in pairs], [b for _, b in pairs], labels)
        if not len(layer[0]):
            raise LabelError(f"{kind}: nothing was measured that has one")

        def steps() -> Steps:
            yield Progress(1)
            return [layer]

        return steps()


def _pictures() -> dict[str, Any]:
    """What draws a comparison; matplotlib is imported when it first does."""
    from napari_hounsfield.evaluation import pictures

    return {
        "Confusion": confusion,
        "ROC": beside(pictures.roc_figure),
        "Reliability": beside(pictures.reliability_figure),
    }


def _page(*widgets: QWidget) -> QWidget:
    page = QWidget()
    column = QVBoxLayout(page)
    for widget in widgets[:-1]:
        column.addWidget(widget)
    column.addWidget(widgets[-1], stretch=1)
    return page
