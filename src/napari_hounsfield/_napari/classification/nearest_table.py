"""The training images that an image is most like."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem

from napari_hounsfield.images.classification import ImageDecision


class NearestTable(QTableWidget):
    """Rows of the training table, the nearest first; a double click asks for the image.

    Parameters
    ----------
    asked
        Gets the row of the training table.
    """

    def __init__(self, asked: Callable[[int], None]) -> None:
        super().__init__(0, 3)
        self.setHorizontalHeaderLabels(["nearest: row", "class", "distance"])
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setToolTip("Training images that it is most like; a double click shows one")
        self.setMinimumHeight(170)
        vertical: Any = self.verticalHeader()
        vertical.hide()
        header: Any = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.cellDoubleClicked.connect(lambda line, _: asked(int(self.item(line, 0).text())))  # type: ignore[union-attr]

    def show_decision(self, decision: ImageDecision | None) -> None:
        """Show those of one image."""
        nearest = () if decision is None else decision.nearest
        self.setRowCount(len(nearest))
        for line, (row, label, distance) in enumerate(nearest):
            for column, text in enumerate((str(row), label, f"{distance:.2f}")):
                self.setItem(line, column, QTableWidgetItem(text))
