"""A viewer with a ball in a labelling session."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import napari_hounsfield as nh

SHAPE = (8, 40, 44)


@pytest.fixture
def ball() -> nh.Volume:
    """A bright ball; stored axes run towards L, -P and -S, so that the viewer shows it permuted and flipped."""
    z, y, x = np.ogrid[: SHAPE[0], : SHAPE[1], : SHAPE[2]]
    inside = (4 * (z - 4)) ** 2 + (y - 20) ** 2 + (x - 22) ** 2 < 13**2
    array = np.where(inside, 80, -80) + np.random.default_rng(0).normal(0, 20, SHAPE)
    affine = np.array([[0, 0, 1.0, -10], [0, -1.0, 0, 30], [-4.0, 0, 0, 5], [0, 0, 0, 1]])
    return nh.Volume(array.astype(np.int16), affine, unit="HU", modality="CT", name="CT 3", frame_of_reference="1.2.3")


@pytest.fixture
def window(make_napari_viewer: Any) -> Any:
    return make_napari_viewer()


@pytest.fixture
def dock(window: Any, ball: nh.Volume) -> Any:
    nh.show(window, ball)
    return window.window.add_plugin_dock_widget("napari-hounsfield", "BP segmentation")[1]


@pytest.fixture
def page(window: Any, dock: Any) -> Any:
    """The page with the ball in the session, and a quick recipe."""
    image, page = window.layers[0], dock.page
    page.desk.session.set_params(nh.TrainParams(bp={"iterations": 60}))
    page.image.value = image
    page.add_image()
    return page


@pytest.fixture
def settled(qtbot: Any) -> Callable[[Any], None]:
    """Wait until nothing runs."""

    def wait(page: Any) -> None:
        def idle() -> bool:
            edits = any(bound.editing.busy for bound in page.desk.bound)
            return not (page.desk.live.busy or page.runs.busy or edits)

        qtbot.waitUntil(idle, timeout=180_000)

    return wait
