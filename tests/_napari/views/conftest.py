from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import napari_hounsfield as nh


@pytest.fixture
def window(make_napari_viewer: Any) -> Any:
    viewer = make_napari_viewer(show=True)
    viewer.window._qt_window.resize(1200, 760)
    return viewer


@pytest.fixture
def settle(qtbot: Any) -> Callable[[Any], None]:
    """Wait until the views have done what waited."""

    def wait(dock: Any) -> None:
        qtbot.waitUntil(lambda: dock.desk.later.idle, timeout=60_000)
        qtbot.wait(50)

    return wait


@pytest.fixture
def dock(window: Any, settle: Any) -> Callable[[], Any]:
    """Open the widget and wait until its views are filled."""

    def opened() -> Any:
        _, widget = window.window.add_plugin_dock_widget("napari-hounsfield", "Linked views")
        settle(widget)
        return widget

    return opened


def rotation(axis: int, degrees: float) -> Any:
    """3x3 turn about a patient axis."""
    angle, matrix = np.deg2rad(degrees), np.eye(3)
    one, other = [i for i in range(3) if i != axis]
    matrix[one, one] = matrix[other, other] = np.cos(angle)
    matrix[one, other], matrix[other, one] = -np.sin(angle), np.sin(angle)
    return matrix


def turned(kind: str) -> Any:
    """Affine (z, y, x) to LPS mm: straight, flipped, tilted like a gantry, oblique, or sagittal and oblique."""
    affine = np.eye(4)
    affine[:3, :3] = np.diag([2.0, 1.0, 0.8])[[2, 1, 0]]
    affine[:3, 3] = (-20, 13, 100)
    if kind == "flipped":
        affine[:3, :3] *= (-1, 1, -1)
    if kind == "tilted":
        affine[1, 0] += 2 * np.tan(np.deg2rad(18))
    if kind in ("oblique", "sagittal"):
        affine[:3, :3] = rotation(0, 20) @ rotation(2, -15) @ affine[:3, :3]
    if kind == "sagittal":
        affine[:3, :3] = affine[:3, [2, 0, 1]]
    return affine


KINDS = ("straight", "flipped", "tilted", "oblique", "sagittal")


def series(kind: str) -> nh.Volume:
    """CT of noise with anisotropic voxels, in one of the ways a series lies."""
    array = np.random.default_rng(3).integers(-200, 200, (18, 24, 30)).astype(np.int16)
    return nh.Volume(array, turned(kind), unit="HU", modality="CT", name="CT", frame_of_reference="1.2.3")
