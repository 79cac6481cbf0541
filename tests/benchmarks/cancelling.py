"""How soon the interface is free after Cancel, and how long it is held while something runs, for all that *BP segmentation* runs.

    QT_API=pyqt6 xvfb-run -a -s "-screen 0 1280x800x24" python -m tests.benchmarks.cancelling [SLICES] [MATRIX] [TIMES]

Each job is cancelled at another moment of its course, in the demo's phantom. `form`: from Cancel until something else can be
started. `thread`: until the thread has ended. `loop`: the longest gap between two beats of a timer of 5 ms in the second after
Cancel, and in the run before it, by processor time, since the machine may be busy otherwise: what the main thread computed
itself (`main`), and what the process did (`all`), which is the most that another thread can have kept it waiting.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from tests.benchmarks.viewer_opening import settle, wait  # isort: skip  # first, since it sets napari's settings apart

import napari
from tests.benchmarks.event_loop import Gap, Pulse

import napari_hounsfield as nh
from napari_hounsfield._napari.labelling.dock import BPSegmentation
from napari_hounsfield._napari.worker import _running
from napari_hounsfield.demo.phantom import PhantomParams, chest_phantom
from napari_hounsfield.demo.strokes import StrokeParams, draw_strokes

AFTER = 1.0
"""Seconds that are watched after Cancel."""


def held(gaps: list[Gap]) -> tuple[float, float]:
    """The longest time in ms that the loop was held up, by the main thread and by the process."""
    return max(min(gap.main, gap.wall) for gap in gaps), max(gap.held for gap in gaps)


def cancelled(page: Any, start: Callable[[], None], delay: float) -> tuple[float, ...] | None:
    """Milliseconds to a free form and to an ended thread, and gaps after and before Cancel; None where it was done before."""
    settle()
    wait(lambda: not _running)
    pulse, begin = Pulse(), time.perf_counter()
    start()
    wait(lambda: time.perf_counter() - begin > delay or not page.bar.busy)
    before = held(pulse.stop())
    if not page.bar.busy:
        return None
    pulse, job, begin = Pulse(), page.bar.job, time.perf_counter()
    page.bar._cancel.native.click()
    wait(lambda: not page.bar.busy)
    free = time.perf_counter() - begin
    wait(lambda: job not in _running)
    ended = time.perf_counter() - begin
    wait(lambda: time.perf_counter() - begin > AFTER)
    return 1000 * free, 1000 * ended, *held(pulse.stop()), *before


def main(slices: int = 60, matrix: int = 512, times: int = 6) -> None:
    """Measure and print."""
    viewer = napari.Viewer()
    phantom = chest_phantom(PhantomParams(slices=slices, matrix=matrix))
    strokes = draw_strokes(phantom.reference, StrokeParams(slices=6, voxels=20_000))
    (image,), (painted,) = nh.show(viewer, phantom.volume), nh.show(viewer, strokes)
    dock = BPSegmentation(viewer)
    viewer.window.add_dock_widget(dock, area="right")
    page = dock.page
    page.live.value = False
    page.image.value, page.strokes.value = image, painted
    page.add_image()
    wait(lambda: not _running, 300)
    page.update_once()
    wait(lambda: not page.bar.busy, 300)
    print(f"{slices} slices of {matrix} x {matrix}, 20,000 voxels painted, {os.cpu_count()} cores, {os.environ['QT_API']}")
    heads = ("form", "thread", "loop, main", "all", "before, main", "all", "times")
    print(f"{'ms, worst of the times':28s} " + " ".join(f"{head:>12s}" for head in heads))
    seed = "BP network, seed (Table 1)"
    jobs: list[tuple[str, str, Callable[[], None], float]] = [
        ("training", seed, page.update_once, 4),
        ("training, live recipe", "BP network, live", page.update_once, 0.6),
        ("training, boosting", "gradient boosting", page.update_once, 2),
        ("training, SVM", "support vector machine", page.update_once, 2),
        ("whole volume", "BP network, live", page.recognise_all, 5),
        ("cross-validation", seed, dock.judge.estimate, 4),
        ("importance", seed, dock.judge.weigh, 4),
        ("suggestion of a number", seed, dock.drafts.suggest, 4),
        ("draft", seed, dock.drafts.find, 6),
        ("where to paint next", seed, page.find_next, 4),
    ]
    dock.drafts.method.value, dock.drafts.number.value = "kmeans", 5
    for name, recipe, start, most in jobs:
        page.recipe.value = recipe
        rows = [cancelled(page, start, delay) for delay in np.linspace(0.1, most, times)]
        figures = np.array([row for row in rows if row is not None]).reshape(-1, 6)
        worst = figures.max(axis=0) if len(figures) else np.full(6, np.nan)
        print(f"{name:28s} " + " ".join(f"{figure:12.0f}" for figure in (*worst, len(figures))), flush=True)
    viewer.close()


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:]))
