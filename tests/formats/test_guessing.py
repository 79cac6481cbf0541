"""Labels that come as images are known by their values."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import napari_hounsfield as nh
from napari_hounsfield.formats.guessing import looks_like_labels
from napari_hounsfield.formats.label_reading import read_as_meant

AFFINE = nh.axial_affine((3, 1, 1), (-10, -20, 30))
RANDOM = np.random.default_rng(0)
BLOCK = np.pad(np.ones((4, 20, 20), np.uint8), 5)


@pytest.mark.parametrize("kind", [np.uint8, np.int16, np.uint16, np.int64, np.float32, np.float64])
def test_few_whole_numbers_are_labels(kind: type) -> None:
    assert looks_like_labels(nh.Volume(BLOCK.astype(kind), AFFINE))


@pytest.mark.parametrize(
    "volume",
    [
        nh.Volume(RANDOM.integers(-1000, 1000, (9, 20, 20)).astype(np.int16), AFFINE),
        nh.Volume(RANDOM.integers(0, 256, (9, 20, 20)).astype(np.uint8), AFFINE),
        nh.Volume(BLOCK * np.int16(-1), AFFINE),
        nh.Volume(BLOCK * np.float32(0.5), AFFINE),
        nh.Volume(BLOCK + np.uint8(1), AFFINE),
        nh.Volume(np.zeros((3, 4, 5), np.uint8), AFFINE),
        nh.Volume(BLOCK.astype(np.int16), AFFINE, unit="HU"),
        nh.Volume(np.stack([BLOCK, BLOCK]), AFFINE, axes="tzyx"),
    ],
    ids=["CT", "bytes", "negative", "fractions", "without 0", "empty", "HU", "time points"],
)
def test_images_stay_images(volume: nh.Volume) -> None:
    assert not looks_like_labels(volume)


@pytest.mark.parametrize("name", ["m.nii.gz", "m.nrrd", "m.mha", "m.seg.nrrd"])
def test_files_are_read_as_meant(tmp_path: Path, name: str) -> None:
    for classes in ({}, {1: "lung"}):
        nh.write(tmp_path / name, nh.LabelMap(BLOCK, AFFINE, classes), overwrite=True)
        (found,), guessed = read_as_meant(tmp_path / name)
        assert isinstance(found, nh.LabelMap)
        assert np.array_equal(found.array, BLOCK)
        assert np.allclose(found.affine, AFFINE)
        assert guessed == (name != "m.seg.nrrd" and not classes)
    nh.write(tmp_path / "i.nii.gz", nh.Volume(RANDOM.integers(0, 99, (9, 20, 20)).astype(np.uint8), AFFINE))
    (found,), guessed = read_as_meant(tmp_path / "i.nii.gz")
    assert isinstance(found, nh.Volume)
    assert not guessed
