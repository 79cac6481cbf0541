"""Further images of a patient as channels of a session."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests._napari.labelling.painting import dice, strokes

import napari_hounsfield as nh


@pytest.mark.slow
def test_channels_are_ticked_and_come_back(
    dock: Any, window: Any, ball: nh.Volume, settled: Any, said: Any, tmp_path: Path
) -> None:
    """A coarser PET of the same place glows where CT shows the ball; one of another patient is refused."""
    page, ct = dock.page, window.layers[0]
    array = np.where(ball.array[:, ::2, ::2] > 0, 5.0, 1.0).astype(np.float32)
    affine = ball.affine @ np.diag([1, 2, 2, 1])
    pet = nh.Volume(array, affine, unit="SUV", modality="PT", name="PT 4", frame_of_reference="1.2.3")
    (near,), (far,) = nh.show(window, pet), nh.show(window, replace(pet, name="PT 5", frame_of_reference="9.9"))
    page.desk.session.set_params(nh.TrainParams(bp={"iterations": 60}))
    page.image.value = ct
    assert set(page.channels._layers) == {near, far}
    page.channels.choose(far)
    page.add_image()
    settled(page)
    assert said() == ["channel PT: its frame of reference is another than that of CT 3"]
    assert page.desk.bound == []
    assert len(window.layers) == 3
    page.channels.choose(near)
    page.add_image()
    settled(page)
    assert page.images.current_choice == "CT 3 + PT"
    strokes(page)
    settled(page)
    assert dice(page, ball, 4) > 0.7
    assert [channel.name for channel in page.desk.session.classifier.recipe.channels] == ["PT"]
    page.image.value = far
    page.channels.choose()
    page.add_image()
    assert "unit is 'SUV'" in said()[-1]
    assert not any("PT 5 strokes" in layer.name for layer in window.layers)
    page.files.save(tmp_path / "both")
    settled(page)
    before = page.desk.bound[0].editing.editor.array.copy()
    window.layers.clear()
    nh.show(window, ball), nh.show(window, pet)
    page.files.open(tmp_path / "both.safetensors")
    settled(page)
    assert page.images.current_choice == "CT 3 + PT"
    assert np.array_equal(page.desk.bound[0].editing.editor.array, before)
    assert "outdated" not in page.message.value
