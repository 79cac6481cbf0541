"""Window and level by dragging on the canvas: to the right wider, upwards brighter, as in OHIF.

The middle button always does so, because napari leaves it alone; the left button while the mode is on.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from napari_hounsfield.window_presets import level_and_width

from .window import windows_of

if TYPE_CHECKING:
    from collections.abc import Generator

    from napari.components import ViewerModel

LEFT, MIDDLE = 1, 3
PIXELS = 300
"""Of a drag that changes level or width by the width that the window had."""


def drag_window(viewer: ViewerModel, event: Any) -> Generator[None, None, None]:
    """Mouse callback of a viewer."""
    windows = windows_of(viewer)
    image = windows.image
    by_left = event.button == LEFT and windows.by_left_button and not event.modifiers
    if image is None or not (by_left or (event.button == MIDDLE and not event.modifiers)):
        return
    x, y = event.pos
    level, width = level_and_width(image.contrast_limits)
    with _still(viewer), _unheard(viewer):
        event.handled = True
        yield
        while event.type == "mouse_move":
            event.handled = True
            right, down = (float(now - then) for now, then in zip(event.pos, (x, y), strict=True))
            windows.set_level_and_width(level + down * width / PIXELS, width * (1 + right / PIXELS), image)
            yield


@contextmanager
def _still(viewer: ViewerModel) -> Iterator[None]:
    """Let the picture lie while the mouse is dragged."""
    camera = viewer.scene.camera
    before = camera.mouse_pan
    camera.mouse_pan = False
    try:
        yield
    finally:
        camera.mouse_pan = before


@contextmanager
def _unheard(viewer: ViewerModel) -> Iterator[None]:
    """Keep the press from the active layer, whose tool would paint or draw."""
    layer = viewer.layers.selection.active
    before = list(layer.mouse_drag_callbacks) if layer is not None else []
    if layer is not None:
        layer.mouse_drag_callbacks.clear()
    try:
        yield
    finally:
        if layer is not None:
            layer.mouse_drag_callbacks[:] = before
