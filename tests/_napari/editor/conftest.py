from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel

import napari_hounsfield as nh
from napari_hounsfield._napari.editor.adopted import LayerEditing
from napari_hounsfield._napari.editor.register import editing_of

CLASSES = {1: "lung", 2: "liver", 3: "heart"}


@pytest.fixture
def organs() -> nh.LabelMap:
    """Three blocks, flipped and permuted in the file: stored axes run towards L, -P and -S."""
    array = np.zeros((8, 20, 24), np.uint8)
    array[1:4, 4:9, 4:12] = 1
    array[2:7, 10:16, 4:12] = 2
    array[3:6, 4:9, 14:20] = 3
    affine = np.array([[2.0, 0, 0, -10], [0, -1.5, 0, 30], [0, 0, -1.0, 5], [0, 0, 0, 1]])
    return nh.LabelMap(array, affine, CLASSES, name="organs", frame_of_reference="1.2.3")


@pytest.fixture
def layer(viewer: ViewerModel, organs: nh.LabelMap) -> Any:
    return nh.show(viewer, organs)[0]


@pytest.fixture
def settled(qtbot: Any) -> Callable[[LayerEditing], None]:
    """Wait until nothing runs and all is counted."""

    def wait(editing: LayerEditing) -> None:
        qtbot.waitUntil(lambda: not editing.busy and editing.editor.tally is not None, timeout=60_000)

    return wait


@pytest.fixture
def editing(viewer: ViewerModel, layer: Any, settled: Callable[[LayerEditing], None]) -> Iterator[LayerEditing]:
    made = editing_of(layer, viewer)
    assert made is not None
    settled(made)
    yield made
    made.cancel()
