"""A line in napari's status bar that follows the cursor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from qtpy.QtCore import QObject, Qt, QTimer
from qtpy.QtWidgets import QSizePolicy
from superqt import QElidingLabel

from .reading import under_cursor

if TYPE_CHECKING:
    from napari.components import ViewerModel

EVERY_MS = 30
"""Milliseconds between two readings: more often than can be read would only take time from the picture."""
WIDEST = 760
"""Pixels; what does not fit is in the tooltip."""


_lines: WeakKeyDictionary[ViewerModel, CursorStatus] = WeakKeyDictionary()


class CursorStatus(QElidingLabel):
    """What lies under the cursor of a viewer, or of one of several that show the same layers."""

    def __init__(self, viewer: ViewerModel) -> None:
        super().__init__()
        self.setObjectName("hounsfield under the cursor")
        self.setElideMode(Qt.TextElideMode.ElideRight)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(EVERY_MS)
        self._timer.timeout.connect(self.read)
        self._listeners: list[_Listener] = []
        self._last = viewer
        self.follow(viewer)

    def follow(self, viewer: ViewerModel) -> None:
        """Read under the cursor of this viewer too."""
        self._listeners.append(_Listener(viewer, self._moved, self))

    def leave(self, viewer: ViewerModel) -> None:
        """Read there no longer."""
        for listener in [one for one in self._listeners if one.viewer is viewer]:
            listener.stop()
            self._listeners.remove(listener)
        if self._last is viewer:
            self._last = self._listeners[0].viewer

    def _moved(self, viewer: ViewerModel) -> None:
        self._last = viewer
        if not self._timer.isActive():
            self._timer.start()

    def read(self) -> None:
        """Show what lies there."""
        text = str(under_cursor(self._last))
        if text != self.text():
            self.setText(text)
            self.setToolTip(text)
            self.setMinimumWidth(min(self.fontMetrics().horizontalAdvance(text) + 12, WIDEST))


class _Listener:
    """Hears a viewer's cursor and sliders; a plain object, since napari looks into what is connected."""

    def __init__(self, viewer: ViewerModel, moved: Any, native: QObject) -> None:
        self.viewer, self._moved = viewer, moved
        self._events = [viewer.cursor.events.position, viewer.dims.events.point, viewer.dims.events.ndisplay]
        for event in self._events:
            event.connect(self.on_event)
        native.destroyed.connect(self.stop)

    def on_event(self, event: Any = None) -> None:
        """Read soon."""
        if self._moved is not None:
            self._moved(self.viewer)

    def stop(self, *_: Any) -> None:
        """Let go of the viewer."""
        self._moved = None
        for event in self._events:
            event.disconnect(self.on_event)


def show_status(viewer: ViewerModel) -> None:
    """Put the line into the status bar of a viewer's window; a viewer without a window has none."""
    window = getattr(viewer, "window", None)
    if window is None:
        return
    line = CursorStatus(viewer)
    window._qt_window.statusBar().addPermanentWidget(line)
    _lines[viewer] = line


def status_of(viewer: ViewerModel) -> CursorStatus | None:
    """The line of a viewer's window; None where there is none."""
    return _lines.get(viewer)
