"""Main canvas, linked views and what joins them, without the widget around them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_hounsfield._napari.onlookers import onlookers_of

from .following import Following
from .later import Later
from .link import Link
from .marks import Marks
from .pane import Pane
from .planes import PLANES, Plane
from .pointing import Pointer
from .view import View

if TYPE_CHECKING:
    from napari.components import ViewerModel


class Desk:
    """Views of a viewer's layers, by name.

    Attributes
    ----------
    views
        Those that are open.
    main
        The main canvas.
    """

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = getattr(viewer, "__wrapped__", viewer)  # plugins are handed a proxy
        self.later = Later()
        self.main = Pane(self._viewer, self._viewer.window._qt_viewer.canvas, self._viewer)
        self.marks = Marks(self.main)
        self.link = Link(self.main, self.marks)
        self.following = Following(self._viewer, self.later)
        self.pointing = False
        self._stopped = False
        self._pointer = Pointer(self.link.go_to, lambda: self.pointing)
        self._pointer.follow(self._viewer)
        self.views: dict[str, View] = {}
        self._viewer.events.theme.connect(self._on_theme)
        self._viewer.canvas.overlays.scale_bar.events.visible.connect(self._on_scale_bar)

    def dropped(self, event: Any) -> None:
        """Open in the main viewer what is dropped on a view."""
        self._viewer.window._qt_viewer.dropEvent(event)

    def open(self, name: str) -> View:
        """Open a view: `Axial`, `Coronal`, `Sagittal` or `3D`."""
        plane: Plane | None = next((plane for plane in PLANES if plane.name == name), None)
        return self.join(name, View(self._viewer, plane, self.dropped))

    def join(self, name: str, view: View) -> View:
        """Make a view one of these."""
        self.views[name] = view
        view.model.events.status.connect(self._on_status)
        view.marks.cross_hair = self.marks.cross_hair
        self.link.add(view, view.marks)
        self._pointer.follow(view.model)
        self.following.add(view)
        onlookers_of(self._viewer).add(view.model)
        return view

    def close(self, name: str) -> None:
        """Close a view and let go of it."""
        view = self.views.pop(name)
        view.busy = True
        onlookers_of(self._viewer).remove(view.model)
        view.model.events.status.disconnect(self._on_status)
        self._pointer.leave(view.model)
        self.link.remove(view)
        self.following.remove(view)
        view.close()

    def stop(self, *_: Any) -> None:
        """Close everything and let go of the viewer."""
        if self._stopped:
            return
        self._stopped = True
        self.later.stop()
        for name in list(self.views):
            self.close(name)
        self.following.stop()
        self.link.stop()
        self.marks.stop()
        self._pointer.leave(self._viewer)
        self._viewer.events.theme.disconnect(self._on_theme)
        self._viewer.canvas.overlays.scale_bar.events.visible.disconnect(self._on_scale_bar)

    def turn_main(self, plane: Plane) -> None:
        """Show a plane on the main canvas."""
        self._viewer.dims.ndisplay = 2
        self._viewer.dims.order = plane.order(self._viewer.dims.ndim)

    @property
    def cross_hair(self) -> bool:
        """Whether the position is drawn."""
        return self.marks.cross_hair

    @cross_hair.setter
    def cross_hair(self, shown: bool) -> None:
        for marks in (self.marks, *(view.marks for view in self.views.values())):
            marks.cross_hair = shown
            marks.redraw()

    def _on_status(self, event: Any) -> None:
        self._viewer.status = event.value

    def _on_theme(self, event: Any) -> None:
        for view in self.views.values():
            view.model.theme = self._viewer.theme

    def _on_scale_bar(self, event: Any = None) -> None:
        for view in self.views.values():
            view.show_scale_bar()
