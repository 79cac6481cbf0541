"""One position and one zoom for all views."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .marks import Marks
from .pane import Pane
from .position import centre_with, cut_elsewhere, fitted, merged, snapped, zoomed_centre

if TYPE_CHECKING:
    from napari.components import ViewerModel


class Link:
    """Joins the main canvas and the views; the position is the main viewer's `dims.point`.

    A view in whose plane the position moves is not sliced again: its `dims.point` changes silently, and only its marks are drawn.
    """

    def __init__(self, main: Pane, marks: Marks) -> None:
        self._main = main
        self._marks: dict[Pane, Marks] = {}
        self._zooms: dict[Pane, float] = {}
        self._busy = False
        self.zooms = True
        self.add(main, marks)

    def add(self, pane: Pane, marks: Marks) -> None:
        """Join a view."""
        self._marks[pane] = marks
        self._zooms[pane] = pane.model.scene.camera.zoom
        pane.model.dims.events.point.connect(self._on_point)
        pane.model.dims.events.range.connect(self._on_range)
        pane.model.dims.events.order.connect(self._on_turned)
        pane.model.dims.events.ndisplay.connect(self._on_turned)
        pane.model.scene.camera.events.zoom.connect(self._on_zoom)
        pane.model.events.reset_view.connect(self._on_reset)
        self.place(pane)

    def remove(self, pane: Pane) -> None:
        """Let go of a view."""
        pane.model.dims.events.point.disconnect(self._on_point)
        pane.model.dims.events.range.disconnect(self._on_range)
        pane.model.dims.events.order.disconnect(self._on_turned)
        pane.model.dims.events.ndisplay.disconnect(self._on_turned)
        pane.model.scene.camera.events.zoom.disconnect(self._on_zoom)
        pane.model.events.reset_view.disconnect(self._on_reset)
        del self._marks[pane], self._zooms[pane]

    def stop(self) -> None:
        """Let go of all."""
        for pane in list(self._marks):
            self.remove(pane)

    @property
    def panes(self) -> list[Pane]:
        """All of them, the main one first."""
        return list(self._marks)

    def go_to(self, viewer: ViewerModel, position: Sequence[float]) -> None:
        """Move everything to a position of one of the viewers."""
        dims = self._main.model.dims
        point = snapped(merged(dims.point, position, range(len(position))), dims.range)
        self._move(point, next((pane for pane in self._marks if pane.model is viewer), None))

    def place(self, pane: Pane) -> None:
        """Bring one view to the position."""
        before, self._busy = self._busy, True
        try:
            self._set(pane, self._main.model.dims.point)
        finally:
            self._busy = before

    def redraw(self) -> None:
        """Draw all marks again."""
        for marks in self._marks.values():
            marks.redraw()

    def _set(self, pane: Pane, point: Sequence[float]) -> None:
        dims = pane.model.dims
        new = fitted(point, dims.ndim, dims.point)
        if cut_elsewhere(dims.point, new, dims.not_displayed):
            dims.point = new
        elif new != dims.point:
            with dims.events.blocker_all():
                dims.point = new
        self._marks[pane].redraw()

    def _move(self, point: Sequence[float], source: Pane | None) -> None:
        if self._busy:
            return
        self._busy = True
        try:
            for pane in self._marks:
                self._set(pane, point)
                if pane is not source:
                    self._keep_in_sight(pane)
        finally:
            self._busy = False

    def _keep_in_sight(self, pane: Pane) -> None:
        if pane.flat and not pane.paired and len(pane.model.layers):
            camera, dims = pane.model.scene.camera, pane.model.dims
            point = [dims.point[axis] for axis in dims.displayed]
            centre = tuple(camera.center[-2:])
            wanted = centre_with(centre, point, pane.size)
            if wanted != centre:
                camera.center = wanted

    def _pane(self, attribute: str, source: Any) -> Pane | None:
        """Pane whose part this is, unless it is changed by the program."""
        parts = {"dims": lambda m: m.dims, "camera": lambda m: m.scene.camera, "viewer": lambda m: m}
        found = next((pane for pane in self._marks if parts[attribute](pane.model) is source), None)
        return None if found is None or found.busy or self._busy else found

    def _on_point(self, event: Any) -> None:
        pane = self._pane("dims", event.source)
        if pane is self._main:
            self._move(event.source.point, pane)
        elif pane is not None:
            self._move(merged(self._main.model.dims.point, event.source.point, event.source.not_displayed), pane)

    def _on_range(self, event: Any) -> None:
        """A view's layers have changed: what was cut off there may be in reach now."""
        pane = next((pane for pane in self._marks if pane.model.dims is event.source), None)
        if pane is not None and pane is not self._main:
            self.place(pane)

    def _on_turned(self, event: Any) -> None:
        """Other axes have sliders now, which have not heard of silent moves."""
        event.source.events.current_step(value=event.source.current_step)

    def _on_zoom(self, event: Any) -> None:
        source = next((pane for pane in self._marks if pane.model.scene.camera is event.source), None)
        if source is None:
            return
        zoom = event.source.zoom
        factor, self._zooms[source] = zoom / self._zooms[source], zoom
        if self._pane("camera", event.source) is None or not self.zooms or not source.flat or source.paired or factor == 1:
            return
        self._busy = True
        try:
            for pane in self._marks:
                if pane is not source and pane.flat and not pane.paired and len(pane.model.layers):
                    camera, dims = pane.model.scene.camera, pane.model.dims
                    point = [dims.point[axis] for axis in dims.displayed]
                    camera.center = zoomed_centre(tuple(camera.center[-2:]), point, factor)
                    camera.zoom = self._zooms[pane] = camera.zoom * factor
        finally:
            self._busy = False

    def _on_reset(self, event: Any) -> None:
        source = self._pane("viewer", event.source)
        if source is None:
            return
        self._busy = True
        try:
            for pane in self._marks:
                if pane is not source:
                    pane.fit()
        finally:
            self._busy = False
