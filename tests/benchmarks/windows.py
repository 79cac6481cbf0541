"""Windows, slabs, the cursor's line and surfaces on a large CT: what each costs, and how long the main thread is held.

    QT_API=pyqt6 xvfb-run -a -s "-screen 0 1280x800x24" python -m tests.benchmarks.windows [SLICES] [MATRIX]

A window costs what setting napari's contrast limits costs; a slab what napari's projection of so many slices does. Gaps are those
of a 5 ms timer in the main thread, beside those of napari adding the same surface by itself.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

from .viewer_opening import Heart, settle, wait  # isort: skip  # sets napari's configuration aside before it is imported

import napari
import numpy as np
from qtpy.QtWidgets import QApplication

import napari_hounsfield as nh
from napari_hounsfield._napari.cursor.reading import reading_at
from napari_hounsfield._napari.slab import MODES, set_slab
from napari_hounsfield._napari.surface_form import SurfaceForm
from napari_hounsfield._napari.windowing.window import windows_of

TIMES = 15


def median_ms(does: Callable[[int], Any]) -> float:
    """Median milliseconds of a call with its number, and of drawing what it changed."""
    taken = []
    for number in range(TIMES):
        start = time.perf_counter()
        does(number)
        QApplication.processEvents()
        taken.append(1000 * (time.perf_counter() - start))
    return float(np.median(taken))


def study(slices: int, matrix: int) -> tuple[nh.Volume, nh.LabelMap]:
    """Noise in a body, with padding around it, and a ball as a class."""
    random = np.random.default_rng(0)
    array = random.integers(-200, 200, (slices, matrix, matrix)).astype(np.int16)
    z, y, x = np.ogrid[:slices, :matrix, :matrix]
    valid = np.broadcast_to((y - matrix / 2) ** 2 + (x - matrix / 2) ** 2 < (matrix / 2) ** 2, array.shape).copy()
    affine = nh.axial_affine((1.0, 0.7, 0.7))
    volume = nh.Volume(array, affine, unit="HU", modality="CT", name="CT", valid=valid)
    inside = (z - slices / 2) ** 2 + 0.49 * (y - matrix / 2) ** 2 + 0.49 * (x - matrix / 2) ** 2 < min(
        slices, 0.7 * matrix
    ) ** 2 / 9
    return volume, volume.label_map(inside.astype(np.uint8), {1: "ball"})


def main(slices: int = 400, matrix: int = 512) -> None:
    """Measure and print."""
    viewer = napari.Viewer()
    settle()
    volume, ball = study(slices, matrix)
    (image,) = nh.show(viewer, volume)
    nh.show(viewer, ball)
    settle()
    windows = windows_of(viewer)
    viewer.layers.selection.active = image
    print(f"{slices} slices of {matrix} x {matrix}; medians of {TIMES} in ms, drawing included")

    def plain(number: int) -> None:
        image.contrast_limits = (-100 - number, 200 + number)

    print(f"{'napari contrast limits':34s} {median_ms(plain):8.1f}")
    print(f"{'window by level and width':34s} {median_ms(lambda n: windows.set_level_and_width(40, 300 + n)):8.1f}")
    print(f"{'reset':34s} {median_ms(lambda n: windows.reset()):8.1f}")
    point = list(viewer.dims.point)
    start = time.perf_counter()
    for _ in range(100):
        reading_at(viewer, point)
    print(f"{'reading under the cursor':34s} {10 * (time.perf_counter() - start):8.2f}")
    for axis, name in enumerate(("axial", "coronal", "sagittal")):
        viewer.dims.order = (axis, *(other for other in range(3) if other != axis))
        set_slab(viewer, "off", 0)
        step = median_ms(lambda n, axis=axis: viewer.dims.set_current_step(axis, 100 + n))
        words = [f"slice {step:.0f}"]
        for mode in MODES:
            for thickness in (10, 30):
                set_slab(viewer, mode, thickness)
                taken = median_ms(lambda n, axis=axis: viewer.dims.set_current_step(axis, 100 + n))
                words.append(f"{MODES[mode]} {thickness} mm {taken:.0f}")
        print(f"{name:10s} {', '.join(words)}")
    set_slab(viewer, "off", 0)
    viewer.dims.order = (0, 1, 2)
    settle()
    form = SurfaceForm(viewer)
    heart, start = Heart(), time.perf_counter()
    form.run()
    wait(lambda: form.bar.job is not None and form.bar.job.finished)
    whole = time.perf_counter() - start
    settle()
    gaps = ", ".join(f"{gap:.0f}" for gap in heart.gaps()[:4])
    surface = viewer.layers[-1]
    print(f"surface of {len(surface.data[1])} triangles in {whole:.1f} s; longest gaps {gaps}")
    viewer.layers.remove(surface)
    settle()
    heart = Heart()
    viewer.add_surface(surface.data, visible=False, shading="smooth")
    settle()
    print(f"napari add_surface of the same: longest gaps {', '.join(f'{gap:.0f}' for gap in heart.gaps()[:4])}")
    viewer.close()


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:]))
