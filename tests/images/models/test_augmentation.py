"""Variations: what they do to an image, and that they follow from their generator alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.ndimage import rotate, shift

from napari_hounsfield.images.models.augmentation import augmented
from napari_hounsfield.images.models.network_params import AugmentParams

NONE: dict[str, Any] = {"rotation": 0, "shift": 0, "scale": 0, "brightness": 0, "contrast": 0, "noise": 0}


def images(count: int = 4, shape: tuple[int, ...] = (16, 20)) -> Any:
    import torch

    return torch.rand(count, 1, *shape, generator=torch.Generator().manual_seed(0))


def varied(batch: Any, seed: int = 1, **params: Any) -> Any:
    import torch

    return augmented(batch, AugmentParams(**{**NONE, **params}), torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("shape", [(16, 20), (5, 16, 20)])
def test_nothing_asked_for_changes_nothing(shape: tuple[int, ...]) -> None:
    batch = images(shape=shape)
    assert (varied(batch) == batch).all()


@pytest.mark.parametrize("shape", [(16, 20), (5, 16, 20)])
def test_the_generator_settles_all(shape: tuple[int, ...]) -> None:
    import torch

    everything = {**AugmentParams().model_dump(), "flips": "all"}
    batch = images(shape=shape)
    torch.manual_seed(1)
    one = varied(batch, **everything)
    torch.manual_seed(2)
    assert (varied(batch, **everything) == one).all()
    assert (varied(batch, seed=2, **everything) != one).any()
    assert one.shape == batch.shape
    assert one.min() >= 0
    assert one.max() <= 1


def test_sides_stay_unless_flips_are_asked_for() -> None:
    batch = images(32)
    flipped = varied(batch, flips="left-right")
    mirrored = [bool(np.allclose(new, old.flip(-1), atol=1e-4)) for new, old in zip(flipped, batch, strict=True)]
    kept = [bool(np.allclose(new, old, atol=1e-4)) for new, old in zip(flipped, batch, strict=True)]
    assert all(a != b for a, b in zip(mirrored, kept, strict=True))
    assert 4 < sum(mirrored) < 28


def test_a_disc_off_the_middle_is_turned_about_it_without_a_change_of_shape() -> None:
    y, x = np.mgrid[:33, :49]
    disc = (((y - 16) ** 2 + (x - 36) ** 2) <= 16).astype(np.float32)
    import torch

    turned = varied(torch.from_numpy(disc)[None, None].repeat(16, 1, 1, 1), rotation=60)[:, 0].numpy()
    for each in turned:
        weights = each / each.sum()
        centre = np.array([(weights * y).sum() - 16, (weights * x).sum() - 24])
        assert np.hypot(*centre) == pytest.approx(12, abs=0.2)
        assert each.sum() == pytest.approx(disc.sum(), rel=0.05)
    angle = np.degrees(np.arctan2((turned * (y - 16)).sum((1, 2)), (turned * (x - 24)).sum((1, 2))))
    assert np.abs(angle).max() <= 60.5
    assert np.ptp(angle) > 20
    oracle = rotate(disc, -angle[0], reshape=False, order=1)
    assert np.abs(oracle - turned[0]).mean() < 0.01


def test_shifts_keep_to_their_part() -> None:
    import torch

    dot = torch.zeros(16, 1, 41, 41)
    dot[:, :, 20, 20] = 1
    moved = varied(dot, shift=0.2)[:, 0].numpy()
    y, x = np.mgrid[:41, :41]
    centres = np.array([[(each * y).sum() - 20, (each * x).sum() - 20] for each in moved / moved.sum((1, 2), keepdims=True)])
    assert np.abs(centres).max() <= 0.2 * 41 + 0.5
    assert np.abs(centres).max() > 4
    np.testing.assert_allclose(shift(dot[0, 0].numpy(), centres[0], order=1), moved[0], atol=1e-3)
