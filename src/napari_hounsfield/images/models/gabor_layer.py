"""A first layer of Gabor functions: fixed, or learnable by their wavelength, orientation and standard deviation."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

SIGMA = 0.5
"""Standard deviation of the envelope, in wavelengths."""
REACH = 2.5
"""Half-width of the kernels, in standard deviations."""
FLOOR = 0.01
"""Least modulus, so that its logarithm, and its gradient, stay finite where an image is flat."""


class GaborLayer(nn.Module):
    """Modulus of Gabor responses (n, wavelengths * orientations, y, x) of images (n, 1, y, x).

    Kernels are those of `gabor_kernels.kernel` (psi 0, gamma 1, divided by
    the sum of the envelope), without their mean, so that the brightness does not matter; borders are continued.

    Parameters
    ----------
    wavelengths
        In pixels.
    orientations
        Evenly spread over 180 degrees.
    stride
        Pixels between responses, in the plane.
    learnable
        Whether wavelength, orientation and standard deviation of each function are trained.
    """

    def __init__(self, wavelengths: Sequence[float], orientations: int, stride: int = 1, learnable: bool = False) -> None:
        super().__init__()
        self.orientations, self.stride = orientations, stride
        lengths = torch.tensor(wavelengths, dtype=torch.float32).repeat_interleave(orientations)
        turns = math.pi / orientations * torch.arange(orientations).repeat(len(wavelengths))
        self.radii = [math.ceil(REACH * SIGMA * length - 1e-9) for length in wavelengths]
        for name, values in (("wavelength", lengths), ("theta", turns), ("sigma", SIGMA * lengths)):
            setattr(self, name, nn.Parameter(values)) if learnable else self.register_buffer(name, values)

    @property
    def channels(self) -> int:
        """Responses of an image."""
        return len(self.radii) * self.orientations

    def kernels(self, level: int) -> tuple[Tensor, Tensor]:
        """Real and imaginary parts (orientations, y, x) of one wavelength's functions, before the mean is taken off."""
        which = slice(level * self.orientations, (level + 1) * self.orientations)
        wavelength, theta, sigma = (getattr(self, name)[which, None, None] for name in ("wavelength", "theta", "sigma"))
        reach = torch.arange(-self.radii[level], self.radii[level] + 1, device=theta.device, dtype=theta.dtype)
        along = reach * theta.cos() + reach[:, None] * theta.sin()
        envelope = torch.exp(-(reach**2 + reach[:, None] ** 2) / (2 * sigma**2))
        envelope = envelope / envelope.sum((1, 2), keepdim=True)
        phase = 2 * math.pi * along / wavelength
        return envelope * phase.cos(), envelope * phase.sin()

    def forward(self, images: Tensor) -> Tensor:
        """Filter."""
        return torch.cat([self._level(images, level) for level in range(len(self.radii))], dim=1)

    def _level(self, images: Tensor, level: int) -> Tensor:
        """Moduli (n, orientations, y, x) of one wavelength."""
        parts = torch.cat([part - part.mean((1, 2), keepdim=True) for part in self.kernels(level)])
        room = (self.radii[level],) * 4
        framed = nn.functional.pad(images, room, mode="replicate")
        real, imaginary = nn.functional.conv2d(framed, parts[:, None], stride=self.stride).chunk(2, dim=1)
        return torch.sqrt(real**2 + imaginary**2 + FLOOR**2)
