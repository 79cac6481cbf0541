"""Following a viewer's list of layers for as long as a widget lives."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from napari.components import ViewerModel


class LayerListener:
    """Calls back when layers come, go, move or are renamed.

    It is a plain object of its own because napari looks into what is connected, and a widget whose Qt part is gone raises then.
    """

    def __init__(self, viewer: ViewerModel, callback: Callable[[], None], native: Any) -> None:
        self._viewer = viewer
        self._callback: Callable[[], None] | None = callback
        self._events = [getattr(viewer.layers.events, name) for name in ("inserted", "removed", "reordered")]
        for event in self._events:
            event.connect(self.on_event)
        native.destroyed.connect(self.stop)
        self._follow_names()

    def _follow_names(self) -> None:
        for layer in self._viewer.layers:
            layer.events.name.connect(self.on_event)

    def on_event(self, event: Any = None) -> None:
        """Call back, unless the widget is gone."""
        if self._callback is not None:
            self._follow_names()
            self._callback()

    def stop(self, *_: Any) -> None:
        """Let go of the viewer."""
        self._callback = None
        for event in self._events:
            event.disconnect(self.on_event)
        for layer in self._viewer.layers:
            layer.events.name.disconnect(self.on_event)
