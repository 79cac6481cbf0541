"""*Metrics* on a whole-body CT: how long the interface is held while figures are computed, shown, and follow a stroke.

    QT_API=pyqt6 xvfb-run -a -s "-screen 0 1600x1000x24" python -m tests.benchmarks.metrics_dock [SLICES] [MATRIX]

The longest gaps between two beats of a 5 ms timer, beside those of napari alone while the same stroke is painted, and while a
layer of the size of the error map is added and drawn.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from tests.benchmarks.viewer_opening import Heart, settle, wait  # isort: skip  # first, since it sets napari's settings apart

import napari
from tests.benchmarks.evaluation import SPACING, organs

import napari_hounsfield as nh

NAMES = {1: "lung left", 2: "lung right", 3: "liver", 4: "heart"}


def watched(name: str, act: Callable[[], Any], until: Callable[[], bool] = lambda: True) -> None:
    """Print how long something takes, and the longest gaps of the interface meanwhile."""
    settle()
    heart, start = Heart(), time.perf_counter()
    act()
    wait(until)
    took = time.perf_counter() - start
    settle()
    print(f"{name:44s} {took:8.2f} s   " + ", ".join(f"{gap:.0f}" for gap in heart.gaps()[:4]), flush=True)


def main(slices: int = 400, matrix: int = 512) -> None:
    """Measure and print."""
    viewer = napari.Viewer()
    shape = slices, matrix, matrix
    affine = nh.axial_affine(SPACING)
    volume = nh.Volume(np.random.default_rng(0).integers(-100, 100, shape, np.int16), affine, unit="HU", modality="CT")
    maps = [nh.LabelMap(organs(shift, shape), affine, NAMES, name=name) for shift, name in ((0, "prediction"), (3, "reference"))]
    nh.show(viewer, volume)
    prediction, reference = [nh.show(viewer, one)[0] for one in maps]
    viewer.dims.set_current_step(0, slices // 2)
    print(f"{slices} slices of {matrix} x {matrix}, {os.cpu_count()} cores; longest gaps in ms")

    def paint(value: int) -> None:
        prediction.paint((slices // 2, matrix // 2, matrix // 2), value)

    for run in ("first", "second"):
        watched(f"napari alone: a stroke, {run} time", lambda: paint(1))
        watched(f"napari alone: labels added, {run} time", lambda: viewer.add_labels(maps[0].array.copy(), scale=SPACING))
        viewer.layers.pop()
    watched("dock opened", lambda: viewer.window.add_plugin_dock_widget("napari-hounsfield", "Metrics"))
    dock: Any = viewer.window.dock_widgets["Metrics (napari-hounsfield)"]
    for name, panel, layers in (
        ("evaluate", dock.comparison, {"prediction": prediction, "reference": reference}),
        ("measure", dock.measurement, {"volume": viewer.layers[0], "labels": prediction}),
    ):
        form = dock.forms[name]
        for choice in form.choices:
            choice.value = layers.get(choice.needed.name)
        form.fields.inputs["objects"].value = True
        for run in ("first", "second"):
            watched(f"{name} with objects, {run} time", form.run, lambda form=form: not form.bar.busy)
        before = form.outcome
        watched(
            "  figures follow a stroke",
            lambda name=name: paint(1 + len(name) % 5),
            lambda form=form, old=before: form.outcome is not old,
        )
        for kind in panel.kind.choices:
            if kind == "uncertainty":
                continue
            panel.kind.value = kind
            watched(f"  layer: {kind}", panel.add_layer, lambda panel=panel: not panel.bar.busy)
            viewer.layers.pop()
    viewer.close()


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:]))
