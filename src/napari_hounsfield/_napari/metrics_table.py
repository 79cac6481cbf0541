"""The table of figures in *Metrics*: sorted by a click on a heading; a click on a row goes to what it is of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from qtpy.QtCore import Qt
from qtpy.QtGui import QColor, QIcon, QPixmap
from qtpy.QtWidgets import QAbstractItemView, QTableWidget, QTableWidgetItem

from .figure_rows import Row, columns_of, text_of, title_of

NAME_WIDTH = 170
"""Pixels; longer names are cut, and whole in the tip."""
CHIP = 10
"""Pixels of a class's square of colour."""
LINES = 5
"""Rows that are seen without scrolling, at least."""


class MetricsTable(QTableWidget):
    """Rows of figures.

    Parameters
    ----------
    chosen
        Gets the row that is clicked, or reached by the keyboard.
    of
        What a row is of.
    """

    def __init__(self, chosen: Callable[[Row], None], of: str = "class") -> None:
        super().__init__()
        self._chosen, self._of = chosen, of
        self.rows: list[Row] = []
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        vertical: Any = self.verticalHeader()
        vertical.hide()
        self.setMinimumHeight((LINES + 2) * vertical.defaultSectionSize())
        self.currentCellChanged.connect(self._on_cell)
        self.cellClicked.connect(self._on_click)

    def show_rows(self, rows: Sequence[Row], colours: Callable[[int], Any]) -> None:
        """Replace what is shown; the same class stays selected, and the order that the user has chosen stays too.

        Parameters
        ----------
        rows
            What to show.
        colours
            RGB(A) from 0 to 1 of a label value, or None.
        """
        before = self.selected
        self.blockSignals(True)
        self.setSortingEnabled(False)
        self.rows = list(rows)
        names = columns_of(self.rows)
        self.clear()
        self.setColumnCount(1 + len(names))
        self.setRowCount(len(self.rows))
        self.setHorizontalHeaderLabels([self._of, *(title_of(name) for name in names)])
        for line, row in enumerate(self.rows):
            self.setItem(line, 0, _name_item(row, line, colours(row.label)))
            for column, name in enumerate(names, start=1):
                self.setItem(line, column, _Cell(row.figures.get(name), row.reasons.get(name, "")))
        header: Any = self.horizontalHeader()
        header.setResizeContentsPrecision(0)  # by the rows that are seen
        self.resizeColumnsToContents()
        self.setColumnWidth(0, min(self.columnWidth(0), NAME_WIDTH))
        if header.sortIndicatorSection() > len(names):
            header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self.setSortingEnabled(True)
        if before is not None:
            self.select(before.label)
        self.blockSignals(False)

    @property
    def selected(self) -> Row | None:
        """The row that is selected."""
        return self._row_at(self.currentRow())

    def select(self, label: int) -> None:
        """Select the first row of a class."""
        for line in range(self.rowCount()):
            row = self._row_at(line)
            if row is not None and row.label == label:
                self.setCurrentCell(line, 0)
                return

    def _row_at(self, line: int) -> Row | None:
        item = self.item(line, 0) if line >= 0 else None
        index = None if item is None else item.data(Qt.ItemDataRole.UserRole)
        return self.rows[index] if index is not None and index < len(self.rows) else None

    def _on_cell(self, line: int, column: int, old_line: int, old_column: int) -> None:
        if line != old_line and self.hasFocus():
            self._tell(line)

    def _on_click(self, line: int, column: int) -> None:
        self._tell(line)

    def _tell(self, line: int) -> None:
        row = self._row_at(line)
        if row is not None:
            self._chosen(row)


class _Cell(QTableWidgetItem):
    """One figure, which sorts as the number that it is; undefined ones come first."""

    def __init__(self, value: Any, reason: str = "") -> None:
        super().__init__(text_of(value))
        self.value = value
        if isinstance(value, int | float) or value is None:
            self.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.setToolTip(reason or (repr(value) if isinstance(value, float) else ""))

    def __lt__(self, other: Any) -> bool:
        mine, others = self.value, getattr(other, "value", None)
        if mine is None or others is None:
            return mine is None and others is not None
        if isinstance(mine, str) or isinstance(others, str):
            return str(mine).casefold() < str(others).casefold()
        return bool(mine < others)


def _name_item(row: Row, index: int, colour: Any) -> QTableWidgetItem:
    item = _Cell(row.name)
    item.setData(Qt.ItemDataRole.UserRole, index)
    item.setToolTip(f"{row.name} (label {row.label}); click to go there")
    if colour is not None:
        square = QPixmap(CHIP, CHIP)
        square.fill(QColor.fromRgbF(*[float(c) for c in colour[:3]]))
        item.setIcon(QIcon(square))
    return item
