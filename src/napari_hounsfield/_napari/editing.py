"""Noticing that labels were edited, or layers moved, once the user pauses."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QTimer

if TYPE_CHECKING:
    from napari.layers import Layer

PAUSE_MS = 500
"""Milliseconds without an edit after which the user has paused."""


class EditListener:
    """Calls `touched` at once when one of the followed layers is edited, and `settled` when no more edits come.

    A plain object, because napari looks into what is connected, and a widget whose Qt part is gone raises then.
    """

    def __init__(self, touched: Callable[[], None], settled: Callable[[], None], native: Any) -> None:
        self._touched, self._settled = touched, settled
        self._layers: list[Layer] = []
        self._histories: dict[int, tuple[int, int]] = {}
        self._timer = QTimer()
        self._timer.setSingleShot(True)
        self._timer.setInterval(PAUSE_MS)
        self._timer.timeout.connect(self._on_pause)
        native.destroyed.connect(self.stop)

    def follow(self, layers: Iterable[Layer]) -> None:
        """Follow these layers and no others."""
        self._disconnect()
        self._layers = [getattr(layer, "__wrapped__", layer) for layer in layers]  # plugins are handed proxies
        for layer in self._layers:
            self._histories[id(layer)] = _history(layer)
            for event in _events(layer):
                event.connect(self.on_edit)
            layer.events.set_data.connect(self.on_redraw)

    def on_edit(self, event: Any = None) -> None:
        """Wait for more."""
        self._touched()
        self._timer.start()

    def on_redraw(self, event: Any) -> None:
        """Undoing and redoing only redraw, and so does every move of the slider."""
        layer = event.source
        if _history(layer) != self._histories.get(id(layer)):
            self._histories[id(layer)] = _history(layer)
            self.on_edit()

    @property
    def waiting(self) -> bool:
        """Whether edits were made for which `settled` has not been called yet."""
        return bool(self._timer.isActive())

    def _on_pause(self) -> None:
        self._settled()

    def _disconnect(self) -> None:
        for layer in self._layers:
            for event in _events(layer):
                event.disconnect(self.on_edit)
            layer.events.set_data.disconnect(self.on_redraw)
        self._layers = []
        self._histories.clear()

    def stop(self, *_: Any) -> None:
        """Let go of the layers."""
        self._timer.stop()
        self._disconnect()


def _events(layer: Layer) -> list[Any]:
    """What changes labels, or where a layer lies and how large its voxels are."""
    names = ("paint", "labels_update", "data", "scale", "translate", "rotate", "shear", "affine")
    return [getattr(layer.events, name) for name in names if name in layer.events]


def _history(layer: Layer) -> tuple[int, int]:
    """How many edits can be undone and redone; napari tells it in no other way."""
    return len(getattr(layer, "_undo_history", ())), len(getattr(layer, "_redo_history", ()))
