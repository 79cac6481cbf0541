"""The demonstration in the viewer shows every step, and takes away only what is its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from napari.components import ViewerModel

from napari_hounsfield._napari.demo import DemoDock
from napari_hounsfield.demo.run import DemoParams

SMALL = DemoParams(
    phantom={"slices": 16, "matrix": 64},
    strokes={"slices": 4, "voxels": 600},
    train={"bp": {"iterations": 100}, "forest": {"trees": 10}},
)


def test_every_step_is_shown_and_a_second_run_replaces_the_first(
    viewer: ViewerModel, finish: Callable[[Any], None], tmp_path: Path, said: Callable[[], list[str]]
) -> None:
    dock = DemoDock(viewer, None, None, tmp_path / "out", SMALL)
    finish(dock.bar)
    names = [layer.name for layer in viewer.layers]
    assert names[1:] == [
        "first classes",
        "strokes",
        "random forest, draft and strokes",
        "Gabor and BP, draft alone",
        "Gabor and BP, draft and strokes",
    ]
    assert [layer.visible for layer in viewer.layers] == [True, False, False, False, False, True]
    lines = viewer.canvas.overlays.text.text.splitlines()
    assert lines[-1].startswith("Gabor and BP, draft and strokes: Dice 0.")
    assert max(map(len, lines)) < 60, "the image is to be seen"
    assert "seconds" in dock._table.value
    assert dock.native.maximumWidth() == 420
    assert (tmp_path / "out" / "labels.dcm").is_file()

    mine = viewer.add_points(np.zeros((1, 3)))
    dock.run()
    finish(dock.bar)
    assert mine in viewer.layers
    assert len(viewer.layers) == len(names) + 1
    assert not said()
