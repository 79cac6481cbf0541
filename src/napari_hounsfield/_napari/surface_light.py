"""Light from over the viewer's shoulder: napari's own comes from behind where the first axis points away, as patients need."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

ASIDE = 0.4
"""How far above and to the right of the viewer, so that shapes are seen."""


def light(viewer: ViewerModel, layer: Layer) -> None:
    """Keep a surface lit, whichever way it is turned; a viewer without a window draws nothing."""
    window = getattr(viewer, "window", None)
    if window is None:
        return
    camera = viewer.scene.camera
    events = (camera.events.view_direction, viewer.dims.events.ndisplay, viewer.layers.events.inserted)

    def shine(event: Any = None) -> None:
        if layer not in viewer.layers:
            for one in events:
                one.disconnect(shine)
            return
        drawn = window._qt_viewer.canvas.layer_to_visual.get(layer)
        if drawn is not None and viewer.dims.ndisplay == 3:
            ahead, up = np.array(camera.view_direction[::-1]), np.array(camera.up_direction[::-1])
            drawn._light_direction = ahead - ASIDE * (up + np.cross(ahead, up))
            drawn._on_view_direction_change()

    for one in events:
        one.connect(shine, position="last")  # after napari has set its own
    shine()
