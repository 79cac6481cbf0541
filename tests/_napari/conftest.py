from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.utils.notifications import notification_manager

import napari_hounsfield as nh


@pytest.fixture(autouse=True)
def _spared() -> None:
    """napari collects garbage whenever a layer goes: spare it what was there before the test, 0.2 s each time otherwise."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def viewer(qapp: Any) -> ViewerModel:
    """A viewer without a window."""
    return ViewerModel()


@pytest.fixture
def said() -> Callable[[], list[str]]:
    """Messages of the notifications since the test began."""
    before = len(notification_manager.records)
    return lambda: [str(record.message) for record in notification_manager.records[before:]]


@pytest.fixture
def ct() -> nh.Volume:
    """Two tissues, flipped and permuted in the file: stored axes run towards L, -P and -S."""
    random = np.random.default_rng(3)
    array = np.where(np.arange(12)[:, None, None] < 6, -800, 40) + random.integers(-20, 20, (12, 20, 16))
    affine = np.array([[2.0, 0, 0, -10], [0, -1.5, 0, 30], [0, 0, -1.0, 5], [0, 0, 0, 1]])
    return nh.Volume(array.astype(np.int16), affine, unit="HU", modality="CT", name="CT 3", frame_of_reference="1.2.3")


@pytest.fixture
def finish(qtbot: Any) -> Callable[[Any], None]:
    """Wait until a run bar's job has ended."""

    def wait(bar: Any) -> None:
        qtbot.waitUntil(lambda: bar.job is not None and bar.job.finished, timeout=180_000)

    return wait
