"""What is drawn over a canvas: cross-hair, letters of the edges, and the name of the plane.

A widget over the canvas, not part of the scene: a move of the cross-hair then costs no drawing of the image, which without a
graphics card takes as long as a new slice.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import combinations, product
from math import ceil
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QEvent, QPointF, Qt
from qtpy.QtGui import QColor, QFont, QGuiApplication, QImage, QPainter, QPainterPath, QPen
from qtpy.QtWidgets import QWidget

from .later import alive
from .planes import PLANES

if TYPE_CHECKING:
    from .pane import Pane

GAP = 9
"""Pixels around the position that the cross-hair leaves free."""
INSET = 4
"""Pixels between letters and the edge."""
LINE = 20
"""Pixels from the top to the second line of text."""
SCALE_BAR = 46
"""Pixels that napari's scale bar takes at the bottom."""
FLAT = 12
"""Pixels between the letters of two opposite faces below which one is behind the other."""
HALO = 0.2
"""Width of the dark rim that keeps text legible on white, as part of the size of the letters."""
BOX = QColor(150, 150, 150)


class Marks(QWidget):
    """Lies over a canvas and lets the mouse through."""

    def __init__(self, pane: Pane) -> None:
        super().__init__(pane.native)
        self._pane = pane
        self.cross_hair = True
        for attribute in (Qt.WidgetAttribute.WA_TransparentForMouseEvents, Qt.WidgetAttribute.WA_NoSystemBackground):
            self.setAttribute(attribute)
        pane.native.installEventFilter(self)
        camera, dims = pane.model.scene.camera.events, pane.model.dims.events
        self._events = [camera.center, camera.zoom, camera.angles, camera.orientation, dims.order, dims.ndisplay, dims.point]
        for event in self._events:
            event.connect(self.redraw)
        self.setGeometry(pane.native.rect())
        self.show()
        self.raise_()

    def redraw(self, event: Any = None) -> None:
        """Draw again soon."""
        self.update()

    def stop(self) -> None:
        """Let go of the viewer and disappear."""
        for event in self._events:
            event.disconnect(self.redraw)
        if alive(self):  # else it went with the window
            self._pane.native.removeEventFilter(self)
            self.setParent(None)
            self.deleteLater()

    def eventFilter(self, watched: Any, event: Any) -> bool:  # noqa: N802
        """Stay as large as the canvas."""
        if event.type() == QEvent.Type.Resize:
            self.setGeometry(watched.rect())
            self._pane.on_resize()
        return False

    def paintEvent(self, event: Any) -> None:  # noqa: N802
        """Draw."""
        pane = self._pane
        if pane.model.canvas.grid.enabled or not len(pane.study.layers):
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if pane.flat:
            self._draw_plane(painter)
        elif pane.study.dims.ndim >= 3:
            self._draw_box(painter)
        painter.end()

    def _draw_plane(self, painter: QPainter) -> None:
        pane, dims = self._pane, self._pane.model.dims
        plane = pane.plane
        if self.cross_hair and plane is not None:
            (x, y), first = pane.on_canvas([dims.point])[0], dims.ndim - 3
            row, column = (axis - first for axis in dims.displayed)
            width, height = self.width(), self.height()
            if min(row, column) >= 0:
                _line(painter, PLANES[row].colour, (0, y), (x - GAP, y), (x + GAP, y), (width, y))
                _line(painter, PLANES[column].colour, (x, 0), (x, y - GAP), (x, y + GAP), (x, height))
        edges = pane.edges
        middle_x, middle_y = self.width() / 2, self.height() / 2
        _text(painter, edges.top, middle_x, INSET, 0.5, 0)
        lifted = SCALE_BAR if pane.model.canvas.overlays.scale_bar.visible else 0
        _text(painter, edges.bottom, middle_x, self.height() - INSET - lifted, 0.5, 1)
        _text(painter, edges.left, INSET, middle_y, 0, 0.5)
        _text(painter, edges.right, self.width() - INSET, middle_y, 1, 0.5)
        if plane is not None:
            axis = dims.not_displayed[-1]
            name = plane.name if pane.worlds else f"axis {axis}"
            place = f"{name}  {dims.current_step[axis]}/{dims.nsteps[axis] - 1}"  # as napari's slider counts
            _text(painter, place, INSET + 2, INSET + 1, 0, 0, 9, plane.colour)
            _text(painter, pane.caption, INSET + 2, LINE, 0, 0, 9)

    def _draw_box(self, painter: QPainter) -> None:
        """Outline of what is there, the position in it, and letters at the middle of its faces."""
        low, high = self._pane.extent
        point, middle = np.array(self._pane.study.dims.point[-3:]), (low + high) / 2
        corners = np.array(list(product(*zip(low, high, strict=True))))
        lines, faces = np.tile(point, (6, 1)), np.tile(middle, (6, 1))
        for axis in range(3):
            lines[2 * axis : 2 * axis + 2, axis] = faces[2 * axis : 2 * axis + 2, axis] = low[axis], high[axis]
        placed = self._placed(np.vstack([corners, lines, faces]))
        painter.setPen(QPen(BOX, 1))
        for one, other in combinations(range(8), 2):
            if (one ^ other).bit_count() == 1:
                painter.drawLine(placed[one], placed[other])
        for axis, (plane, letters) in enumerate(zip(PLANES, self._pane.ends, strict=True)):
            if self.cross_hair:
                painter.setPen(QPen(QColor(plane.colour), 1))
                painter.drawLine(placed[8 + 2 * axis], placed[9 + 2 * axis])
            ends = placed[14 + 2 * axis : 16 + 2 * axis]
            if (ends[0] - ends[1]).manhattanLength() > FLAT:
                for letter, at in zip(letters, ends, strict=True):
                    _text(painter, letter, at.x(), at.y(), 0.5, 0.5, 10)

    def _placed(self, points: Any) -> list[QPointF]:
        """Where points (n, 3) of the last three world axes are on the canvas."""
        dims = self._pane.study.dims
        leading = np.tile(dims.point[: dims.ndim - 3], (len(points), 1))
        return [QPointF(float(x), float(y)) for x, y in self._pane.on_canvas(np.hstack([leading, points]))]


