"""Where a dock of ours comes to stand when it opens: forms share one place as tabs, the linked views stand beside them.

napari puts docks one below the other, and on a small screen two forms then have no room.
"""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import QEvent, QObject, Qt, QTimer
from qtpy.QtWidgets import QDockWidget, QMainWindow, QWidget

WIDE = "hounsfield wide"
"""Property of the content of docks that share no place with others."""


class Docking(QObject):
    """Finds the place of the dock around a widget, once, when it is first shown."""

    def __init__(self, content: QWidget, wide: bool = False) -> None:
        super().__init__(content)
        self._content = content
        content.setProperty(WIDE, wide)
        content.installEventFilter(self)

    def eventFilter(self, watched: Any, event: Any) -> bool:  # noqa: N802
        """Wait for the first time that it is seen, when napari has placed it."""
        if event.type() == QEvent.Type.Show:
            watched.removeEventFilter(self)
            QTimer.singleShot(0, self._place)
        return False

    def _place(self) -> None:
        dock = self._content.parent()
        window = dock.parent() if isinstance(dock, QDockWidget) else None
        if not isinstance(dock, QDockWidget) or not isinstance(window, QMainWindow) or dock.isFloating():
            return
        others = [other for other in window.findChildren(QDockWidget) if other is not dock and _shares(window, other, dock)]
        forms = [other for other in others if not _width(other)]
        if not _width(dock):
            wide = [other for other in others if _width(other)]
            if forms:
                window.tabifyDockWidget(forms[-1], dock)
                dock.raise_()
            elif wide:
                _beside(window, wide[0], dock)
                dock.raise_()
        elif forms:  # a dock among tabs cannot be split from: the tabs move
            _beside(window, dock, forms[0])
            for other in forms[1:]:
                window.tabifyDockWidget(forms[0], other)
            dock.raise_()


def _beside(window: QMainWindow, first: QDockWidget, second: QDockWidget) -> None:
    """Put a dock at the right of another one, or into a tab over it where the screen is too narrow for both."""
    layout, screen, size = window.layout(), window.screen(), window.size()
    window.splitDockWidget(first, second, Qt.Orientation.Horizontal)
    if layout is not None and screen is not None:
        layout.activate()
        if layout.totalMinimumSize().width() > screen.availableGeometry().width():
            window.tabifyDockWidget(first, second)
            layout.activate()
            window.resize(size)


def _shares(window: QMainWindow, other: QDockWidget, dock: QDockWidget) -> bool:
    """Whether another dock of ours is seen at the same side of the window."""
    ours = _width(other) is not None
    at_same_side = window.dockWidgetArea(other) == window.dockWidgetArea(dock)
    return ours and at_same_side and not other.isFloating() and not other.isHidden()


def _width(dock: QDockWidget) -> bool | None:
    """Whether a dock of ours is wide; None of others'."""
    content = dock.widget()
    return None if content is None else content.property(WIDE)
