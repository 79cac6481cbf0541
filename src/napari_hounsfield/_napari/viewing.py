"""What a viewer is given with the first image of ours: windows by key and drag, a line for the cursor, head up, the scale bar."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from .cursor.status import show_status, status_of
from .layers import KEY
from .preferences import preferences
from .views.planes import upright
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
    keep_upright(viewer)
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


def keep_upright(viewer: ViewerModel) -> None:
    """Show patients as they are, however the axes are rolled: head up, and in 3D not mirrored; other images are left alone.

    By default napari's vertical axis points down, whatever it is, and its first axis to the viewer, which mirrors S, P and L.
    """

    def turn(event: Any = None) -> None:
        if any(KEY in layer.metadata for layer in viewer.layers):
            viewer.scene.camera.orientation = upright(viewer.dims.order)

    viewer.dims.events.order.connect(turn)
    viewer.layers.events.inserted.connect(turn)
    turn()
