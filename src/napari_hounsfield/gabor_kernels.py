"""Gabor functions on the voxels of a plane or of space, oriented in the patient."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .errors import ParameterError
from .grid import Grid

PLANES = {"axial": (1, 2), "coronal": (0, 2), "sagittal": (0, 1)}
"""Array axes of the three planes (y, x), (z, x), (z, y), named as for an axial image."""

NEGLIGIBLE = 8.6
"""In sigmas: beyond it the envelope is below 1e-16 of its peak, so the support is full."""


@dataclass(frozen=True)
class Plane:
    """The array axes that a filter spans, in the order of the closest patient axes (L, P, S).

    The first axis carries u, the second v, each running towards the patient's left, back or head whatever way the array is
    stored, so that an orientation is a fact of the patient and not of the file.
    """

    name: str
    axes: tuple[int, ...]
    signs: tuple[int, ...]
    """+1 where the array axis runs towards L, P or S."""
    spacing: tuple[float, ...]
    """Voxel size in mm along `axes`."""
    extent: tuple[float, ...]
    """Size of the image in mm along `axes`."""

    @property
    def largest_voxel(self) -> float:
        """Largest voxel size in mm."""
        return max(self.spacing)

    @property
    def smallest_extent(self) -> float:
        """Smallest size of the image in mm."""
        return min(self.extent)


def planes_of(kind: str, grid: Grid) -> tuple[Plane, ...]:
    """Planes (or the one space) that `axial`, `orthogonal` or `volume` filters span on a grid.

    Raises
    ------
    ParameterError
        If an image of one slice is to be filtered across slices.
    """
    if kind != "axial" and grid.shape[0] == 1:
        raise ParameterError(f"planes {kind!r} need more than one slice; use 'axial'")
    every: dict[str, dict[str, tuple[int, ...]]] = {
        "axial": {"axial": PLANES["axial"]},
        "orthogonal": dict(PLANES),
        "volume": {"volume": (0, 1, 2)},
    }
    patient = grid.patient_axes
    planes = []
    for name, axes in every[kind].items():
        ordered = tuple(sorted(axes, key=lambda axis: patient[axis][0]))
        planes.append(
            Plane(
                name,
                ordered,
                tuple(patient[axis][1] for axis in ordered),
                tuple(grid.spacing[axis] for axis in ordered),
                tuple(grid.spacing[axis] * grid.shape[axis] for axis in ordered),
            )
        )
    return tuple(planes)


def support(plane: Plane, sigma: float, gamma: float, truncate: float) -> tuple[int, ...]:
    """Radius in voxels of the kernel along each axis of the plane."""
    reach = truncate * sigma if truncate else NEGLIGIBLE * sigma / min(1.0, gamma)
    return tuple(math.ceil(reach / step - 1e-9) for step in plane.spacing)


def envelope_along(plane: Plane, axis: int, sigma: float, truncate: float, normalise: bool) -> NDArray[np.float64]:
    """Factor along one array axis of an envelope that is the same in all directions, which is the product of its factors."""
    along = plane.axes.index(axis)
    radius = support(plane, sigma, 1.0, truncate)[along]
    distance = plane.spacing[along] * np.arange(-radius, radius + 1.0)
    envelope: NDArray[np.float64] = np.exp(-(distance**2) / (2 * sigma**2))
    return envelope / envelope.sum() if normalise else envelope


def directions(count: int) -> NDArray[np.float64]:
    """Return `count` unit vectors (L, P, S) spread evenly over the half-sphere S >= 0 (a Fibonacci lattice)."""
    k = np.arange(count)
    height = 1 - (k + 0.5) / count
    radius = np.sqrt(1 - height**2)
    turn = k * math.pi * (3 - math.sqrt(5))
    return np.stack([radius * np.cos(turn), radius * np.sin(turn), height], axis=1)


def unit_waves(plane: Plane, orientations: tuple[float, ...]) -> NDArray[np.float64]:
    """Directions of the waves (n, axes of the plane): theta from u towards v, or spread over the half-sphere in space."""
    if len(plane.axes) == 3:
        return directions(len(orientations))
    theta = np.radians(orientations)
    return np.stack([np.cos(theta), np.sin(theta)], axis=1)


def kernel(
    plane: Plane,
    wave: NDArray[np.float64],
    wavelength: float,
    sigma: float,
    *,
    gamma: float = 1.0,
    psi: float = 0.0,
    truncate: float = 0.0,
    normalise: bool = False,
) -> NDArray[np.complex128]:
    """Sample a Gabor function at the voxels of a plane.

    g = exp(-(u'^2 + gamma^2 v'^2) / (2 sigma^2)) * exp(i (2 pi u' / wavelength + psi)), u' along the wave, v' across it.

    Parameters
    ----------
    plane
        Axes, directions and spacing.
    wave
        Unit vector of u' over the plane's axes.
    wavelength, sigma
        In mm.
    gamma
        Spatial aspect ratio.
    psi
        Phase in degrees.
    truncate
        Half-width of the support in sigmas; 0: full.
    normalise
        Divide by the sum of the envelope.

    Returns
    -------
    complex array over the plane's axes in the order of the array's axes, odd sizes, centre in the middle.
    """
    radii = support(plane, sigma, gamma, truncate)
    axes = [sign * step * np.arange(-r, r + 1.0) for sign, step, r in zip(plane.signs, plane.spacing, radii, strict=True)]
    coordinates = np.meshgrid(*axes, indexing="ij")
    along = sum(w * c for w, c in zip(wave, coordinates, strict=True))
    across2 = sum(c**2 for c in coordinates) - along**2
    envelope = np.exp(-(along**2 + gamma**2 * across2) / (2 * sigma**2))
    function = envelope * np.exp(1j * (2 * np.pi * along / wavelength + np.radians(psi)))
    if normalise:
        function /= envelope.sum()
    return np.transpose(function, np.argsort(plane.axes))
