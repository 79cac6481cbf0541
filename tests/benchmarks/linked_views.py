"""Linked views: what a change of slice costs beside plain napari, how long the interface is held, and what is left afterwards.

    QT_API=pyqt6 xvfb-run -a -s "-screen 0 1280x800x24" python -m tests.benchmarks.linked_views [SLICES] [MATRIX] [TIMES]

All ratios are of one run: plain napari and four linked views take turns on the same image and labels. A change of slice counts
until everything is drawn. The longest gap between two beats of a 5 ms timer tells how long the interface did not answer; it is
told in processor time too, to which other work on the machine adds nothing. Then a study is opened and closed with the views
open, again and again, and the views are opened and closed, and what is left is counted.
"""

from __future__ import annotations

import gc
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from tests.benchmarks.viewer_opening import settle, wait

import napari  # isort: skip
import numpy as np
from napari._qt.qt_viewer import QtViewer
from qtpy.QtCore import QEvent
from qtpy.QtWidgets import QApplication
from tests.benchmarks.event_loop import Pulse

import napari_hounsfield as nh
from napari_hounsfield._napari.bridge import add
from napari_hounsfield._napari.layers import LayerTuple, layer_tuples

ROUNDS = 3
MOVES = 15


def study(slices: int, matrix: int) -> list[LayerTuple]:
    """Layers of noise and of a ball, as a worker hands them over."""
    random = np.random.default_rng(0)
    array = random.integers(-200, 200, (slices, matrix, matrix), dtype=np.int16)
    affine = np.diag([1.0, 0.7, 0.7, 1.0])[[2, 1, 0, 3]]
    z, y, x = np.ogrid[:slices, :matrix, :matrix]
    radius = min(slices, matrix) / 4
    ball = (z - slices / 2) ** 2 + (y - matrix / 2) ** 2 + (x - matrix / 2) ** 2 < radius**2
    volume = nh.Volume(array, affine, unit="HU", modality="CT", name="CT", frame_of_reference="1.2.3")
    labels = nh.LabelMap(ball.astype(np.uint8), affine, {1: "ball"}, name="ball", frame_of_reference="1.2.3")
    return [*layer_tuples(volume), *layer_tuples(labels)]


def dock(viewer: Any) -> Any:
    """Open the views and wait until they are filled."""
    _, widget = viewer.window.add_plugin_dock_widget("napari-hounsfield", "Linked views")
    wait(lambda: widget.desk.later.idle)
    settle()
    return widget


def tidy() -> None:
    """Let go of what waits to be let go of, which Qt does only in its own loop."""
    settle()
    gc.collect()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    settle()


def close(viewer: Any, widget: Any) -> None:
    """Close the views."""
    viewer.window.remove_dock_widget(widget.parent())
    tidy()


def passed(pulse: Pulse) -> list[float]:
    """Whole and longest gap, in ms of time that passed, then in ms of processor time."""
    gaps = np.array(pulse.stop())
    return [gaps[:, 0].sum(), gaps[:, 0].max(), gaps[:, 1].sum(), gaps[:, 1].max()]


def slice_changes(viewer: Any, idle: Callable[[], bool]) -> list[float]:
    """Medians of what a change of slice takes until all is drawn."""
    found = []
    first = viewer.dims.nsteps[0] // 4
    for step in range(MOVES):
        pulse = Pulse()
        viewer.dims.set_current_step(0, first + step)
        QApplication.processEvents()
        wait(idle)
        QApplication.processEvents()
        found.append(passed(pulse))
    return [median(column) for column in zip(*found, strict=True)]


def opening(viewer: Any, layers: list[LayerTuple], idle: Callable[[], bool]) -> list[float]:
    """What adding layers takes until all is drawn; they stay."""
    pulse = Pulse()
    for layer in layers:
        add(viewer, [layer])
        QApplication.processEvents()
    wait(idle)
    QApplication.processEvents()
    found = passed(pulse)
    settle()
    return found


def resident() -> float:
    """Resident memory in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def left() -> dict[str, int]:
    """What could leak: widgets, canvases, threads, files."""
    return {
        "widgets": len(QApplication.allWidgets()),
        "canvases": len(QtViewer._instances),
        "threads": threading.active_count(),
        "files": len(list(Path("/proc/self/fd").iterdir())),
    }


def main(slices: int = 400, matrix: int = 512, times: int = 20) -> None:
    """Measure and print."""
    viewer = napari.Viewer()
    viewer.window._qt_window.resize(1280, 800)
    layers = study(slices, matrix)
    close(viewer, dock(viewer))  # what is imported and compiled at the first time is not again
    print(f"{slices} slices of {matrix} x {matrix} and labels, {os.cpu_count()} cores")
    heads = ("passed", "longest gap", "processor", "longest gap of it")
    print(f"{'ms':24s}" + "".join(f"{head:>20s}" for head in heads))
    found: dict[str, list[list[float]]] = {}
    for _ in range(ROUNDS):
        for name in ("plain", "linked"):
            widget = dock(viewer) if name == "linked" else None
            idle = (lambda widget=widget: widget.desk.later.idle) if widget else lambda: True
            found.setdefault(f"opening, {name}", []).append(opening(viewer, layers, idle))
            found.setdefault(f"slice change, {name}", []).append(slice_changes(viewer, idle))
            viewer.layers.clear()
            if widget is not None:
                close(viewer, widget)
    result = {name: [median(column) for column in zip(*rows, strict=True)] for name, rows in sorted(found.items())}
    for name, figures in result.items():
        print(f"{name:24s}" + "".join(f"{figure:20.0f}" for figure in figures))
    plain, linked = result["slice change, plain"], result["slice change, linked"]
    print(f"slice change: {linked[0] / plain[0]:.2f} times plain napari, {linked[2] / plain[2]:.2f} in processor time (goal 3)")
    for what in ("slice change", "opening"):
        beyond = np.subtract(result[f"{what}, linked"], result[f"{what}, plain"])
        print(f"{what}: longest gap beyond plain napari's {beyond[1]:.0f} ms, {beyond[3]:.0f} ms of processor time (goal 50)")
    leaks(viewer, layers, times)
    viewer.close()


def leaks(viewer: Any, layers: list[LayerTuple], times: int) -> None:
    """Open and close a study with the views open, and the views with a study open."""
    for what in ("study", "views"):
        memory, counts = [], []
        widget = dock(viewer) if what == "study" else None
        for _ in range(times):
            made = widget or dock(viewer)
            add(viewer, layers)
            wait(lambda made=made: made.desk.later.idle)
            settle()
            viewer.layers.clear()
            if widget is None:
                close(viewer, made)
            del made
            tidy()
            counts.append(left())
            memory.append(resident())
        grown = memory[-1] / memory[1] - 1
        print(f"{what} opened and closed {times} times: memory {memory[1]:.0f} to {memory[-1]:.0f} MB ({grown:+.1%}, goal 5 %)")
        print(f"    left after the second time {counts[1]}, after the last {counts[-1]}")
        if widget is not None:
            close(viewer, widget)


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:]))
