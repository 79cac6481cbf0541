"""A small image of two textures with equal means, and strokes on it."""

import numpy as np
import pytest

import napari_hounsfield as nh


@pytest.fixture(scope="session")
def textures():
    """Volume and reference: left half smooth, right half striped, both with a mean of 0 HU; padding below."""
    _, y, x = np.mgrid[:10, :40, :48]
    right = x >= 24
    noise = np.random.default_rng(0).normal(0, 15, right.shape)
    array = np.where(right, 150 * np.sin(2 * np.pi * (x + y) / 6), 0) + noise
    valid = y < 36
    array[~valid] = -2000
    volume = nh.Volume(array.astype(np.int16), nh.axial_affine((3, 1, 1)), unit="HU", modality="CT", valid=valid, name="CT 1")
    return volume, volume.label_map((right + 1).astype(np.uint8), {1: "smooth", 2: "striped"})


@pytest.fixture(scope="session")
def strokes(textures):
    """Short strokes of both classes on three slices, one of them into the padding."""
    volume, _ = textures
    array = np.zeros(volume.array.shape, np.uint8)
    for z in (1, 4, 7):
        array[z, 5 + z, 4:20] = 1
        array[z, 8 + z : 30, 30 + z] = 2
    array[1, 37:40, 3] = 1
    return volume.label_map(array, {1: "smooth", 2: "striped"})


@pytest.fixture(scope="session")
def classifier(textures, strokes):
    return nh.train(textures[0], strokes, nh.TrainParams(bp={"iterations": 300}))
