"""The page of first classes: method and number, the curve that supports it, and what becomes of the classes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from magicgui.widgets import CheckBox, ComboBox, Container, Label, SpinBox
from qtpy.QtCore import Qt
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem

from napari_hounsfield._napari.curves import Picture
from napari_hounsfield._napari.fields import literals
from napari_hounsfield._napari.layout import rows, wrap
from napari_hounsfield._napari.notices import reported
from napari_hounsfield.errors import LabelError
from napari_hounsfield.pixels.class_count import ClassCount
from napari_hounsfield.pixels.class_editing import drop_classes, merge_classes, rename_classes
from napari_hounsfield.pixels.class_params import ClassesParams
from napari_hounsfield.results import Segmentation

from .buttons import button, native, row
from .draft_desk import DraftDesk

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from napari.components import ViewerModel

    from .runs import Runs

LINES = 4
CURVE = 150
"""Pixels."""


class DraftPage(Container[Any]):
    """Shows a draft, and holds nothing of it."""

    def __init__(self, viewer: ViewerModel, runs: Runs) -> None:
        self._viewer, self._runs = viewer, runs
        self.desk = DraftDesk(runs.desk)
        self.method = ComboBox(
            label="method", choices=literals(ClassesParams, "method"), tooltip="auto: the HU table, or k-means"
        )
        self.number = SpinBox(label="classes", value=0, min=0, max=32, tooltip="0: as suggested, or as the method finds")
        self.curve = Picture(viewer, count_figure)
        self.curve.setMinimumHeight(CURVE)
        self.curve.setText("Suggest: how well each number of classes fits")
        self.message = Label(value="A draft divides the image without any stroke; nothing is painted until it is applied")
        wrap(self.message)
        self.beside = CheckBox(value=False, text="Beside the image", tooltip="In the other half of the canvas, to compare")
        self.classes = QTableWidget(0, 2)
        self.classes.setHorizontalHeaderLabels(["class", "voxels"])
        self.classes.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        header: Any = self.classes.horizontalHeader()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        vertical: Any = self.classes.verticalHeader()
        vertical.hide()
        self.classes.setMinimumHeight((LINES + 1) * vertical.defaultSectionSize())
        self.classes.itemChanged.connect(self._rename)
        super().__init__(
            widgets=[
                rows([self.method, self.number]),
                row(
                    button("Suggest number", "Try 2 to 12 classes, and show how well each fits", self.suggest),
                    button("Draft", "Divide the image into first classes, beside the interface", self.find),
                ),
                native(self.curve),
                self.message,
                self.beside,
                native(self.classes),
                row(
                    button("Merge selected", "Make one class of the selected ones", self.merge),
                    button("Drop selected", "Leave their voxels without a class", self.drop),
                ),
                row(
                    button("Apply as strokes", "Dabs on the surest voxels of each class, where nothing is painted", self.apply),
                    button("Dismiss", "Take the draft away", self.dismiss),
                ),
            ],
            labels=False,
        )
        self.beside.changed.connect(self._show_beside)
        self.desk.changed.connect(self.refresh)
        runs.settled.append(self.refresh)  # a name that was refused is as it was

    def suggest(self) -> None:
        """Suggest a number of classes."""
        with reported():
            self._runs.start(self.desk.suggest_steps(self.method.value), self._show_count)

    def find(self) -> None:
        """Make a draft."""
        with reported():
            params = ClassesParams(method=self.method.value, count=self.number.value)
            self._runs.start(self.desk.find_steps(params), lambda draft: self.desk.show(draft, "first classes"))

    def merge(self) -> None:
        """Make one class of those that are selected."""
        with reported():
            chosen = self.selected()
            if len(chosen) < 2:
                raise LabelError("select the classes to merge, at least two")
            self._edit(f"merge {len(chosen)} classes", lambda draft: merge_classes(draft, chosen))

    def drop(self) -> None:
        """Leave the voxels of the selected classes without a class."""
        with reported():
            self._edit("drop classes", partial(drop_classes, classes=self.selected()))

    def apply(self) -> None:
        """Take samples of the draft up as strokes."""
        with reported():
            self._runs.start(self.desk.apply_steps(), self._applied)

    def dismiss(self) -> None:
        """Take the draft away."""
        with reported():
            self.desk.dismiss()

    def selected(self) -> list[int]:
        """Numbers of the classes that are selected."""
        model: Any = self.classes.selectionModel()
        lines = sorted(index.row() for index in model.selectedRows())
        return [self._classes[line][0] for line in lines]

    def _edit(self, title: str, change: Callable[[Segmentation], Segmentation]) -> None:
        self._runs.start(self.desk.edit_steps(change), lambda draft: self.desk.show(draft, title))

    def refresh(self) -> None:
        """Show the classes of the draft."""
        kept = len(self._classes)
        self.classes.blockSignals(True)
        self.classes.setRowCount(kept)
        for line, (value, name, voxels) in enumerate(self._classes):
            title, colour = QTableWidgetItem(name), self.desk.draft and self.desk.draft.colour(value)
            if colour:
                title.setData(Qt.ItemDataRole.DecorationRole, QColor.fromRgbF(*colour))
            self.classes.setItem(line, 0, title)
            count = QTableWidgetItem(f"{voxels:,}")
            count.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
            self.classes.setItem(line, 1, count)
        self.classes.blockSignals(False)
        self.message.value = f"{kept} classes: select to merge or drop, type to rename" if kept else "no draft"
        self._show_beside(self.beside.value)

    @property
    def _classes(self) -> list[tuple[int, str, int]]:
        return [] if self.desk.draft is None else self.desk.draft.classes

    def _rename(self, item: QTableWidgetItem) -> None:
        value, name = self._classes[item.row()][0], item.text()
        with reported():
            self._edit(f"rename to {name}", lambda draft: rename_classes(draft, {value: name}))

    def _applied(self, _: Any) -> None:
        self._runs.desk.redraw()
        if (layer := self.desk.layer) is not None:
            layer.visible = False  # the strokes are to be seen

    def _show_count(self, found: ClassCount) -> None:
        self.curve.show_result(found)
        self.number.value = found.suggested
        self.message.value = f"{found.suggested} classes, by the {found.criterion.replace('_', ' ')} of the curve"

    def _show_beside(self, on: bool) -> None:
        """The draft in one half of the canvas, everything else in the other."""
        grid, layer = self._viewer.canvas.grid, self.desk.layer
        if layer is None or not on:
            if grid.enabled:
                grid.enabled = False
                self._viewer.reset_view()
            return
        self._viewer.layers.move(self._viewer.layers.index(layer), len(self._viewer.layers))
        grid.stride, grid.shape = len(self._viewer.layers) - 1, (1, 2)
        grid.enabled = True
        self._viewer.reset_view()


def count_figure(found: ClassCount, colour: str) -> Figure:
    """How well each number of classes fits, with the one that is suggested."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(layout="constrained", facecolor="none")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot(facecolor="none")
    by_bic = found.criterion == "bic"
    values = [one.bic if by_bic else one.explained for one in found.curve]
    axes.plot([one.count for one in found.curve], values, "o-", color="#56B4E9")  # type: ignore[arg-type]
    axes.axvline(found.suggested, color="#E69F00", linestyle="--")
    axes.set_xlabel("classes", color=colour)
    axes.set_ylabel("BIC per voxel" if by_bic else "explained", color=colour)
    axes.tick_params(colors=colour)
    for spine in axes.spines.values():
        spine.set_color(colour)
    return figure
