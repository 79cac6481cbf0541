"""What a form of *Metrics* has found: tables to click in, pictures, layers to add, a file to save."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from magicgui.widgets import ComboBox, PushButton
from napari.layers import Labels, Points, Shapes
from qtpy.QtWidgets import QLabel, QTabWidget, QVBoxLayout, QWidget

from napari_hounsfield.errors import LabelError

from .bridge import add, in_units_of
from .curves import Picture
from .figure_rows import Row, class_rows, object_rows, text_of
from .figures_file import save_figures
from .form import RunBar
from .layers import LayerTuple
from .layout import rows as in_rows
from .live_form import Outcome
from .metrics_table import MetricsTable
from .notices import complain, reported, tell
from .places import go_to, world_of_patient
from .table import class_names
from .worker import Steps, message_of

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

MOST_OBJECTS = 150
"""Rows of the table of objects, the largest; the file has all of them, and a longer table would hold up the interface."""

MakeLayers = Callable[[str, Outcome, Row | None], Steps]
"""Kind of layer, figures and selected row to steps that end in layer tuples."""


class FiguresPanel(QWidget):
    """Tables of classes and of objects, pictures, and what to do with them.

    Parameters
    ----------
    viewer
        Where rows lead to, and layers are added.
    pictures
        What draws a result, by title.
    kinds
        Layers that can be added.
    make
        What makes them.
    """

    def __init__(self, viewer: ViewerModel, pictures: Mapping[str, Any], kinds: tuple[str, ...], make: MakeLayers) -> None:
        super().__init__()
        self._viewer, self._make = viewer, make
        self.outcome: Outcome | None = None
        self.classes, self.objects = MetricsTable(self.go_to), MetricsTable(self.go_to)
        self.pictures = {title: Picture(viewer, draw) for title, draw in pictures.items()}
        self.summary = QLabel("no figures yet: choose the layers and press Run")
        self.summary.setWordWrap(True)
        self.tabs = QTabWidget()
        self.tabs.setUsesScrollButtons(True)
        for title, page in {"Classes": self.classes, "Objects": self.objects, **self.pictures}.items():
            self.tabs.addTab(page, title)
        self.tabs.setTabVisible(1, False)
        self.kind = ComboBox(name="layer", choices=kinds, tooltip="Of the class whose row is selected in the table")
        self.bar = RunBar(self.add_layer, "Add layer", "A new layer of what is chosen above")
        self._save = PushButton(text="Save figures…", tooltip="As a table (.csv), or all of them with parameters (.json)")
        self._save.changed.connect(self._ask_and_save)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.summary)
        column.addWidget(self.tabs, stretch=1)
        for widget in (in_rows([self.kind]), self.bar, self._save):
            column.addWidget(widget.native)
        self._enable()

    def show_outcome(self, outcome: Outcome) -> None:
        """Show figures; what was selected and sorted stays so."""
        self.outcome = outcome
        figures = outcome.figures
        self.classes.show_rows(class_rows(figures), self._colour)
        objects = object_rows(figures)
        largest = sorted(objects, key=lambda row: -(row.figures.get("volume_ml") or row.figures.get("reference_volume_ml") or 0))
        self.objects.show_rows(largest[:MOST_OBJECTS], self._colour)
        self.tabs.setTabText(1, f"Objects ({len(objects):,})")
        self.tabs.setTabVisible(1, bool(objects))
        for title, picture in self.pictures.items():
            why = _nothing_to_draw(title, outcome.result)
            picture.show_words(why) if why else picture.show_result(outcome.result)
        self.show_outdated("")
        self._enable()

    def show_outdated(self, words: str) -> None:
        """Say why the figures no longer hold; without words they do."""
        if words:
            self.summary.setText(words)
        elif self.outcome is not None:
            self.summary.setText(_summary(self.outcome))

    def go_to(self, row: Row) -> None:
        """Move the viewer to the object, or to the class's largest section, and take up its label."""
        outcome = self.outcome
        if outcome is None:
            return
        with reported():
            for name in ("prediction", "labels", "reference"):
                layer = outcome.layers.get(name)
                if layer is None or layer not in self._viewer.layers:
                    continue
                value = self._value_in(layer, row)
                place = outcome.places.get(name, {}).get(value)
                whole = row not in self.objects.rows
                if row.centre is not None and not whole:
                    go_to(self._viewer, world_of_patient(layer, row.centre)[-layer.ndim :])
                elif place is not None and len(place) == layer.ndim:
                    go_to(self._viewer, layer.data_to_world(place))
                else:
                    continue
                if value <= _largest(layer):
                    layer.selected_label = value
                return

    def add_layer(self) -> None:
        """Make the chosen layer of the selected row in a thread."""
        try:
            if self.outcome is None:
                raise LabelError("no figures yet: run the form above first")
            first = self._first()
            steps = self._make(self.kind.value, self.outcome, self.selected)
        except Exception as error:
            complain(message_of(error))
            return
        self.bar.start(steps, lambda layers: self._add(layers, first))

    def _add(self, layers: list[LayerTuple], first: Layer | None) -> None:
        """Add layers. Labels would cover errors and distances, so they are hidden; the first of the marks is gone to."""
        added = add(self._viewer, in_units_of(layers, first))
        if isinstance(added[0], Points | Shapes):
            go_to(self._viewer, added[0].data_to_world(np.mean(np.atleast_2d(added[0].data[0]), axis=0)))
        elif self.outcome is not None:
            for layer in self.outcome.layers.values():
                if isinstance(layer, Labels):
                    layer.visible = False

    def save(self, path: Path, overwrite: bool = False) -> None:
        """Write the figures; what is wrong becomes a notification."""
        with reported():
            if self.outcome is None:
                raise LabelError("no figures yet: run the form above first")
            layers = {name: layer.name for name, layer in self.outcome.layers.items() if layer is not None}
            tell(f"{save_figures(path, self.outcome.result, layers, overwrite).name} is written")

    def _ask_and_save(self) -> None:
        from magicgui.widgets import show_file_dialog

        chosen = show_file_dialog("w", caption="Save the figures", filter="*.csv;*.json")
        if chosen:
            path = Path(str(chosen))
            self.save(path if path.suffix else path.with_suffix(".csv"), overwrite=True)  # the dialog has asked

    @property
    def selected(self) -> Row | None:
        """The class or object that is selected in the table that is seen."""
        table = self.objects if self.tabs.currentWidget() is self.objects else self.classes
        return table.selected

    def _first(self) -> Layer | None:
        assert self.outcome is not None
        return next((layer for layer in self.outcome.layers.values() if layer is not None), None)

    def _colour(self, label: int) -> Any:
        """Colour of a class where its labels are shown."""
        outcome = self.outcome
        layer = None if outcome is None else outcome.layers.get("reference") or outcome.layers.get("labels")
        return None if layer is None else layer.get_color(label)

    def _value_in(self, layer: Layer, row: Row) -> int:
        """The class's value in a layer: classes are matched by name before number."""
        named = {name.strip().casefold(): value for value, name in class_names(layer.features).items()}
        return named.get(row.name.strip().casefold(), row.label)

    def _enable(self) -> None:
        self._save.enabled = self.outcome is not None


