"""An edit that changes nothing says why."""

from __future__ import annotations

import numpy as np
import pytest

import napari_hounsfield as nh
from napari_hounsfield.editing.unchanged import unchanged

from .conftest import labelled

SOME = labelled(np.pad(np.ones((4, 5, 5), np.uint8), 3))
"""Of voxels of 3 x 1 x 1 mm."""
BESIDE = (0, 20, 20, 0, 20, 30, 0, 30, 25)


@pytest.mark.parametrize(
    ("operation", "params", "why"),
    [
        (nh.margin, nh.MarginParams(mm=0.4), "0.4 mm reach no other voxel; voxels are 3 x 1 x 1 mm"),
        (nh.margin, nh.MarginParams(mm=-0.9), "0.9 mm reach no other voxel"),
        (nh.smooth, nh.SmoothParams(mm=0), "0 mm reach no other voxel"),
        (nh.scissors, nh.ScissorsParams(points=BESIDE), "the outline encloses no voxel of the labels"),
        (
            nh.scissors,
            nh.ScissorsParams(points=(0, 0, 0, 0, 9, 0, 0, 9, 9), first=50),
            "begins at slice 50, but the last one is 9",
        ),
        (nh.fill_holes, nh.FillHolesParams(), "no voxel was to change"),
        (nh.margin, nh.MarginParams(mm=3, locked=1), "locks"),
    ],
)
def test_nothing_changed(operation, params, why):
    said = unchanged(params, SOME, operation(SOME, params))
    assert said.startswith("nothing changed: ")
    assert why in said


def test_what_changed_is_not_spoken_of():
    params = nh.MarginParams(mm=1)
    assert unchanged(params, SOME, nh.margin(SOME, params)) == ""
