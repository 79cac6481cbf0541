"""Recognition while one paints, in the viewer: from the end of a stroke to its labels, and how long the interface is held.

    QT_API=pyqt6 xvfb-run -a -s "-screen 0 1280x800x24" python -m tests.benchmarks.labelling [SLICES] [MATRIX] [STROKES]

Strokes of five dabs are painted into the demo's phantom, half of them of each class, in a slice whose features are kept. Each is
timed from its end to the first drawing that shows what was learned from it; then the viewer turns to slices that were not seen
before. A timer beats meanwhile, and tells by processor time how long the event loop is held: `main` by the main thread, `all`
by the process at most. What nobody can go below, measured in the same run: napari's own `refresh` and drawing of the labels,
and the same strokes while nothing is learned.
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
from tests.benchmarks.cancelling import held
from tests.benchmarks.event_loop import Pulse

import napari_hounsfield as nh
from napari_hounsfield._napari.labelling.dock import BPSegmentation
from napari_hounsfield._napari.worker import _running
from napari_hounsfield.demo.phantom import PhantomParams, chest_phantom
from napari_hounsfield.editing.near import Plane

WARM_UP = 4
Times = tuple[float, ...]
"""Milliseconds to the drawing, and for which the event loop was held: by the main thread, and by the process at most."""


class Watch:
    """Notes when the canvas first shows what was written to a layer."""

    def __init__(self, viewer: Any) -> None:
        self._canvas = viewer.window._qt_viewer.canvas._scene_canvas
        self._canvas.events.draw.connect(self._on_draw, position="last")  # when it has been drawn
        self._pending, self.drawn = False, 0.0

    def follow(self, layer: Any) -> None:
        """Wait for the layer's next drawing."""
        self._pending, self.drawn = False, 0.0
        for event in (layer.events.set_data, layer.events.labels_update):
            event.connect(self._on_data)

    def leave(self, layer: Any) -> None:
        """No longer."""
        for event in (layer.events.set_data, layer.events.labels_update):
            event.disconnect(self._on_data)

    def _on_data(self, event: Any = None) -> None:
        self._pending = True

    def _on_draw(self, event: Any = None) -> None:
        if self._pending and not self.drawn:
            self.drawn = time.perf_counter()


class Painter:
    """Paints strokes and times what follows."""

    def __init__(self, viewer: Any, page: Any, matrix: int) -> None:
        self.viewer, self.page, self.matrix = viewer, page, matrix
        self.watch, self.random = Watch(viewer), np.random.default_rng(0)

    @property
    def bound(self) -> Any:
        return self.page.desk.bound[0]

    def idle(self) -> bool:
        return not self.page.desk.live.busy and not self.page.bar.busy

    def stroke(self, z: int, value: int) -> float:
        """Five dabs somewhere, drawn as the mouse moves; when the button is let go, which is where the stroke ends."""
        layer, quarter = self.bound.strokes, self.matrix // 4
        y, x = (int(v) for v in self.random.integers(quarter, 3 * quarter, 2))
        with layer.block_history():
            for step in range(5):
                layer.paint((z, y, x + 4 * step), value, refresh=False)
            layer._partial_labels_refresh()
            settle()
            end = time.perf_counter()
        return end

    def timed(self, act: Callable[[], float], layer: Any) -> Times:
        """Milliseconds from what `act` returns to the drawing of a layer, and how long the event loop was held."""
        settle()
        self.watch.follow(layer)
        pulse = Pulse()
        start = act()
        wait(lambda: bool(self.watch.drawn) and self.idle(), 30)
        settle()
        self.watch.leave(layer)
        return 1000 * (self.watch.drawn - start), *held(pulse.stop())


def line(name: str, rows: list[Times]) -> None:
    """Print one row."""
    figures = np.percentile(np.array(rows), [50, 95], axis=0).T.ravel()
    print(f"{name:46s} " + " ".join(f"{figure:9.0f}" for figure in figures), flush=True)


def cancelled(painter: Painter, page: Any) -> float:
    """Milliseconds from Cancel to a free form and a free thread, half a second into the recognition of the whole image."""
    page.recognise_all()
    end = time.perf_counter() + 0.5
    wait(lambda: time.perf_counter() > end or not page.bar.busy)
    start = time.perf_counter()
    page.bar.cancel()
    wait(lambda: not page.bar.busy and not _running)
    return 1000 * (time.perf_counter() - start)


def main(slices: int = 60, matrix: int = 512, strokes: int = 40) -> None:
    """Measure and print."""
    viewer = napari.Viewer()
    volume = chest_phantom(PhantomParams(slices=slices, matrix=matrix)).volume
    print(f"{slices} slices of {matrix} x {matrix}, {os.cpu_count()} cores, {os.environ['QT_API']}")
    (image,) = nh.show(viewer, volume)
    dock = BPSegmentation(viewer)
    viewer.window.add_dock_widget(dock, area="right")
    page = dock.page
    page.image.value = image
    page.add_image()
    painter = Painter(viewer, page, matrix)
    z = slices // 2
    viewer.dims.set_current_step(0, z)
    settle()
    start = time.perf_counter()
    painter.stroke(z, 1)
    painter.stroke(z, 2)
    wait(lambda: painter.bound.result is not None and painter.idle(), 300)
    print(f"first two strokes: {1000 * (time.perf_counter() - start):.0f} ms")
    result = painter.bound.result
    heads = ("median", "95 %", "main 50 %", "main 95 %", "all 50 %", "all 95 %")
    print(f"{'':46s} " + " ".join(f"{head:>9s}" for head in heads) + "   (ms)")

    def refreshed() -> float:
        now = time.perf_counter()
        result.refresh(highlight=False, extent=False, thumbnail=False)
        return now

    line("napari: refresh and drawing of the labels", [painter.timed(refreshed, result) for _ in range(strokes)])
    page.live.value = False
    bare = [painter.timed(lambda n=n: painter.stroke(z, 1 + n % 2), painter.bound.strokes) for n in range(strokes)]
    line("napari: a stroke, nothing is learned", bare)
    page.live.value = True
    wait(painter.idle)
    learned = [painter.timed(lambda n=n: painter.stroke(z, 1 + n % 2), result) for n in range(WARM_UP + strokes)]
    line("a stroke, features kept", learned[WARM_UP:])

    def turned(to: int) -> float:
        now = time.perf_counter()
        viewer.dims.set_current_step(0, to)
        return now

    def forgotten(value: int) -> float:
        page.desk.session.cache.forget(page.desk.session.source(painter.bound.image))
        return painter.stroke(z, value)

    viewer.dims.set_current_step(0, z)
    wait(painter.idle)
    line("a stroke, features computed", [painter.timed(lambda n=n: forgotten(1 + n % 2), result) for n in range(strokes // 2)])
    fresh = [n for n in range(slices) if Plane(0, n) not in painter.bound.versions][: strokes // 2]
    line("another slice, features computed", [painter.timed(lambda to=to: turned(to), result) for to in fresh])
    print(f"Cancel of the whole volume: {cancelled(painter, page):.0f} ms")
    viewer.close()


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:]))
