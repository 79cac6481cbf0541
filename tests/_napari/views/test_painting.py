"""Painting in a view lands on the voxel under the cursor, and is written where it lies in the patient."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from tests._napari.views.conftest import KINDS, series
from tests._napari.views.mouse import drag, world_at

import napari_hounsfield as nh
from napari_hounsfield._napari.layers import KEY, blank_strokes

CLICKS = {"Axial": (0.43, 0.56), "Coronal": (0.62, 0.48), "Sagittal": (0.37, 0.51)}
"""Where it is clicked in each view, as parts of its width and height: near the middle, since a stack of few slices is thin."""


def paint_and_compare(window: Any, widget: Any, settle: Any, volume: nh.Volume, tmp_path: Path) -> None:
    """Paint one voxel in each view and on the main canvas, and find all in the written file."""
    (image,) = nh.show(window, volume)
    settle(widget)
    (strokes,) = nh.show(window, blank_strokes(volume, {1: "here"}))
    strokes.mode, strokes.selected_label, strokes.brush_size = "paint", 1, 1
    settle(widget)
    lps_of_world = np.linalg.inv(image.metadata[KEY].placement.world)
    wanted = []
    panes = {**{name: widget.desk.views[name] for name in CLICKS}, "main": widget.desk.main}
    for name, pane in panes.items():
        across, down = CLICKS.get(name, (0.52, 0.39))
        pixel = (across * pane.native.width(), down * pane.native.height())
        world = world_at(pane, pixel)
        wanted.append((lps_of_world @ [*world, 1.0])[:3])
        before = int(strokes.data.sum())
        drag(pane, pixel)
        settle(widget)
        assert strokes.data.sum() == before + 1, name
        for other in panes.values():
            copy = next(layer for layer in other.model.layers if layer._type_string == "labels")
            assert copy.data is strokes.data
    nh.write(tmp_path / "strokes.nii.gz", nh.from_layer(strokes), overwrite=True)
    file = nibabel.load(tmp_path / "strokes.nii.gz")
    voxels = np.argwhere(np.asarray(file.dataobj) == 1)
    lps_of_index = np.diag([-1, -1, 1, 1]) @ file.affine
    assert len(voxels) == len(wanted)
    for point in wanted:
        index = (np.linalg.inv(lps_of_index) @ [*point, 1.0])[:3]
        assert np.abs(voxels - index).max(axis=1).min() <= 0.5 + 1e-3, "the voxel under the cursor, and no other"


@pytest.mark.slow
def test_painting_lands_under_the_cursor(window: Any, dock: Any, settle: Any, tmp_path: Path) -> None:
    widget = dock()
    for kind in KINDS:
        paint_and_compare(window, widget, settle, series(kind), tmp_path)
        window.layers.clear()


@pytest.mark.slow
@pytest.mark.parametrize(
    "path",
    [
        "01_chest_ct_lung_labels/Testing/Data/Input/ct-64Dicom",
        "02_trunk_ct_multiorgan/tests/reference_files/example_ct_dicom",
        "02_trunk_ct_multiorgan/tests/reference_files/example_ct_sm.nii.gz",
    ],
)
def test_painting_on_real_series(window: Any, dock: Any, settle: Any, shared_data: Path, path: str, tmp_path: Path) -> None:
    paint_and_compare(window, dock(), settle, nh.read(shared_data / path)[0], tmp_path)
