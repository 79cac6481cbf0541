"""The page of comparisons: models on the same folds of a table, figures with intervals, and bars as in the seed's Figure 2."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from magicgui.widgets import Container, Label
from qtpy.QtWidgets import QSizePolicy, QTabWidget

from napari_hounsfield._napari import preferences
from napari_hounsfield._napari.curves import Picture
from napari_hounsfield._napari.fields import Fields
from napari_hounsfield._napari.form import RunBar
from napari_hounsfield._napari.labelling.buttons import button, native
from napari_hounsfield._napari.layout import rows, wrap
from napari_hounsfield._napari.notices import reported
from napari_hounsfield._napari.worker import Steps
from napari_hounsfield.errors import FormatError, ParameterError
from napari_hounsfield.images.comparison import Comparison
from napari_hounsfield.images.comparison_plots import bars_figure
from napari_hounsfield.images.comparison_reading import begun_params, read_comparison
from napari_hounsfield.images.crossvalidate_params import CrossValidateParams
from napari_hounsfield.images.crossvalidation import crossvalidate
from napari_hounsfield.images.fold_store import RECORD, REPORT, FoldStore
from napari_hounsfield.images.table import read_image_table
from napari_hounsfield.operation import Progress

from .model_list import ModelList
from .path_row import PathRow
from .result_table import ResultTable, summary

if TYPE_CHECKING:
    from napari.components import ViewerModel

FOLLOWS = " comparison"
"""Ends the name of the folder that is suggested for the comparison of a table."""


LOWEST = 140
"""Pixels of figures and bars; less cannot be read, and more has no room on a small screen."""


class ComparePage(Container[Any]):
    """Models compared by cross-validation.

    Attributes
    ----------
    comparison
        What was found, or opened; None before.
    """

    def __init__(self, viewer: ViewerModel) -> None:
        self.comparison: Comparison | None = None
        self.table = PathRow("table", "A table with the columns path, label and patient, or a folder with a folder a class")
        self.folder = PathRow(
            "kept in", "Folder of the comparison: one that was begun goes on, one that is finished is shown", table=False
        )
        self.fields = Fields(CrossValidateParams())
        self._models = self.fields.inputs["models"]
        self.models = ModelList(CrossValidateParams().model_names)
        self.bar = RunBar(
            self.run,
            "Compare",
            "Beside the interface; what is finished is kept in the folder",
            "Stop now; Compare goes on from here",
        )
        self.figures, self.picture = ResultTable(), Picture(viewer, bars_figure)
        self.picture.setText("no comparison yet")
        self.message = Label(value="Each model learns from the same folds, and is asked about the rest")
        wrap(self.message)
        tabs = QTabWidget()
        tabs.addTab(self.figures, "Figures")
        tabs.addTab(self.picture, "Bars")
        self.picture.setMinimumHeight(LOWEST)
        tabs.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Ignored)
        tabs.setMinimumHeight(LOWEST + 40)
        found = native(tabs)
        self.report = button("Open report", "Everything that was found, in the browser", self.open_report)
        tabs.setCornerWidget(self.report.native)
        super().__init__(
            widgets=[
                rows([self.table, self.folder]),
                native(self.models),
                self.fields.container,
                self.bar,
                self.message,
                found,
            ],
            labels=False,
        )
        self.native.layout().setStretchFactor(found.native, 1)
        self._models.visible = False  # the boxes stand for it
        self.report.enabled = False
        self.table.chosen.append(self._on_table)
        self.folder.chosen.append(self._on_folder)

    def params(self) -> CrossValidateParams:
        """What is asked for.

        Raises
        ------
        ParameterError, ValueError
            If no model is ticked, or a value is none.
        """
        if not self.models.ticked:
            raise ParameterError("models: none is ticked")
        self._models.value = ",".join(self.models.ticked)
        params = self.fields.params()
        assert isinstance(params, CrossValidateParams)
        return params

    def run(self) -> None:
        """Compare the models that are ticked; what a folder holds already is not computed again."""
        with reported():
            preferences.apply()
            table, params = self.table.needed(), self.params()
            store = None if self.folder.path is None else FoldStore(self.folder.path)
            self.bar.start(_steps(table, store, params), self.show_comparison)

    def show_comparison(self, comparison: Comparison) -> None:
        """Show what was found."""
        self.comparison = comparison
        self.figures.show_record(comparison.record)
        self.picture.show_result(comparison.record)
        self.message.value = summary(comparison.record)
        self.report.enabled = True

    def open_report(self) -> None:
        """Open the report in the browser."""
        with reported():
            path = (self.folder.path or Path()) / REPORT
            if self.folder.path is None or not path.exists():
                raise FormatError("there is no report: a comparison that is kept in a folder writes one")
            from qtpy.QtCore import QUrl
            from qtpy.QtGui import QDesktopServices

            if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(path.absolute()))):
                raise FormatError(f"{REPORT}: there is no program to open it; it lies in {path.parent}")

    def _on_table(self, table: Path) -> None:
        """Suggest a folder beside the table, unless the user has named another one."""
        if self.folder.path is None or self.folder.path.name.endswith(FOLLOWS):
            self.folder.choose(table.with_name(f"{table.stem}{FOLLOWS}"))

    def _on_folder(self, folder: Path) -> None:
        """Show the parameters that a comparison was begun with, and what came of it."""
        with reported():
            begun = begun_params(folder)
            if begun is None:
                return
            self.fields.show(begun)
            self.models.tick(begun.model_names)
            if (folder / RECORD).exists() and not self.bar.busy:
                self.bar.start(_reading(folder), self.show_comparison)


def _steps(path: Path, store: FoldStore | None, params: CrossValidateParams) -> Steps:
    yield Progress(0, "reading the table")
    table = read_image_table(path)
    return (yield from crossvalidate.steps(table, store, params))


def _reading(folder: Path) -> Steps:
    yield Progress(0, "reading the comparison")
    return read_comparison(folder)
