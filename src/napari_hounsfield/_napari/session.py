"""What belongs to one viewer and is no layer: the classifiers trained or loaded in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from psygnal import Signal

if TYPE_CHECKING:
    from napari.components import ViewerModel


class Session:
    """Classifiers by name, oldest first."""

    changed = Signal()

    def __init__(self) -> None:
        self.classifiers: dict[str, Any] = {}

    def keep(self, classifier: Any, name: str) -> str:
        """Keep a classifier and return the name it can be chosen by, which is new."""
        number, unique = 1, name
        while unique in self.classifiers:
            number += 1
            unique = f"{name} [{number}]"
        self.classifiers[unique] = classifier
        self.changed.emit()
        return unique


_sessions: WeakKeyDictionary[Any, Session] = WeakKeyDictionary()


def session_of(viewer: ViewerModel) -> Session:
    """Session of a viewer, made at the first call and gone with the viewer."""
    viewer = getattr(viewer, "__wrapped__", viewer)  # plugins are handed a proxy
    return _sessions.setdefault(viewer, Session())
