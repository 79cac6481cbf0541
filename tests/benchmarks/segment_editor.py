"""Editing labels of a whole-body CT in the viewer: first visible result, undo, how long the interface is held, memory of undo.

    QT_API=pyqt6 xvfb-run -a -s "-screen 0 1600x1000x24" python -m tests.benchmarks.segment_editor [SLICES] [MATRIX]

Ellipsoids stand for organs. Each edit is made while the timer of `viewer_opening` beats, and timed from its start to the first
drawing that shows it in the plane that is looked at, to its end, and the same for its undo. What nobody can go below is napari's
own `refresh` of the layer and, for its tools, the same stroke on a layer that was never opened in the editor; both are measured
in the same run. Memory is what twenty steps keep, and what the process has grown by.
"""

from __future__ import annotations

import gc
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks.viewer_opening import Heart, settle, wait  # isort: skip  # first, since it sets napari's settings apart

import napari

import napari_hounsfield as nh
from napari_hounsfield._napari.editor.classes import Classes
from napari_hounsfield._napari.editor.register import editing_of
from napari_hounsfield.editing.area import EditableArea
from napari_hounsfield.editing.registry import EDITS

ORGANS = 12
STEPS = 20


def organs(slices: int, matrix: int) -> nh.LabelMap:
    """Ellipsoids of 2 to 20 cm."""
    random = np.random.default_rng(0)
    array = np.zeros((slices, matrix, matrix), np.uint8)
    for value in range(1, ORGANS + 1):
        middle = random.uniform(0.25, 0.75, 3) * array.shape
        radii = random.uniform(0.04, 0.2, 3) * array.shape
        box = tuple(slice(max(0, int(m - r)), int(m + r) + 1) for m, r in zip(middle, radii, strict=True))
        z, y, x = np.ogrid[box]
        inside = sum(((g - m) / r) ** 2 for g, m, r in zip((z, y, x), middle, radii, strict=True)) <= 1
        array[box][inside & (array[box] == 0)] = value
    names = {value: f"organ {value}" for value in range(1, ORGANS + 1)}
    return nh.LabelMap(array, nh.axial_affine((1.5, 0.8, 0.8)), names, name="organs")


def disturb(array: Any, z: int, value: int) -> None:
    """A hole in a class and an island of it, in plane `z`, so that every edit has something to change there."""
    y, x = np.argwhere(array[z] == value).mean(axis=0).astype(int)
    array[z - 1 : z + 2, y - 4 : y + 5, x - 4 : x + 5] = 0
    array[z - 1 : z + 2, 5:14, 5:14] = value


