"""The page that judges the classifier: its loss, an estimate by strokes left out, and what its features are worth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from magicgui.widgets import Container, Label
from qtpy.QtWidgets import QHeaderView, QTableWidgetItem

import napari_hounsfield as nh
from napari_hounsfield._napari.bridge import add, in_units_of, worlds
from napari_hounsfield._napari.layers import aside, layer_tuples
from napari_hounsfield._napari.layout import wrap
from napari_hounsfield._napari.notices import reported
from napari_hounsfield.bp_course import LossProgress
from napari_hounsfield.operation import Progress
from napari_hounsfield.pixels.cross_validation import CrossValidation
from napari_hounsfield.pixels.importance import Importance

from .buttons import button, native, row
from .charts import Bars, FittedTable, LossCurve

if TYPE_CHECKING:
    from .bound import BoundImage
    from .runs import Runs

FIGURES = {"dice": "Dice", "sensitivity": "SE", "specificity": "SP"}
MAP = "feature: "


class JudgePage(Container[Any]):
    """What the classifier is worth, and what it looks at; holds only the last answers.

    Parameters
    ----------
    runs
        Runs what takes long, one at a time.
    """

    def __init__(self, runs: Runs) -> None:
        self._runs = runs
        self.loss, self.table, self.bars = LossCurve(), _FigureTable(), Bars(self.show_map)
        self.importance: Importance | None = None
        self.message = Label(value="Estimate: figures on strokes that were left out in turn, never divided")
        wrap(self.message)
        self.drop = button(
            "Drop features that do not matter", "Train without them from now on; can be undone", self.drop_features
        )
        super().__init__(
            widgets=[
                native(self.loss),
                button("Estimate", "Leave strokes out in turn, five parts, and see how they are recognised", self.estimate),
                native(self.table),
                self.message,
                row(button("What moves it", "Shuffle each feature, and see what that costs", self.weigh), self.drop),
                native(self.bars),
            ],
            labels=False,
        )
        self.drop.enabled = False
        runs.progressed.append(self._on_progress)
        self.refresh()

    def refresh(self) -> None:
        """Show the classifier as it is now."""
        classifier = self._runs.desk.session.classifier
        if classifier is not None:
            self.loss.show_points(classifier.course.points)
            self.table.show_figures("held back", classifier.figures)

    def estimate(self) -> None:
        """Estimate by strokes left out."""
        with reported():
            self._runs.start(self._runs.desk.session.estimate_steps(), self._show_estimate)

    def weigh(self) -> None:
        """Find what each feature is worth."""
        with reported():
            self._runs.start(self._runs.desk.session.importance_steps(), self._show_importance)

    def drop_features(self) -> None:
        """Keep the features that matter."""
        with reported():
            if self.importance is not None:
                session = self._runs.desk.session
                session.set_params(session.params.model_copy(update={"keep": self.importance.keep()}))

    def show_map(self, name: str) -> None:
        """Show a feature of the slice that is seen as a layer, in place of the last one."""
        with reported():
            self._runs.start(self._runs.desk.map_steps(name), self._show_map)

    def _show_map(self, found: tuple[BoundImage, nh.Volume]) -> None:
        bound, volume = found
        viewer = self._runs.desk.viewer
        for layer in [one for one in viewer.layers if one.name.startswith(MAP)]:
            viewer.layers.remove(layer)
        active = viewer.layers.selection.active
        (tuples,) = layer_tuples(volume, worlds(viewer), f"{MAP}{volume.name}")
        (shown,) = add(viewer, in_units_of([aside(tuples)], bound.layer))
        shown.colormap, shown.contrast_limits = "viridis", volume.window
        if bound.strokes is not None:
            viewer.layers.move(viewer.layers.index(shown), viewer.layers.index(bound.strokes))
        viewer.layers.selection.active = active

    def _show_estimate(self, found: CrossValidation) -> None:
        self.table.show_figures("left out", found.figures)
        judged, single = sum(found.counts.values()), [name for name, count in found.counts.items() if not count]
        missing = f"; of one stroke alone, so not judged: {', '.join(single)}" if single else ""
        self.message.value = f"{judged:,} voxels judged by classifiers that did not learn their stroke{missing}"

    def _show_importance(self, found: Importance) -> None:
        self.importance = found
        self.bars.show_costs(found.maps)
        kept = len(found.keep().split(";"))
        self.drop.enabled = kept < len(found.maps)
        self.message.value = f"balanced accuracy {100 * found.accuracy:.1f} %; {kept} of {len(found.maps)} features matter"

    def _on_progress(self, progress: Progress) -> None:
        if isinstance(progress, LossProgress):
            before = self.loss.points if self.loss.points and self.loss.points[-1][0] < progress.iteration else []
            self.loss.show_points([*before, (progress.iteration, progress.loss, progress.held_loss)])


class _FigureTable(FittedTable):
    """Figures of each class and their mean: on the strokes held back, and, a line below, on those left out in turn."""

    def __init__(self) -> None:
        super().__init__(["class", "strokes", *FIGURES.values()])
        self._kinds: dict[str, dict[str, Any]] = {}
        header: Any = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)

    def show_figures(self, of: str, figures: Any) -> None:
        """Show or replace the figures of one kind."""
        self._kinds[of] = dict(figures)
        shown = {kind: found for kind, found in self._kinds.items() if found}
        names = list(dict.fromkeys(one["name"] for found in shown.values() for one in found["classes"]))
        self.clearSpans()
        self.make_rows(len(shown) * (len(names) + bool(names)))
        for place, name in enumerate([*names, None] if names else []):
            first = place * len(shown)
            title = QTableWidgetItem("mean" if name is None else name)  # a long name has the lines of all kinds
            title.setToolTip(title.text())
            self.setItem(first, 0, title)
            if len(shown) > 1:
                self.setSpan(first, 0, len(shown), 1)
            for line, (kind, found) in enumerate(shown.items(), start=first):
                whole = name is not None or len(found["classes"]) == len(names)  # a mean of fewer classes cannot be compared
                cells = [_cell(found, name, key) if whole else "-" for key in FIGURES]
                for column, text in enumerate([kind, *cells], start=1):
                    self.setItem(line, column, QTableWidgetItem(text))


def _cell(figures: dict[str, Any], name: str | None, key: str) -> str:
    record = figures["macro"] if name is None else next((one for one in figures["classes"] if one["name"] == name), {})
    value = record.get(key)
    return "-" if value is None else f"{value:.3f}"
