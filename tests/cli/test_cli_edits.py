"""Edits of labels by commands."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import napari_hounsfield as nh
from napari_hounsfield.formats.label_reading import read_labels

AFFINE = nh.axial_affine((4, 2, 2), (-40, -50, 100))


@pytest.fixture
def organs(here: Path) -> nh.LabelMap:
    """Two blocks beside each other, as a file."""
    array = np.zeros((6, 20, 20), np.uint8)
    array[1:5, 5:15, 4:10] = 1
    array[1:5, 5:15, 10:16] = 2
    labels = nh.LabelMap(array, AFFINE, {1: "left", 2: "right"})
    nh.write("organs.seg.nrrd", labels)
    return labels


def test_edits_of_files_equal_those_in_python(organs: nh.LabelMap, done: Callable[..., dict[str, Any]], here: Path) -> None:
    said = done("margin", "organs.seg.nrrd", "grown.seg.nrrd", "--mm", "-2", "--locked", "2")
    assert said["parameters"]["locked"] == [2]
    expected = nh.margin(organs, nh.MarginParams(mm=-2, locked=2))
    found = read_labels(Path("grown.seg.nrrd"))
    assert np.array_equal(found.array, expected.array)
    assert found.classes == organs.classes

    same = done("smooth", "organs.seg.nrrd", "same.seg.nrrd", "--mm", "1")
    assert same["warnings"] == ["nothing changed: 1 mm reach no other voxel; voxels are 4 x 2 x 2 mm (z, y, x)"]

    triangle = "-38,-48,0,0,-48,0,-38,-10,0"
    done(
        "scissors", "organs.seg.nrrd", "cut.seg.nrrd", "--points", triangle, "--coordinates", "patient", "--how", "erase outside"
    )
    params = nh.ScissorsParams(points=triangle, coordinates="patient", how="erase outside")
    expected = nh.scissors(organs, params)
    assert 0 < np.count_nonzero(expected.array) < np.count_nonzero(organs.array)
    assert np.array_equal(read_labels(Path("cut.seg.nrrd")).array, expected.array)

    words = ("--other", "cut.seg.nrrd", "--label", "1", "--how", "intersection")
    done("combine", "organs.seg.nrrd", "both.seg.nrrd", *words)
    both = nh.combine(organs, expected, nh.CombineParams(how="intersection"))
    assert np.array_equal(read_labels(Path("both.seg.nrrd")).array, both.array)


def test_a_range_of_an_image(
    organs: nh.LabelMap, done: Callable[..., dict[str, Any]], refused: Callable[..., str], here: Path
) -> None:
    values = np.arange(organs.array.size, dtype=np.int16).reshape(organs.array.shape)
    nh.write("image.nii.gz", nh.Volume(values, AFFINE))
    done("fill-range", "image.nii.gz", "organs.seg.nrrd", "filled.seg.nrrd", "--lower", "900", "--label", "2", "--inside", "1")
    expected = np.where((values >= 900) & (organs.array == 1), 2, organs.array)
    assert np.array_equal(read_labels(Path("filled.seg.nrrd")).array, expected)
    said = refused("grow-region", "image.nii.gz", "organs.seg.nrrd", "grown.seg.nrrd", "--label", "7", "--lower", "0")
    assert said == "label 7: there are no seeds; give points or paint some voxels"