def memory() -> int:
    """Bytes that the process holds now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


class Watch:
    """Looks on while something is done: when the shown plane first changes on the canvas, when all is done, and the gaps."""

    def __init__(self, viewer: Any, layer: Any, finished: Callable[[], bool]) -> None:
        self._layer, self._finished = layer, finished
        self._drawn: list[float] = []
        self._canvas = viewer.window._qt_viewer.canvas._scene_canvas

    def __call__(self, act: Callable[[], None]) -> tuple[float, float, float]:
        """Milliseconds to the first drawing and to the end, and the longest gap."""
        settle()
        first: list[float] = []
        pending: list[bool] = []
        redrawn = lambda event: pending.append(True)  # noqa: E731

        def drawn(event: Any) -> None:
            if pending and not first:
                first.append(time.perf_counter())

        for event in (self._layer.events.set_data, self._layer.events.labels_update):
            event.connect(redrawn)
        self._canvas.events.draw.connect(drawn)
        heart, start = Heart(), time.perf_counter()
        act()
        wait(self._finished)
        whole = time.perf_counter() - start
        settle()
        gaps = heart.gaps()
        for event in (self._layer.events.set_data, self._layer.events.labels_update):
            event.disconnect(redrawn)
        self._canvas.events.draw.disconnect(drawn)
        return 1000 * (first[0] - start) if first else float("nan"), 1000 * whole, gaps[0]


def strokes(layer: Any, z: int) -> dict[str, Callable[[], None]]:
    """Strokes of napari's tools in a plane, and in space."""
    middle = [z, layer.data.shape[1] // 2, layer.data.shape[2] // 2]

    def paint(n_edit_dimensions: int, size: int) -> None:
        layer.mode, layer.n_edit_dimensions, layer.brush_size, layer.selected_label = "paint", n_edit_dimensions, size, 3
        with layer.block_history():
            for step in range(5):
                layer.paint((z, middle[1] + 8 * step, middle[2]), 3, refresh=False)
            layer._partial_labels_refresh()

    def fill(n_edit_dimensions: int) -> None:
        layer.mode, layer.n_edit_dimensions, layer.contiguous = "fill", n_edit_dimensions, True
        layer.fill((z, 0, 0), 5)

    return {
        "brush, 20 voxels": lambda: paint(2, 20),
        "ball, 60 voxels": lambda: paint(3, 60),
        "bucket, slice": lambda: fill(2),
        "bucket, volume": lambda: fill(3),
    }


def line(name: str, *figures: float) -> None:
    """Print one row."""
    print(f"{name:34s} " + " ".join(f"{figure:11.0f}" for figure in figures))


def main(slices: int = 400, matrix: int = 512) -> None:
    """Measure and print."""
    viewer = napari.Viewer()
    labels = organs(slices, matrix)
    print(f"{slices} slices of {matrix} x {matrix}, {ORGANS} organs, {os.cpu_count()} cores, {os.environ['QT_API']}")
    z = slices // 2
    seen, spare = (int(value) for value in np.argsort(-np.bincount(labels.array[z].ravel(), minlength=256)[1:])[:2] + 1)
    disturb(labels.array, z, seen)
    layer = nh.show(viewer, labels)[0]
    viewer.dims.set_current_step(0, z)
    watch = Watch(viewer, layer, lambda: True)
    bare: dict[str, tuple[float, float, float]] = {}
    for run in range(2):
        bare["refresh"] = watch(lambda: layer.refresh())
        for name, stroke in strokes(layer, z).items():
            if run or name != "bucket, volume":  # which takes napari most of a minute
                bare[name] = watch(stroke)
                layer.undo()
    heart = Heart()
    viewer.window.add_plugin_dock_widget("napari-hounsfield", "Segment editor")
    editing = editing_of(layer)
    assert editing is not None
    start = time.perf_counter()
    wait(lambda: editing.editor.tally is not None)
    print(f"counted in {time.perf_counter() - start:.1f} s; opening the dock held the interface for {heart.gaps()[0]:.0f} ms\n")

    titles = ("first", "whole", "held", "undo first", "undo whole", "undo held")
    print(f"{'milliseconds':34s} " + " ".join(f"{title:>11s}" for title in titles))
    line("napari: refresh", *bare["refresh"])
    watch = Watch(viewer, layer, lambda: not editing.busy)
    for name, stroke in strokes(layer, z).items():
        line(f"napari alone: {name}", *bare[name])
        line(name, *watch(stroke), *watch(editing.undo))
    image = np.random.default_rng(1).normal(size=labels.array.shape).astype(np.float32)
    editing.set_locked(frozenset({5}))
    editing.editor.area = EditableArea(image=image, low=-1.0, high=1.0)
    line("brush, within limits", *watch(strokes(layer, z)["brush, 20 voxels"]), *watch(editing.undo))
    editing.set_locked(frozenset())
    editing.editor.area = EditableArea()
    parameters: dict[str, dict[str, Any]] = {
        "margin": {"classes": (seen,), "mm": 4.0},
        "smooth": {"classes": (seen,)},
        "islands": {"classes": (seen,)},
        "fill_holes": {"classes": (seen,)},
        "combine": {"label": seen, "classes": (spare,)},
    }
    for name, values in parameters.items():
        if name in EDITS:
            edit = EDITS[name]
            params = edit.operation.params_type(**values)

            def apply(edit: Any = edit, params: Any = params) -> None:
                reach = edit.reach(params, labels.grid)
                along = None if reach is None or np.isinf(reach[0]) else reach[0]
                editing.run(lambda editor: editor.steps(edit.operation, params, along), at_once=0)

            apply()
            wait(lambda: not editing.busy)
            editing.undo()
            wait(lambda: not editing.busy)
            line(name, *watch(apply), *watch(editing.undo))
    classes = Classes(editing)
    line("remove a class", *watch(lambda: classes.remove(seen)), *watch(editing.undo))

    gc.collect()
    editing.editor.history.clear()
    before = memory()
    for step in range(STEPS):
        value = 1 + step % ORGANS
        params = EDITS["margin"].operation.params_type(classes=(value,), mm=4.0, others="overwrite")
        editing.run(lambda editor, params=params: editor.steps(EDITS["margin"].operation, params))
        wait(lambda: not editing.busy)
    gc.collect()
    kept, steps = editing.editor.history.nbytes, len(editing.editor.history.titles)
    grown = memory() - before
    print(f"\n{steps} undo steps of margins by 4 mm keep {kept / 1e6:.1f} MB; the process grew by {grown / 1e6:.0f} MB")
    viewer.close()


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:]))
