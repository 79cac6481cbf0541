"""A linked view: a viewer of its own in a widget, which shows copies of the main viewer's layers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from napari.components import ViewerModel
from napari.qt import QtViewer

from napari_hounsfield._napari.viewing import equip_view, strip_view

from .copies import VOLUMES
from .later import alive
from .marks import Marks
from .pane import Pane
from .planes import Plane, upright

if TYPE_CHECKING:
    from napari.layers import Layer

    from .twins import Twins

FROM_THE_FRONT = {"view_direction": (-0.25, 1.0, -0.35), "up_direction": (1.0, 0.0, 0.0)}
"""How 3D begins: the patient seen from the front, a little from above and the left, head up."""
FILLED = 0.75
"""Part of a 3D view that the study takes up."""


class _Canvas(QtViewer):  # type: ignore[misc]
    """napari's widget around a canvas, the second one in a window."""

    def __init__(self, model: ViewerModel, dropped: Callable[[Any], None]) -> None:
        super().__init__(model)
        self._dropped = dropped

    def dropEvent(self, event: Any) -> None:  # noqa: N802
        """Files open in the main viewer."""
        self._dropped(event)

    def _bind_shortcuts(self) -> None:
        """The window has bound them; once more costs as much as all the rest."""


class View(Pane):
    """Axial, coronal, sagittal or 3D.

    Parameters
    ----------
    study
        The main viewer.
    plane
        What is shown; None for 3D.
    dropped
        Takes the event when files are dropped here.
    """

    def __init__(self, study: ViewerModel, plane: Plane | None, dropped: Callable[[Any], None]) -> None:
        model = ViewerModel(title=plane.name if plane else "3D", ndisplay=2 if plane else 3)
        self.widget = _Canvas(model, dropped)
        super().__init__(model, self.widget.canvas, study)
        self.home = plane
        self.volumes = False
        self._unfitted = False
        model.theme = study.theme
        self.turn(plane)
        self.marks = Marks(self)
        equip_view(model, study)
        self.show_scale_bar()

    def turn(self, plane: Plane | None) -> None:
        """Show a plane, or 3D."""
        camera, ndim = self.model.scene.camera, self.model.dims.ndim
        order = plane.order(ndim) if plane is not None else tuple(range(ndim))
        camera.orientation = upright(order)
        if plane is not None:
            self.model.dims.order = order
        else:
            camera.set_view_direction(**FROM_THE_FRONT)

    def wants(self, layer: Layer) -> bool:
        """Whether a layer is to be seen here: in 3D volumes only when asked for, since drawing them takes long."""
        return bool(layer.visible and self.keeps(layer))

    def keeps(self, layer: Layer) -> bool:
        """Whether the copy of a layer that is not visible now stays here."""
        return bool(self.flat or self.volumes or layer._type_string not in VOLUMES)

    def add(self, twins: Twins) -> None:
        """Show a copy of a layer."""
        before, self.busy = self.busy, True
        try:
            first = not len(self.model.layers)
            self.model.layers.append(twins.add(self.model, self.own, coarse=not self.flat))
            if self.home is not None and self.model.dims.order != self.home.order(self.model.dims.ndim):
                self.turn(self.home)
            if first:
                self.fit()
                if self.model.dims.ndim == self.study.dims.ndim:  # napari turns to the middle with the first layer
                    self.model.dims.point = self.study.dims.point
        finally:
            self.busy = before

    @property
    def own(self) -> frozenset[str]:
        """Properties that this view does not share."""
        return frozenset()

    def drop(self, twins: Twins) -> None:
        """Show it no longer."""
        copy = twins.remove(self.model)
        if copy is not None and copy in self.model.layers:
            before, self.busy = self.busy, True
            try:
                self.model.layers.remove(copy)
            finally:
                self.busy = before

    def show_scale_bar(self, event: Any = None) -> None:
        """Show it as the main canvas does, with or without layers: its letters take long when they are first drawn."""
        self.model.canvas.overlays.scale_bar.visible = self.study.canvas.overlays.scale_bar.visible

    def arrange(self, wanted: Sequence[Layer]) -> None:
        """Bring the layers into this order."""
        layers = self.model.layers
        self.busy = True
        for index, layer in enumerate(wanted):
            if layers[index] is not layer:
                layers.move(layers.index(layer), index)
        self.busy = False

    def on_resize(self) -> None:
        """Show all of it, if there was no room for it before."""
        if self._unfitted:
            self.fit()

    def fit(self) -> None:
        """Show all of it; what was asked for before the view closed is forgotten."""
        if not (alive(self.widget) and alive(self.native)):
            return
        self._unfitted = min(self.native.width(), self.native.height()) < 1  # behind a tab, or squeezed
        if self._unfitted:
            return
        if self.flat:
            self.model.reset_view()
        elif len(self.study.layers) and self.study.dims.ndim >= 3:
            low, high = self.extent
            camera = self.model.scene.camera
            camera.center = tuple((low + high) / 2)
            camera.zoom = FILLED * min(self.native.width(), self.native.height()) / max(float((high - low).max()), 1.0)
            self.turn(None)

    def close(self) -> None:
        """Close the canvas and let go of everything."""
        self.busy = True
        self.marks.stop()
        strip_view(self.model, self.study)
        if len(self.model.layers):
            self.model.layers.clear()
        self.model._layer_slicer.shutdown()
        if alive(self.widget):  # else it went with the window
            self.widget.close()
            self.widget.setParent(None)
            self.widget.deleteLater()
