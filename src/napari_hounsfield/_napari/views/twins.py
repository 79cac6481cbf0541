"""One layer and its copies in the linked views, kept in step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.utils.events import disconnect_events

from .copies import VOLUMES, copy_layer, data_of, same, shared_names, steps_of, thinned

if TYPE_CHECKING:
    from napari.components import Dims, ViewerModel
    from napari.layers import Layer

    from .later import Later

EDITED = ("_undo_history", "_redo_history")
"""What napari's labels remember for undoing; shared, so that a stroke can be undone from any view."""


class Twins:
    """Copies of a layer, one a view.

    Properties go both ways. Voxels are the same memory, so an edit in one only has to be drawn in the others. What is painted
    on a copy is told as if it had been painted on the original, which is what the rest of the world listens to.
    """

    def __init__(self, layer: Layer, viewer: ViewerModel, later: Later) -> None:
        self.layer = layer
        self._later = later
        self._copies: dict[ViewerModel, Layer] = {}
        self._own: dict[Layer, frozenset[str]] = {layer: frozenset()}
        self._dims = {layer: viewer.dims}
        self._seen: dict[Layer, Any] = {layer: _place(layer, viewer.dims)}
        self._names = shared_names(layer)
        self._quiet = False
        self._connect(layer)

    def copy_in(self, viewer: ViewerModel) -> Layer | None:
        """The copy that a view shows, if it shows one."""
        return self._copies.get(viewer)

    def original(self, layer: Layer) -> bool:
        """Whether a layer is one of these."""
        return layer in self._own

    def add(self, viewer: ViewerModel, own: frozenset[str] = frozenset(), coarse: bool = False) -> Layer:
        """Make the copy of a view; properties in `own` are not shared with it."""
        with self._silence():
            copy = copy_layer(self.layer, steps_of(self.layer, coarse))
        if coarse:
            own = own | {"editable", "mode"}
        self._copies[viewer] = copy
        self._own[copy] = own
        self._dims[copy] = viewer.dims
        self._seen[copy] = None  # its view will slice it
        self._share_history()
        self._connect(copy)
        return copy

    def remove(self, viewer: ViewerModel) -> Layer | None:
        """Let go of the copy of a view."""
        copy = self._copies.pop(viewer, None)
        if copy is not None:
            self._forget(copy)
        return copy

    def close(self) -> None:
        """Let go of all."""
        for layer in list(self._own):
            self._forget(layer)
        self._copies.clear()

    def _connect(self, layer: Layer) -> None:
        for name in self._names:
            layer.events[name].connect(self._on_property)
        layer.events.data.connect(self._on_data)
        layer.events.set_data.connect(self._on_drawn)
        if layer._type_string == "labels":
            layer.events.labels_update.connect(self._on_edited)
            layer.events.paint.connect(self._on_painted)

    def _forget(self, layer: Layer) -> None:
        disconnect_events(layer.events, self)
        for table in (self._own, self._dims, self._seen):
            table.pop(layer, None)

    def _others(self, layer: Layer) -> list[Layer]:
        return [other for other in self._own if other is not layer]

    @contextmanager
    def _silence(self) -> Iterator[None]:
        """What changes in here was not done by the user."""
        before, self._quiet = self._quiet, True
        try:
            yield
        finally:
            self._quiet = before

    def _on_property(self, event: Any) -> None:
        name, source = event.type, event.source
        if self._quiet or name in self._own.get(source, (name,)):
            return
        value = getattr(source, name)
        for other in self._others(source):
            if name not in self._own[other]:
                with self._silence():
                    self._assign(other, name, self._scaled(source, other, value) if name == "scale" else value)
        if name == "editable":
            self._share_history()

    def _assign(self, layer: Layer, name: str, value: Any) -> None:
        if not same(getattr(layer, name), value):
            setattr(layer, name, value)

    def _scaled(self, source: Layer, other: Layer, scale: Any) -> Any:
        steps = {layer: steps_of(self.layer, "mode" in self._own[layer]) for layer in (source, other)}
        return np.asarray(scale) / steps[source] * steps[other]

    def _on_data(self, event: Any) -> None:
        if not self._quiet:
            source = event.source
            self._later.add((self, "data"), lambda: self._copy_data(source))

    def _copy_data(self, source: Layer) -> None:
        if source not in self._own:
            return
        for other in self._others(source):
            if source._type_string not in VOLUMES:
                data = data_of(source)
            elif other.data is source.data:
                continue
            else:
                data = thinned(source, steps_of(source, "mode" in self._own[other]))
            with self._silence():
                other.data = data
        self._share_history()

    def _share_history(self) -> None:
        if self.layer._type_string == "labels":
            for copy in self._copies.values():
                for name in EDITED:
                    setattr(copy, name, getattr(self.layer, name))

    def _on_drawn(self, event: Any) -> None:
        """Redrawn without having been moved: its voxels have changed."""
        layer = event.source
        if layer not in self._dims:
            return
        place = _place(layer, self._dims[layer])
        moved, self._seen[layer] = self._seen[layer] != place, place
        if not moved:
            self._on_edited(event)

    def _on_edited(self, event: Any) -> None:
        if self._quiet:
            return
        for other in self._others(event.source):
            if other.visible:
                self._later.add((self, other), self._redrawing(other))

    def _redrawing(self, layer: Layer) -> Callable[[], None]:
        def redraw() -> None:
            if layer in self._own:
                with self._silence():
                    layer.refresh(extent=False, highlight=False, thumbnail=layer is self.layer)

        return redraw

    def _on_painted(self, event: Any) -> None:
        if event.source is not self.layer:
            self.layer.events.paint(value=event.value)


def _place(layer: Layer, dims: Dims) -> tuple[Any, ...]:
    """What of a layer is drawn: slice, order of axes and thickness."""
    cut = tuple(dims.point[axis] for axis in dims.not_displayed)
    return cut, dims.order, dims.ndisplay, dims.margin_left, dims.margin_right, layer.visible
