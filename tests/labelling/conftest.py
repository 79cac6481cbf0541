from __future__ import annotations

import numpy as np
import pytest

import napari_hounsfield as nh


def picture(spacing: float = 1.0, seed: int = 0, shift: int = 0) -> nh.Volume:
    """A bright ball in dark noise."""
    random = np.random.default_rng(seed)
    z, y, x = np.ogrid[:12, :48, :48]
    inside = (4 * (z - 6)) ** 2 + (y - 24) ** 2 + (x - 24 - shift) ** 2 < 14**2
    array = np.where(inside, 60, -80) + random.normal(0, 25, (12, 48, 48))
    affine = nh.axial_affine((4 * spacing, spacing, spacing))
    return nh.Volume(array.astype(np.int16), affine, unit="HU", modality="CT", name=f"CT {seed}")


def truth(volume: nh.Volume, shift: int = 0) -> np.ndarray:
    z, y, x = np.ogrid[:12, :48, :48]
    return (4 * (z - 6)) ** 2 + (y - 24) ** 2 + (x - 24 - shift) ** 2 < 14**2


@pytest.fixture
def volume() -> nh.Volume:
    return picture()


@pytest.fixture
def session(volume: nh.Volume) -> nh.LabellingSession:
    """Two classes, a stroke of each in two slices."""
    session = nh.LabellingSession()
    image = session.add(volume)
    ball, around = session.add_class("ball"), session.add_class("background")
    for z in (5, 7):
        mask = np.zeros(volume.array.shape, bool)
        mask[z, 20:28, 22:26] = True
        session.paint(image, mask, ball)
        mask[:] = False
        mask[z, 4:8, 4:40] = True
        session.paint(image, mask, around)
    return session
