"""The Gabor layer against the kernels of the voxel bank, and against filtering in space."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.ndimage import correlate

from napari_hounsfield.gabor_kernels import kernel, planes_of
from napari_hounsfield.grid import Grid, axial_affine


@pytest.mark.parametrize("wavelengths", [(3.0,), (2.5, 6.0)])
def test_kernels_are_those_of_the_bank(wavelengths: tuple[float, ...]) -> None:
    from napari_hounsfield.images.models.gabor_layer import REACH, SIGMA, GaborLayer

    (plane,) = planes_of("axial", Grid((1, 64, 64), axial_affine((1, 1, 1))))
    layer = GaborLayer(wavelengths, 5)
    for level, wavelength in enumerate(wavelengths):
        real, imaginary = layer.kernels(level)
        for number in range(5):
            theta = math.pi * number / 5
            wave = np.array([math.cos(theta), math.sin(theta)])
            wanted = kernel(plane, wave, wavelength, SIGMA * wavelength, truncate=REACH, normalise=True)
            assert wanted.shape == real[number].shape
            np.testing.assert_allclose(real[number].numpy() + 1j * imaginary[number].numpy(), wanted, atol=1e-6)


def test_moduli_are_those_of_filtering() -> None:
    import torch

    from napari_hounsfield.images.models.gabor_layer import FLOOR, GaborLayer

    image = np.random.default_rng(0).random((20, 23)).astype(np.float32)
    layer = GaborLayer((4.0,), 3, stride=2)
    found = layer(torch.from_numpy(image)[None, None])[0].numpy()
    for number, (real, imaginary) in enumerate(zip(*layer.kernels(0), strict=True)):
        parts = [correlate(image, (each - each.mean()).numpy(), mode="nearest") for each in (real, imaginary)]
        wanted = np.sqrt(parts[0] ** 2 + parts[1] ** 2 + FLOOR**2)[::2, ::2]
        np.testing.assert_allclose(found[number], wanted, atol=1e-5)


def test_brightness_does_not_matter() -> None:
    import torch

    from napari_hounsfield.images.models.gabor_layer import GaborLayer

    image = torch.rand(1, 1, 24, 24, generator=torch.Generator().manual_seed(0))
    layer = GaborLayer((3.0, 6.0), 4)
    torch.testing.assert_close(layer(image), layer(image + 5), atol=1e-4, rtol=1e-4)


def test_functions_are_learned_by_their_parameters() -> None:
    import torch

    from napari_hounsfield.images.models.gabor_layer import GaborLayer

    image = torch.rand(1, 1, 24, 24, generator=torch.Generator().manual_seed(0))
    layer = GaborLayer((3.0, 6.0), 4, learnable=True)
    layer(image).sum().backward()
    assert {name for name, _ in layer.named_parameters()} == {"wavelength", "theta", "sigma"}
    for each in layer.parameters():
        assert each.grad is not None
        assert torch.isfinite(each.grad).all()
        assert (each.grad != 0).any()
    assert not list(GaborLayer((3.0,), 4).parameters())
