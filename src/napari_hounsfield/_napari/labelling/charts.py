"""Small pictures that are drawn by Qt while something runs: the loss as it falls, and bars in a table that fits its rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from qtpy.QtCore import QPointF, QRectF, QSize, Qt
from qtpy.QtGui import QColor, QPainter, QPen, QPolygonF
from qtpy.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QSizePolicy,
    QStyledItemDelegate,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from napari_hounsfield.pixels.importance import Shuffled

TRAINED, HELD_BACK = QColor("#56B4E9"), QColor("#E69F00")
"""Okabe and Ito's."""
HEIGHT = 90
LINE = 24
"""Pixels of a row."""
FEW, MANY = 3, 7
"""Rows that a table has room for: at least, and where it has them and the screen is small."""
SHARE = Qt.ItemDataRole.UserRole
Point = tuple[int, float, "float | None"]
"""Iteration, loss of the training samples, and of those held back."""


class LossCurve(QWidget):
    """The loss curve, in the room that is left; a point more costs a redraw of some hundred pixels."""

    def __init__(self) -> None:
        super().__init__()
        self.points: list[Point] = []
        self.setMinimumHeight(HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setToolTip("Loss while it trains: of what is learned (blue), and of the strokes held back (orange)")

    def show_points(self, points: Sequence[Point]) -> None:
        """Draw these from now on."""
        self.points = list(points)
        self.update()

    def paintEvent(self, event: Any) -> None:  # noqa: N802
        """Draw both curves from 0 up, and the last values."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(self.palette().text().color())
        if not self.points:
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self.words)
            return
        place = QRectF(self.rect()).adjusted(4, 20, -4, -4)
        painter.drawText(self.rect().adjusted(4, 0, -4, 0), Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft, self.words)
        painter.drawLine(place.bottomLeft(), place.bottomRight())
        highest = max((max(loss, held or 0) for _, loss, held in self.points), default=0)
        if len(self.points) < 2 or highest <= 0:
            return
        for which, colour in ((1, TRAINED), (2, HELD_BACK)):
            drawn = [(n, point[which]) for n, point in enumerate(self.points) if point[which] is not None]
            step = place.width() / (len(self.points) - 1)
            line = [QPointF(place.left() + n * step, place.bottom() - place.height() * value / highest) for n, value in drawn]  # type: ignore[operator]
            painter.setPen(QPen(colour, 1.5))
            painter.drawPolyline(QPolygonF(line))

    @property
    def words(self) -> str:
        """The last point."""
        if not self.points:
            return "loss: nothing is trained yet"
        iteration, loss, held = self.points[-1]
        return f"loss {loss:.4f}" + ("" if held is None else f", held back {held:.4f}") + f" after {iteration} iterations"


class FittedTable(QTableWidget):
    """As high as its rows, where there is room for them, and not there while it has none."""

    def __init__(self, columns: Sequence[str]) -> None:
        super().__init__(0, len(columns))
        self.setHorizontalHeaderLabels(list(columns))
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        vertical: Any = self.verticalHeader()
        vertical.hide()
        vertical.setDefaultSectionSize(LINE)
        self.setMinimumHeight(self._height(FEW))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.hide()

    def make_rows(self, count: int) -> None:
        """Have so many rows."""
        self.setRowCount(count)
        self.setVisible(count > 0)
        self.setMaximumHeight(self._height(max(count, FEW)))
        self.updateGeometry()

    def sizeHint(self) -> QSize:  # noqa: N802
        """Room for the rows, but not for so many that the page has to be scrolled."""
        return QSize(super().sizeHint().width(), self._height(min(self.rowCount(), MANY)))

    def _height(self, rows: int) -> int:
        header: Any = self.horizontalHeader()
        return int(header.sizeHint().height() + rows * LINE + 2 * self.frameWidth())


class Bars(FittedTable):
    """Importance of features, the largest first; a click on one tells which.

    Parameters
    ----------
    chosen
        Gets the name of the feature that was clicked.
    """

    def __init__(self, chosen: Callable[[str], None]) -> None:
        super().__init__(["feature", "accuracy lost"])
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setItemDelegateForColumn(1, _Bar(self))
        header: Any = self.horizontalHeader()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        self.cellClicked.connect(lambda row, _: chosen(self.item(row, 0).text()))  # type: ignore[union-attr]

    def show_costs(self, costs: Sequence[Shuffled]) -> None:
        """Draw a bar a feature."""
        ranked = sorted(costs, key=lambda one: -one.drop)
        most = max((one.drop for one in ranked), default=0) or 1
        self.make_rows(len(ranked))
        for row, one in enumerate(ranked):
            name, bar = QTableWidgetItem(one.name), QTableWidgetItem(f"{100 * one.drop:.1f} ± {100 * one.spread:.1f}")
            bar.setData(SHARE, max(0.0, one.drop / most))
            name.setToolTip(f"{one.name}: click to see its map of this slice")
            self.setItem(row, 0, name)
            self.setItem(row, 1, bar)


class _Bar(QStyledItemDelegate):
    """Draws a bar behind the number."""

    def paint(self, painter: Any, option: Any, index: Any) -> None:
        share = float(index.data(SHARE) or 0)
        place = QRectF(option.rect).adjusted(0, 2, 0, -2)
        place.setWidth(place.width() * share)
        colour = QColor(TRAINED)
        colour.setAlpha(130)
        painter.fillRect(place, colour)
        super().paint(painter, option, index)
