"""What a viewer is given with the first image of ours: windows by key and drag, a line for the cursor, the scale bar."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakSet

from .cursor.status import show_status
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
    if preferences().scale_bar:
        viewer.canvas.overlays.scale_bar.visible = True
