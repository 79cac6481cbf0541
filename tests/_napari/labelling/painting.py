"""Painting, and looking at what follows."""

from __future__ import annotations

from typing import Any

import napari_hounsfield as nh
from napari_hounsfield._napari.editor.frame import frame_of


def paint(page: Any, voxel: tuple[int, int, int], value: int) -> None:
    """A stroke of napari's brush around a voxel (z, y, x) of the image."""
    bound = page.desk.bound[0]
    layer = bound.strokes
    layer.brush_size = 5
    layer.paint(frame_of(layer).shown_index(voxel), value)


def look(page: Any, z: int) -> None:
    """Turn the viewer to a slice of the image."""
    viewer, layer = page.desk.viewer, page.desk.bound[0].strokes
    frame = frame_of(layer)
    axis = next(a for a in range(3) if frame.stored_plane(a, 0).axis == 0)
    viewer.dims.order = (axis, *(a for a in range(3) if a != axis))
    viewer.dims.set_current_step(axis, frame.shown_index((z, 0, 0))[axis])


def strokes(page: Any) -> None:
    """Both classes, in one slice."""
    look(page, 4)
    paint(page, (4, 20, 22), 2)
    paint(page, (4, 4, 4), 1)


def dice(page: Any, ball: nh.Volume, z: int) -> float:
    result, truth = page.desk.bound[0].stored()[z] == 2, ball.array[z] > 0
    return float(2 * (result & truth).sum() / (result.sum() + truth.sum()))
