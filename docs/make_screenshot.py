"""Make the picture of the viewer: phantom, strokes, training, recognition, figures; all by the plugin's own forms.

Needs a screen, a virtual one too: `xvfb-run -s "-screen 0 1600x1000x24" python docs/make_screenshot.py docs/images/viewer.png`.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

SIZE = 1500, 900


def wait_for(bar: Any) -> None:
    """Let the viewer live until a form's work is done."""
    from qtpy.QtWidgets import QApplication

    while not bar.job.finished:
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
    image, reference = viewer.open_sample("napari-hounsfield", "chest_phantom")
    strokes = draw_strokes(nh.from_layer(reference), StrokeParams(slices=6, voxels=3000))
    (painted,) = nh.show(viewer, strokes)

    _, dock = viewer.window.add_plugin_dock_widget("napari-hounsfield", "BP segmentation")
    train, segment = dock.forms["train"], dock.forms["segment"]
    train.choices[0].value, train.choices[1].value = image, painted
    train.run()
    wait_for(train.bar)
    segment.choices[0].value = image
    segment.run()
    wait_for(segment.bar)
    result = viewer.layers[f"{image.name} segment"]

    _, metrics = viewer.window.add_plugin_dock_widget("napari-hounsfield", "Metrics", tabify=True)
    compare = metrics.forms["evaluate"]
    compare.choices[0].value, compare.choices[1].value = result, reference
    compare.run()
    wait_for(compare.bar)

    table, _ = viewer.window.add_plugin_dock_widget("napari", "Features table widget")
    viewer.window._qt_window.addDockWidget(viewer.window._qt_window.dockWidgetArea(table).BottomDockWidgetArea, table)
    result.opacity, painted.opacity = 0.35, 1.0
    viewer.layers.move(viewer.layers.index(painted), len(viewer.layers))
    viewer.layers.selection.active = result
    viewer.window._qt_window.resize(*SIZE)
    dock.parent().raise_()
    (fibrosis,) = (value for value, name in strokes.classes.items() if name == "fibrosis")
    viewer.dims.set_current_step(0, int((painted.data == fibrosis).sum(axis=(1, 2)).argmax()))
    settle()
    viewer.reset_view()
    settle()
    viewer.window.screenshot(str(target), size=None, canvas_only=False, flash=False)
    viewer.close()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        os.environ["NAPARI_CONFIG"] = str(Path(folder, "settings.yaml"))  # the user's own settings stay as they are
        main(Path(sys.argv[1] if len(sys.argv) > 1 else "viewer.png"))
