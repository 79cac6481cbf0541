"""Which layers the linked views show: they follow the main viewer's list, its order and its selection."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Any

from .twins import Twins

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

    from .later import Later
    from .view import View


class Following:
    """Keeps views filled with copies of the layers of `viewer`.

    Copies are made one at a time, as soon as their layer is visible, since each costs what napari takes to add a layer.
    """

    def __init__(self, viewer: ViewerModel, later: Later) -> None:
        self._viewer = viewer
        self._later = later
        self.views: list[View] = []
        self._twins: dict[Layer, Twins] = {}
        self._batches = ExitStack()
        events = viewer.layers.events
        events.begin_batch.connect(self._on_batch)
        events.end_batch.connect(self._batches.close)
        events.inserted.connect(self._on_inserted)
        events.removed.connect(self._on_removed)
        events.reordered.connect(self._arrange_soon)
        viewer.layers.selection.events.active.connect(self._on_selected)
        for layer in viewer.layers:
            self._take(layer)

    def add(self, view: View) -> None:
        """Fill a view."""
        self.views.append(view)
        view.model.layers.events.removed.connect(self._on_removed_in_view)
        view.model.layers.selection.events.active.connect(self._on_selected_in_view)
        self.look_again()

    def remove(self, view: View) -> None:
        """Empty a view that closes."""
        self.views.remove(view)
        layers = view.model.layers
        layers.events.removed.disconnect(self._on_removed_in_view)
        layers.selection.events.active.disconnect(self._on_selected_in_view)
        with layers.events.end_batch.blocker(), layers.batched_update():  # what is left is not drawn again
            for twins in self._twins.values():
                view.drop(twins)

    def stop(self) -> None:
        """Let go of the viewer."""
        self._batches.close()
        events = self._viewer.layers.events
        events.begin_batch.disconnect(self._on_batch)
        events.end_batch.disconnect(self._batches.close)
        events.inserted.disconnect(self._on_inserted)
        events.removed.disconnect(self._on_removed)
        events.reordered.disconnect(self._arrange_soon)
        self._viewer.layers.selection.events.active.disconnect(self._on_selected)
        for layer in list(self._twins):
            self._leave(layer)

    def look_again(self) -> None:
        """Show what is wanted and not what is not."""
        for layer in self._twins:
            self._look_at(layer)

    def _take(self, layer: Layer) -> None:
        self._twins[layer] = Twins(layer, self._viewer, self._later)
        layer.events.visible.connect(self._on_visible)
        self._look_at(layer)

    def _leave(self, layer: Layer) -> None:
        twins = self._twins.pop(layer)
        layer.events.visible.disconnect(self._on_visible)
        for view in self.views:
            view.drop(twins)
        twins.close()

    def _look_at(self, layer: Layer) -> None:
        for view in self.views:
            self._later.add((layer, view), partial(self._decide, layer, view))

    def _decide(self, layer: Layer, view: View) -> None:
        twins = self._twins.get(layer)
        if twins is None or view not in self.views:
            return
        has = twins.copy_in(view.model) is not None
        if view.wants(layer) and not has:
            view.add(twins)
            self._later.add((view, "arrange"), partial(self._arrange, view))
        elif has and not view.keeps(layer):
            view.drop(twins)

    def _arrange(self, view: View) -> None:
        if view in self.views:
            copies = [self._twins[layer].copy_in(view.model) for layer in self._viewer.layers if layer in self._twins]
            view.arrange([copy for copy in copies if copy is not None])
            self._select(view)

    def _arrange_soon(self, event: Any = None) -> None:
        for view in self.views:
            self._later.add((view, "arrange"), partial(self._arrange, view))

    def _select(self, view: View) -> None:
        active = self._viewer.layers.selection.active
        twins = self._twins.get(active)
        before, view.busy = view.busy, True
        view.model.layers.selection.active = twins.copy_in(view.model) if twins else None
        view.busy = before

    def _on_batch(self, event: Any = None) -> None:
        """Layers that go together go together from the views: napari collects garbage after each change, which takes long."""
        for view in self.views:
            if len(view.model.layers):
                self._batches.enter_context(view.model.layers.batched_update())

    def _on_inserted(self, event: Any) -> None:
        self._take(event.value)

    def _on_removed(self, event: Any) -> None:
        if event.value in self._twins:
            self._leave(event.value)

    def _on_visible(self, event: Any) -> None:
        self._look_at(event.source)

    def _on_selected(self, event: Any) -> None:
        for view in self.views:
            self._select(view)

    def _view_of(self, layers: Any) -> View | None:
        return next((view for view in self.views if view.model.layers is layers and not view.busy), None)

    def _original(self, copy: Any) -> Layer | None:
        return next((layer for layer, twins in self._twins.items() if copy is not None and twins.original(copy)), None)

    def _on_selected_in_view(self, event: Any) -> None:
        view = next((v for v in self.views if v.model.layers.selection is event.source and not v.busy), None)
        if view is not None and (layer := self._original(event.value)) is not None:
            self._viewer.layers.selection.active = layer

    def _on_removed_in_view(self, event: Any) -> None:
        layer = self._original(event.value)
        if layer is not None and self._view_of(event.source) is not None:
            self._viewer.layers.remove(layer)
