"""Sarcomas in CT, PET and MR: together they show more than CT alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.benchmarks.channels import PATIENTS, dice, patient, some
from tests.benchmarks.channels import RECIPE as PARAMS
from tests.benchmarks.channels import STROKES as PAINTED

import napari_hounsfield as nh
from napari_hounsfield.demo.strokes import draw_strokes


@pytest.mark.slow
@pytest.mark.parametrize("name", PATIENTS)
def test_three_channels_beat_ct_alone(name: str, shared_data: Path) -> None:
    channels, reference = patient(shared_data, name)
    assert channels.names == ("CT", "PT", "MR")
    found = {title: [] for title in ("CT", "CT, PET, MR")}
    for seed in range(2):
        painted = draw_strokes(reference, PAINTED.model_copy(update={"seed": seed}))
        params = PARAMS.model_copy(update={"seed": seed, "classifier": "forest"})
        for title, of_title in found.items():
            image = some(channels, title)
            of_title.append(dice(nh.segment(image, nh.train(image, painted, params)), reference))
    assert np.mean(found["CT, PET, MR"]) > np.mean(found["CT"]) + 0.02
