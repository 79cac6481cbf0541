"""Make the picture of the viewer: the demo's phantom, strokes on it, and what *BP segmentation* learns from them.

Needs a screen, a virtual one too: `xvfb-run -s "-screen 0 1280x800x24" python docs/make_screenshot.py docs/images/viewer.png`.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

SIZE = 1280, 800
ZOOM = 1.15
"""Closer than the whole matrix, which has air all around."""


def wait_for(page: Any) -> None:
    """Let the viewer live until nothing is computed any more."""
    from qtpy.QtWidgets import QApplication

    while page.bar.busy or page.desk.live.busy:
        QApplication.processEvents()
        time.sleep(0.01)


def settle(seconds: float = 1.0) -> None:
    """Let the viewer draw."""
    from qtpy.QtWidgets import QApplication

    end = time.monotonic() + seconds
    while time.monotonic() < end:
        QApplication.processEvents()
        time.sleep(0.01)


def main(target: Path) -> None:
    """Run the flow and save the picture."""
    import napari

    import napari_hounsfield as nh
    from napari_hounsfield.demo.strokes import StrokeParams, draw_strokes

    viewer = napari.Viewer(show_welcome_screen=False)
    viewer.window._qt_window.resize(*SIZE)
    image, reference = viewer.open_sample("napari-hounsfield", "chest_phantom")
    truth = nh.from_layer(reference)
    strokes = draw_strokes(truth, StrokeParams(slices=6, voxels=3000))
    (painted,) = nh.show(viewer, strokes)
    viewer.layers.remove(reference)

    _, dock = viewer.window.add_plugin_dock_widget("napari-hounsfield", "BP segmentation")
    page = dock.page
    page.image.value, page.strokes.value = image, painted
    page.add_image()
    (fibrosis,) = (value for value, name in strokes.classes.items() if name == "fibrosis")
    viewer.dims.set_current_step(0, int((painted.data == fibrosis).sum(axis=(1, 2)).argmax()))
    wait_for(page)
    page.recognise_all()
    wait_for(page)
    painted.opacity, painted.brush_size, painted.selected_label = 1.0, 5, fibrosis
    settle()
    viewer.reset_view()
    viewer.scene.camera.zoom *= ZOOM
    settle()
    viewer.window.screenshot(str(target), size=None, canvas_only=False, flash=False)
    viewer.close()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        os.environ["NAPARI_CONFIG"] = str(Path(folder, "settings.yaml"))  # the user's own settings stay as they are
        main(Path(sys.argv[1] if len(sys.argv) > 1 else "viewer.png"))
