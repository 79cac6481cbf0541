"""Who looks at a viewer's layers besides its own canvas: views say so here, so that others need not know them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from psygnal import Signal

if TYPE_CHECKING:
    from napari.components import Dims, ViewerModel


class Onlookers:
    """Views of one viewer's layers, in the same world."""

    changed = Signal()
    """A view came, or shows another plane."""

    def __init__(self) -> None:
        self._models: list[ViewerModel] = []

    @property
    def dims(self) -> list[Dims]:
        """What each shows."""
        return [model.dims for model in self._models]

    def add(self, model: ViewerModel) -> None:
        """Take note of a view."""
        self._models.append(model)
        for event in self._events(model):
            event.connect(self._on_move)
        self.changed.emit()

    def remove(self, model: ViewerModel) -> None:
        """Forget a view."""
        self._models.remove(model)
        for event in self._events(model):
            event.disconnect(self._on_move)

    @staticmethod
    def _events(model: ViewerModel) -> list[Any]:
        events = model.dims.events
        return [events.point, events.order, events.ndisplay]

    def _on_move(self, event: Any) -> None:
        self.changed.emit()


_onlookers: WeakKeyDictionary[Any, Onlookers] = WeakKeyDictionary()


def onlookers_of(viewer: ViewerModel) -> Onlookers:
    """Those of a viewer, made at the first call."""
    viewer = getattr(viewer, "__wrapped__", viewer)  # plugins are handed a proxy
    return _onlookers.setdefault(viewer, Onlookers())
