"""What a viewer is given with the first image of ours: windows by key and drag, a line for the cursor, the scale bar."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakSet

from .cursor.status import show_status, status_of
from .preferences import preferences
from .windowing.drag import drag_window
from .windowing.keys import bind_keys

if TYPE_CHECKING:
    from napari.components import ViewerModel

_equipped: WeakSet[ViewerModel] = WeakSet()


def equip(viewer: ViewerModel) -> None:
    """Equip a viewer, once."""
    viewer = getattr(viewer, "__wrapped__", viewer)  # plugins are handed a proxy
    if viewer in _equipped:
        return
    _equipped.add(viewer)
    bind_keys(viewer)
    viewer.mouse_drag_callbacks.append(drag_window)
    show_status(viewer)
    unmirror(viewer)
    if preferences().scale_bar:
        viewer.canvas.overlays.scale_bar.visible = True


def equip_view(model: ViewerModel, study: ViewerModel) -> None:
    """Let another view of a viewer's layers set windows by drag, and say what lies under the cursor."""
    model.mouse_drag_callbacks.append(drag_window)
    status = status_of(study)
    if status is not None:
        status.follow(model)


def strip_view(model: ViewerModel, study: ViewerModel) -> None:
    """Let go of a view that closes."""
    status = status_of(study)
    if status is not None:
        status.leave(model)


def unmirror(viewer: ViewerModel) -> None:
    """Show patients in 3D as they are: by default napari's first axis points to the viewer, which mirrors axes S, P and L."""
    camera = viewer.scene.camera
    _, vertical, horizontal = camera.orientation
    away = (str(vertical) == "down") == (str(horizontal) == "right")
    camera.orientation = ("away" if away else "towards", vertical, horizontal)
