"""The mouse on a canvas, and where a pixel lies in the patient, told without the code that is tested."""

from __future__ import annotations

from typing import Any

import numpy as np


def drag(pane: Any, *pixels: tuple[float, float], modifiers: tuple[str, ...] = ()) -> None:
    """Press the left button at the first pixel (x, y), move over the others, and let go."""
    from vispy.util import keys

    events = pane._canvas._scene_canvas.events
    held = tuple(getattr(keys, name.upper()) for name in modifiers)
    press = events.mouse_press(pos=np.array(pixels[0]), button=1, buttons=[1], modifiers=held)
    for pixel in pixels[1:]:
        pane._canvas._on_mouse_move(_event("mouse_move", pixel, held, press))  # past napari's throttle, which needs time
    events.mouse_release(pos=np.array(pixels[-1]), button=1, buttons=[], modifiers=held, press_event=press)


def _event(kind: str, pixel: tuple[float, float], held: Any, press: Any) -> Any:
    from vispy.app.canvas import MouseEvent

    return MouseEvent(kind, pos=np.array(pixel), button=1, buttons=[1], modifiers=held, press_event=press)


def world_at(pane: Any, pixel: tuple[float, float]) -> Any:
    """World point under a pixel of a 2D view, from the camera alone: mm are pixels from the middle by zoom."""
    camera, dims = pane.model.scene.camera, pane.model.dims
    row, column = dims.displayed
    point = np.array(dims.point, float)
    down = 1 if str(camera.orientation2d[0]) == "down" else -1
    right = 1 if str(camera.orientation2d[1]) == "right" else -1
    point[row] = camera.center[-2] + down * (pixel[1] - pane.native.height() / 2) / camera.zoom
    point[column] = camera.center[-1] + right * (pixel[0] - pane.native.width() / 2) / camera.zoom
    return point