def _line(painter: QPainter, colour: str, *ends: Any) -> None:
    for start, stop in zip(ends[::2], ends[1::2], strict=True):
        painter.setPen(QPen(QColor(colour), 1))
        painter.drawLine(QPointF(*map(float, start)), QPointF(*map(float, stop)))


def _text(painter: Any, text: str, x: float, y: float, across: float, down: float, size: int = 12, colour: str = "white") -> None:
    """Text whose picture has the point (x, y) at this part of its width and height."""
    if text:
        ratio = painter.device().devicePixelRatioF()
        picture = _picture(text, size, colour, ratio)
        painter.drawImage(QPointF(x - across * picture.width() / ratio, y - down * picture.height() / ratio), picture)


@lru_cache(maxsize=512)
def _picture(text: str, size: int, colour: str, ratio: float) -> QImage:
    """Picture of a text with a dark rim; drawing the rim anew at each move would take longer than all else."""
    font = QFont(QGuiApplication.font())
    font.setPointSize(size)
    font.setBold(True)
    path = QPainterPath()
    path.addText(0, 0, font, text)
    rim = QPen(QColor(0, 0, 0, 200), HALO * size)
    rim.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    box = path.boundingRect().adjusted(-rim.widthF() / 2, -rim.widthF() / 2, rim.widthF() / 2, rim.widthF() / 2)
    picture = QImage(ceil(box.width() * ratio), ceil(box.height() * ratio), QImage.Format.Format_ARGB32_Premultiplied)
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(-box.left(), -box.top())
    painter.strokePath(path, rim)
    painter.fillPath(path, QColor(colour))
    painter.end()
    return picture
