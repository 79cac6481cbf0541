"""Moving the position with the mouse."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from napari.components import ViewerModel

MODIFIER = "Shift"
LEFT = 1
KEEPS_SHIFT = ("points", "shapes")
"""Kinds of layers whose own tools use the modifier, unless they are in pan and zoom."""


class Pointer:
    """Takes the position to the mouse while it is dragged with Shift, or, where `always` says so, without.

    The left button with Shift does nothing of napari's in 2D but with the tools of points and shapes, which keep it. Tools that
    would paint do not see the drag.
    """

    def __init__(self, go_to: Callable[[ViewerModel, tuple[float, ...]], None], always: Callable[[], bool]) -> None:
        self._go_to = go_to
        self._always = always

    def follow(self, viewer: ViewerModel) -> None:
        """Listen to a viewer."""
        viewer.mouse_drag_callbacks.append(self._on_drag)

    def leave(self, viewer: ViewerModel) -> None:
        """Listen no longer."""
        if self._on_drag in viewer.mouse_drag_callbacks:
            viewer.mouse_drag_callbacks.remove(self._on_drag)

    def _meant(self, viewer: ViewerModel, event: Any) -> bool:
        if viewer.dims.ndisplay != 2 or event.button != LEFT or set(event.modifiers) - {MODIFIER}:
            return False
        layer = viewer.layers.selection.active
        keeps = layer is not None and layer._type_string in KEEPS_SHIFT and str(layer.mode) != "pan_zoom"
        return not keeps if MODIFIER in event.modifiers else self._always()

    def _on_drag(self, viewer: ViewerModel, event: Any) -> Iterator[None]:
        if not self._meant(viewer, event):
            return
        viewer = getattr(viewer, "__wrapped__", viewer)
        camera, layer = viewer.scene.camera, viewer.layers.selection.active
        pans, camera.mouse_pan = camera.mouse_pan, False
        tools = list(layer.mouse_drag_callbacks) if layer is not None else []
        if layer is not None:
            layer.mouse_drag_callbacks.clear()  # napari asks them next
        try:
            self._go_to(viewer, tuple(event.position))
            yield
            while event.type == "mouse_move":
                _give_back(layer, tools)
                self._go_to(viewer, tuple(event.position))
                yield
        finally:
            _give_back(layer, tools)
            camera.mouse_pan = pans


def _give_back(layer: Any, tools: list[Any]) -> None:
    if layer is not None and tools:
        layer.mouse_drag_callbacks.extend(tool for tool in tools if tool not in layer.mouse_drag_callbacks)
        tools.clear()
