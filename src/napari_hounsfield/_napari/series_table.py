"""The table of series in *Open DICOM*: a row each with a small picture, or in words why it cannot be opened."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QSize, Qt
from qtpy.QtGui import QColor, QIcon, QImage, QPainter, QPixmap
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTreeWidget, QTreeWidgetItem

from .series_rows import COLUMNS, Row
from .thumbnails import BOX, Picture

if TYPE_CHECKING:
    from napari_hounsfield.dicom.series import Series

STUDY = COLUMNS.index("study")
SIZE = COLUMNS.index("size")
GREY = QColor(128, 128, 128)
MARGIN = 6
"""Pixels around a picture, and around words."""


class SeriesTable(QTreeWidget):
    """Series of a scan. Those that cannot be opened are grey sentences that cannot be selected."""

    def __init__(self) -> None:
        super().__init__()
        self._items: list[tuple[Row, QTreeWidgetItem]] = []
        self.setHeaderLabels(list(COLUMNS))
        self.setRootIsDecorated(False)
        self.setIndentation(0)
        self.setIconSize(QSize(BOX, BOX))
        self.setWordWrap(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setMinimumHeight(3 * (BOX + MARGIN))
        header: Any = self.header()
        header.moveSection(STUDY, 0)
        header.setStretchLastSection(False)
        for column in range(len(COLUMNS)):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)

    def show_rows(self, rows: Sequence[Row]) -> None:
        """Replace what is shown; the first that can be opened is selected."""
        self.clear()
        self._items = [(row, QTreeWidgetItem(self)) for row in rows]
        for row, item in self._items:
            if row.reason:
                item.setText(0, row.refusal)
                item.setFirstColumnSpanned(True)
                item.setForeground(0, GREY)
                item.setFlags(Qt.ItemFlag.ItemIsEnabled)  # to be read, but not to be selected
                continue
            for column, words in enumerate(row.words):
                item.setText(column, words)
            item.setToolTip(0, f"<qt>{escape(row.series.description)}</qt>")
            item.setTextAlignment(SIZE, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            item.setIcon(0, _icon(None))
            item.setSizeHint(0, QSize(0, BOX + MARGIN))
        self.setColumnHidden(STUDY, len({row.study for row in rows}) < 2)
        self._fit_reasons()
        self.select(*[index for index, row in enumerate(rows) if not row.reason][:1])

    def _fit_reasons(self) -> None:
        """Make sentences as high as their words need, which Qt would judge by the width of the first column."""
        viewport: Any = self.viewport()
        width = viewport.width() - self.columnViewportPosition(0) - 2 * MARGIN
        for row, item in self._items:
            if row.reason:
                words = self.fontMetrics().boundingRect(0, 0, width, 10_000, Qt.TextFlag.TextWordWrap, row.refusal)
                item.setSizeHint(0, QSize(0, words.height() + 2 * MARGIN))

    def resizeEvent(self, event: Any) -> None:  # noqa: N802
        """Let words flow anew."""
        super().resizeEvent(event)
        self._fit_reasons()

    def set_picture(self, index: int, picture: Picture) -> None:
        """Show the picture of the row at `index`."""
        self._items[index][1].setIcon(0, _icon(picture))

    @property
    def rows(self) -> list[Row]:
        """What is shown."""
        return [row for row, _ in self._items]

    @property
    def selected(self) -> list[Series]:
        """The series whose rows are selected, from top to bottom."""
        return [row.series for row, item in self._items if item.isSelected()]

    def select(self, *indices: int) -> None:
        """Select the rows at these places and no others."""
        for index, (row, item) in enumerate(self._items):
            item.setSelected(index in indices and not row.reason)


def _icon(picture: Picture | None) -> QIcon:
    """Picture in the middle of a black square; without one a grey square, so that rows keep their height."""
    square = QPixmap(BOX, BOX)
    square.fill(QColor(0, 0, 0) if picture is not None else QColor(128, 128, 128, 60))
    if picture is not None:
        height, width = picture.shape[:2]
        image = QImage(picture.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888)
        painter = QPainter(square)
        painter.drawImage((BOX - width) // 2, (BOX - height) // 2, image)
        painter.end()
    icon = QIcon(square)
    icon.addPixmap(square, QIcon.Mode.Selected)  # else Qt tints it
    return icon
