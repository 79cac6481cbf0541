"""Eye, lock and colour of a class, drawn in the list's own colours, so that they show on dark and light."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import QPointF, QRectF, Qt
from qtpy.QtGui import QColor, QPainter, QPainterPath, QPen
from qtpy.QtWidgets import QStyledItemDelegate

from .class_model import COLOUR, LOCKED, VISIBLE, Role
from .classes import ClassRow

FAINT = 70
"""Opacity (of 255) of an eye that is shut, and of a lock that is open."""


class ClassCells(QStyledItemDelegate):
    """Draws one cell."""

    def paint(self, painter: Any, option: Any, index: Any) -> None:
        """Draw the cell as others are, then the sign."""
        super().paint(painter, option, index)
        row = index.data(Role.UserRole)
        if not isinstance(row, ClassRow):
            return
        ink = QColor(option.palette.text().color())
        on = {VISIBLE: row.visible, LOCKED: row.locked}.get(index.column(), True)
        if not on:
            ink.setAlpha(FAINT)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(ink, 1.4))
        middle = QRectF(option.rect).center()
        if index.column() == VISIBLE:
            _eye(painter, middle, ink, row.visible)
        elif index.column() == LOCKED:
            _lock(painter, middle, ink, row.locked)
        elif index.column() == COLOUR:
            painter.setPen(QPen(ink, 1))
            painter.setBrush(QColor.fromRgbF(*(float(c) for c in row.colour)))
            painter.drawRoundedRect(QRectF(middle.x() - 6, middle.y() - 6, 12, 12), 2, 2)
        painter.restore()


def _eye(painter: Any, middle: Any, ink: Any, is_open: bool) -> None:
    x, y = middle.x(), middle.y()
    lid = QPainterPath(QPointF(x - 7, y))
    lid.quadTo(QPointF(x, y - 8), QPointF(x + 7, y))
    lid.quadTo(QPointF(x, y + 8), QPointF(x - 7, y))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPath(lid)
    if is_open:
        painter.setBrush(ink)
        painter.drawEllipse(QPointF(x, y), 2, 2)
    else:
        painter.drawLine(QPointF(x - 6, y + 5), QPointF(x + 6, y - 5))


def _lock(painter: Any, middle: Any, ink: Any, is_shut: bool) -> None:
    x, y = middle.x(), middle.y()
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawArc(QRectF(x - 3 + (0 if is_shut else 4), y - 7, 6, 8), 0, 180 * 16)
    painter.setBrush(ink if is_shut else Qt.BrushStyle.NoBrush)
    painter.drawRect(QRectF(x - 4.5, y - 2.5, 9, 7))
