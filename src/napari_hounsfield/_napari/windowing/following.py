"""Following which image a window is for, and its window, for as long as a widget lives."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .images import target
from .window import windows_of

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Image


class ImageFollower:
    """Calls back when the image that a window is for, or its window, changes.

    A plain object of its own, because napari looks into what is connected, and a widget whose Qt part is gone raises then.
    """

    def __init__(self, viewer: ViewerModel, callback: Callable[[], None], native: Any) -> None:
        self._viewer, self._image = viewer, None
        self._callback: Callable[[], None] | None = callback
        layers = viewer.layers
        events = layers.events
        self._events = [events.inserted, events.removed, events.reordered, layers.selection.events.active]
        for event in self._events:
            event.connect(self.on_event)
        windows_of(viewer).changed.connect(self.on_event)
        native.destroyed.connect(self.stop)
        self._follow(target(viewer))

    def _follow(self, image: Image | None) -> None:
        if image is self._image:
            return
        for event in self._image_events():
            event.disconnect(self.on_event)
        self._image = image
        for event in self._image_events():
            event.connect(self.on_event)

    def _image_events(self) -> list[Any]:
        if self._image is None:
            return []
        events = self._image.events
        return [events.contrast_limits, events.name, events.metadata]

    def on_event(self, event: Any = None) -> None:
        """Call back, unless the widget is gone."""
        if self._callback is not None:
            self._follow(target(self._viewer))
            self._callback()

    def stop(self, *_: Any) -> None:
        """Let go of the viewer."""
        self._callback = None
        for event in self._events:
            event.disconnect(self.on_event)
        windows_of(self._viewer).changed.disconnect(self.on_event)
        self._follow(None)