def _largest(layer: Layer) -> int:
    kind = layer.data.dtype
    return int(np.iinfo(kind).max) if kind.kind in "iu" else 0


def _nothing_to_draw(title: str, result: Any) -> str:
    """Why a picture would be empty."""
    if title == "Confusion":
        return (
            "" if result.confusion.counts else "no confusion matrix: nothing was counted, or there are too many classes for one"
        )
    return "" if result.curves else (
        "no probabilities: ROC and reliability are drawn where the prediction was made by Segment "
        "with its probabilities, and their layers are still there"
    )  # fmt: skip


def _summary(outcome: Outcome) -> str:
    """A line on the layers, and one on everything together."""
    figures = outcome.figures
    layers = " · ".join(f"{name}: {layer.name}" for name, layer in outcome.layers.items() if layer is not None)
    parts = [f"{len(figures['classes'])} {'class' if len(figures['classes']) == 1 else 'classes'}"]
    if figures.get("voxels") is not None:
        parts.append(f"{text_of(figures['voxels'])} voxels")
    for title, value in (
        ("mean Dice", (figures.get("macro") or {}).get("dice")),
        ("accuracy", (figures.get("overall") or {}).get("accuracy")),
        ("kappa", (figures.get("overall") or {}).get("kappa")),
    ):
        if value is not None:
            parts.append(f"{title} {value:.4f}")
    if figures.get("unit"):
        parts.append(f"intensities in {figures['unit']}")
    return "\n".join([layers, " · ".join(parts), *figures.get("notes", ())])
