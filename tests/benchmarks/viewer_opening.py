"""Opening a large series in the viewer: time to the first slice and to the whole, and how long the main thread is ever held.

    QT_API=pyqt6 xvfb-run -a -s "-screen 0 1600x1000x24" python -m tests.benchmarks.viewer_opening [SLICES] [MATRIX]

The longest gap between two beats of a 5 ms timer tells how long the interface did not answer. napari's own `add_image` of the
same array, measured in the same run, is what nobody can go below; the series is opened twice, because what is imported or
compiled at the first time is not again. Last, for comparison, the series read on the main thread, as a plain reader would.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

_config = tempfile.TemporaryDirectory(prefix="napari-config-")
os.environ["NAPARI_CONFIG"] = str(Path(_config.name, "settings.yaml"))
os.environ.setdefault("QT_API", "pyqt6")

import napari  # noqa: E402
import numpy as np  # noqa: E402
from qtpy.QtCore import QEventLoop, QTimer  # noqa: E402
from qtpy.QtWidgets import QApplication  # noqa: E402
from tests.benchmarks.event_loop import BEAT_MS, Pulse  # noqa: E402

import napari_hounsfield as nh  # noqa: E402
from napari_hounsfield.demo.series_writer import write_series  # noqa: E402
from napari_hounsfield.operation import finish  # noqa: E402


class Heart(Pulse):
    """Beats in the main thread, and remembers its gaps in time that passed."""

    def gaps(self) -> list[float]:
        """Stop, and tell the gaps in ms, longest first."""
        return sorted((gap.wall for gap in self.stop()), reverse=True)


def wait(until: Any, limit: float = 120) -> None:
    """Sleep in the event loop as napari does, until something is so."""
    start = time.perf_counter()
    waking = QTimer()
    waking.start(BEAT_MS)
    while not until():
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
        if time.perf_counter() - start > limit:
            raise TimeoutError


def settle() -> None:
    """Let what is left to draw be drawn."""
    end = time.perf_counter() + 0.3
    wait(lambda: time.perf_counter() > end)


def series(folder: Path, slices: int, matrix: int) -> None:
    """Write noise in a body, uncompressed."""
    random = np.random.default_rng(0)
    array = random.integers(-200, 200, (slices, matrix, matrix)).astype(np.int16)
    finish(write_series(nh.Volume(array, np.diag([1.0, 0.7, 0.7, 1.0])[[2, 1, 0, 3]], unit="HU", modality="CT"), folder))


def open_folder(viewer: Any, folder: Path) -> tuple[float, float, list[float]]:
    """Seconds to the first slice and to the whole series, and the gaps meanwhile in ms."""
    heart, start = Heart(), time.perf_counter()
    viewer.open(folder, plugin="napari-hounsfield")
    wait(lambda: len(viewer.layers) == 1)
    QApplication.processEvents()
    first = time.perf_counter() - start
    wait(lambda: "reading" not in viewer.layers[0].name)
    whole = time.perf_counter() - start
    settle()
    return first, whole, heart.gaps()


def add_array(viewer: Any, array: Any) -> tuple[float, list[float]]:
    """Seconds that napari takes to add and draw an array, and the gaps in ms."""
    heart, start = Heart(), time.perf_counter()
    viewer.add_image(array, scale=(1, 0.7, 0.7), contrast_limits=(-1000, 400), units=("mm",) * 3)
    QApplication.processEvents()
    took = time.perf_counter() - start
    settle()
    return took, heart.gaps()


def line(name: str, first: float, whole: float, gaps: list[float]) -> None:
    """Print one row."""
    longest = ", ".join(f"{gap:.0f}" for gap in gaps[:4])
    print(f"{name:34s} {first:10.2f} {whole:10.2f}   {longest}")


def main(slices: int = 300, matrix: int = 512) -> None:
    """Measure and print."""
    viewer = napari.Viewer()
    settle()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary, "CT")
        series(folder, slices, matrix)
        array = nh.read(folder)[0].array
        print(f"{slices} slices of {matrix} x {matrix}, {os.cpu_count()} cores")
        print(f"{'':34s} {'first (s)':>10s} {'whole (s)':>10s}   longest gaps of the main thread (ms)")
        for run in ("first", "second", "third"):
            took, gaps = add_array(viewer, array)
            line(f"napari add_image, {run} time", took, took, gaps)
            viewer.layers.clear()
            settle()
            line(f"folder opened, {run} time", *open_folder(viewer, folder))
            viewer.layers.clear()
            settle()
        heart, start = Heart(), time.perf_counter()
        nh.show(viewer, nh.read(folder)[0])
        QApplication.processEvents()
        took = time.perf_counter() - start
        line("read on the main thread", took, took, heart.gaps())
    viewer.close()


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:]))
