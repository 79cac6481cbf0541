"""Small pictures that are drawn by Qt while something runs: the loss as it falls, and bars in a table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from qtpy.QtCore import QPointF, QRectF, Qt
from qtpy.QtGui import QColor, QPainter, QPen, QPolygonF
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QStyledItemDelegate, QTableWidget, QTableWidgetItem, QWidget

from napari_hounsfield.pixels.importance import Shuffled

TRAINED, HELD_BACK = QColor("#56B4E9"), QColor("#E69F00")
"""Okabe and Ito's."""
HEIGHT = 90
SHARE = Qt.ItemDataRole.UserRole
Point = tuple[int, float, "float | None"]
"""Iteration, loss of the training samples, and of those held back."""


class LossCurve(QWidget):
    """The loss curve; a point more costs a redraw of some hundred pixels."""

    def __init__(self) -> None:
        super().__init__()
        self.points: list[Point] = []
        self.setMinimumHeight(HEIGHT)
        self.setToolTip("Loss while it trains: of what is learned (blue), and of the strokes held back (orange)")

    def show_points(self, points: Sequence[Point]) -> None:
        """Draw these from now on."""
        self.points = list(points)
        self.update()

    def paintEvent(self, event: Any) -> None:  # noqa: N802
        """Draw both curves from 0 up, and the last values."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        place = QRectF(self.rect()).adjusted(4, 16, -4, -4)
        painter.setPen(self.palette().text().color())
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


class Bars(QTableWidget):
    """Importance of features, the largest first; a click on one tells which.

    Parameters
    ----------
    chosen
        Gets the name of the feature that was clicked.
    """

    def __init__(self, chosen: Callable[[str], None]) -> None:
        super().__init__(0, 2)
        self.setHorizontalHeaderLabels(["feature", "accuracy lost"])
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setItemDelegateForColumn(1, _Bar(self))
        self.verticalHeader().hide()  # type: ignore[union-attr]
        header: Any = self.horizontalHeader()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        self.setMinimumHeight(2 * HEIGHT)
        self.cellClicked.connect(lambda row, _: chosen(self.item(row, 0).text()))  # type: ignore[union-attr]

    def show_costs(self, costs: Sequence[Shuffled]) -> None:
        """Draw a bar a feature."""
        ranked = sorted(costs, key=lambda one: -one.drop)
        most = max((one.drop for one in ranked), default=0) or 1
        self.setRowCount(len(ranked))
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
