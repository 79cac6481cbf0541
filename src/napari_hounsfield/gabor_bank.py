"""The Gabor filter bank: parameters in millimetres and degrees, and the operation that runs it."""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import Any, ClassVar, Literal, Self

import numpy as np
from pydantic import model_validator

from .errors import IntensityError, ParameterError
from .gabor_kernels import PLANES, Plane, planes_of
from .operation import Numbers, Params, Progress, number, numbers, operation
from .results import Features
from .volume import Volume

FIRST_WAVELENGTH = 2.5
"""Shortest default wavelength in voxels, a little above the two that voxels can carry."""
OCTAVES = 4
LARGEST_VALUE = 1e30
LONGEST_SHARE = 12
"""Default wavelengths reach to this part of the image: longer ones describe where a voxel lies, not what it is."""


class GaborParams(Params):
    """Filters: every wavelength at every orientation."""

    presets: ClassVar[dict[str, dict[str, Any]]] = {
        "seed": {"normalise": False, "truncate": 0.0},
        "ibsi": {"normalise": False, "truncate": 0.0, "boundary": "constant", "gamma": 0.5},
    }

    wavelengths: Numbers = numbers(unit="mm", low=0.01, high=10000)
    """Wavelengths; empty: four octaves from 2.5 voxels up, as far as they fit twelve times into the image."""
    orientations: Numbers = numbers((0.0, 22.5, 45.0, 67.5, 90.0, 112.5, 135.0, 157.5), unit="degrees", low=-360, high=360)
    """Directions of the wave, from the patient's left towards the back; in `volume` only their number counts."""
    sigma: Numbers = numbers(unit="mm", low=0.001, high=10000)
    """Standard deviation of the envelope along the wave, one for all or one a wavelength; empty: from the bandwidth."""
    bandwidth: float = number(1.0, 0.1, 4.0, unit="octaves")
    """Half-response spatial frequency bandwidth, from which sigma follows where it is empty."""
    gamma: float = number(1.0, 0.05, 20.0)
    """Spatial aspect ratio: the envelope's sigma across the wave is sigma / gamma."""
    psi: float = number(0.0, -360.0, 360.0, unit="degrees")
    """Phase of the wave at the filter's centre; the modulus does not depend on it."""
    response: Literal["modulus", "real", "imaginary"] = "modulus"
    """Which part of the complex response a map holds."""
    pool: Literal["none", "mean", "max"] = "none"
    """Join all orientations and planes of a wavelength into one map, which makes it invariant to rotation."""
    planes: Literal["axial", "orthogonal", "volume"] = "axial"
    """Filter the slices (y, x), all three orthogonal planes, or the volume in directions spread evenly over the half-sphere."""
    boundary: Literal["reflect", "constant", "nearest", "wrap"] = "reflect"
    """How the image goes on beyond its border, named as in scipy.ndimage."""
    truncate: float = number(4.0, 0.0, 20.0, unit="sigmas")
    """Half-width of the kernel's square support; 0: as far as it differs from zero."""
    normalise: bool = True
    """Divide the kernel by the sum of its envelope, so that responses have the image's unit at every wavelength."""

    @model_validator(mode="after")
    def _usable(self) -> Self:
        self._require_usable()
        return self

    def _require_usable(self) -> None:
        if not self.orientations:
            raise ParameterError("orientations: at least one is needed")
        if any(w <= 0 for w in (*self.wavelengths, *self.sigma)):
            raise ParameterError("wavelengths and sigma are lengths above 0 mm")
        if len(self.sigma) > 1 and self.wavelengths and len(self.sigma) != len(self.wavelengths):
            raise ParameterError(
                f"{len(self.sigma)} sigmas for {len(self.wavelengths)} wavelengths: give one, or one a wavelength"
            )

    def resolve(self, *data: Any) -> Self:
        """Fill wavelengths from the voxel size and sigma from the bandwidth.

        Raises
        ------
        ParameterError
            If a wavelength is shorter than two voxels of a plane it is used in, or an envelope is wider than the image.
        """
        volume: Volume = data[0]
        planes = planes_of(self.planes, volume.grid)
        if not self.wavelengths:
            voxel = max(plane.largest_voxel for plane in planes)
            field = min(plane.smallest_extent for plane in planes)
            octaves = [FIRST_WAVELENGTH * voxel * 2.0**k for k in range(OCTAVES)]
            wavelengths = tuple(w for w in octaves if w <= field / LONGEST_SHARE) or (octaves[0],)
        else:
            wavelengths = self.wavelengths
        factor = math.sqrt(math.log(2) / 2) / math.pi * (2**self.bandwidth + 1) / (2**self.bandwidth - 1)
        sigma = self.sigma or tuple(factor * w for w in wavelengths)
        resolved = self.model_copy(update={"wavelengths": wavelengths, "sigma": sigma})
        resolved._require_usable()
        for plane in planes:
            _require_fit(resolved, plane, volume.name or "image")
        return resolved

    def sigma_of(self, index: int) -> float:
        """Sigma in mm of the wavelength at `index`, of resolved parameters."""
        return self.sigma[index if len(self.sigma) > 1 else 0]


def _require_fit(params: GaborParams, plane: Plane, name: str) -> None:
    """Refuse filters that the plane cannot carry, with the number that it could."""
    shortest = 2 * plane.largest_voxel
    for wavelength in params.wavelengths:
        if wavelength < shortest * (1 - 1e-9):
            raise ParameterError(
                f"{name}: wavelength {wavelength:g} mm is under two voxels of the {plane.name} plane; "
                f"{shortest:.4g} mm is the shortest"
            )
    if max(params.sigma) > plane.smallest_extent:
        raise ParameterError(
            f"{name}: sigma {max(params.sigma):.4g} mm is wider than the image in the {plane.name} plane "
            f"({plane.smallest_extent:.4g} mm)"
        )


def map_names(params: GaborParams) -> list[str]:
    """Names of the maps that resolved parameters give: by wavelength, then plane, then orientation."""
    names = [f"Gabor {w:.4g} mm" for w in params.wavelengths]
    if params.pool != "none":
        return [f"{name} {params.pool}" for name in names]
    if params.planes == "volume":
        return [f"{name} direction {k + 1}" for name in names for k in range(len(params.orientations))]
    planes = ("axial",) if params.planes == "axial" else tuple(PLANES)
    several = len(planes) > 1
    return [
        f"{name} {plane + ' ' if several else ''}{theta:g}°"
        for name in names
        for plane in planes
        for theta in params.orientations
    ]


@operation("gabor", GaborParams)
def gabor(volume: Volume, params: GaborParams) -> Generator[Progress, None, Features]:
    """Filter a volume with the Gabor bank.

    Parameters
    ----------
    volume
        One scalar image. Padding is taken as the smallest scanned value.
    params
        Bank; its blanks are filled from the voxel size.

    Returns
    -------
    Features
        float32 (c, z, y, x): maps by wavelength, then plane, then orientation; pooled: one a wavelength.

    Raises
    ------
    ParameterError
        If a wavelength is too short for the voxels, an envelope wider than the image, or the maps larger than memory.
    IntensityError
        If the scanned field holds NaN.

    References
    ----------
    Seed paper, section 2.2, equations 1 to 3, with its misprints resolved; IBSI 2 (arXiv 2006.05470), section on Gabor filters.
    """
    from .gabor_filtering import bank_of
    from .gabor_output import require_memory

    volume.require_scalar()
    require_range(volume)
    names = map_names(params)
    require_memory(len(names), volume)
    out = np.empty((len(names), *volume.array.shape), np.float32)
    yield from bank_of(volume.grid, params).filter(filled(volume), out)
    return Features.of(volume, out, names, params.model_dump(mode="json"))


def require_range(volume: Volume) -> None:
    """Raise IntensityError where values are so large that single precision could not hold their sums."""
    if volume.array.dtype.kind == "f":
        for z, plane in enumerate(volume.array):
            inside = plane if volume.valid is None else plane[volume.valid[z]]
            if inside.size and np.abs(inside).max() > LARGEST_VALUE:
                raise IntensityError(
                    f"{volume.name or 'image'}: values of slice {z} exceed {LARGEST_VALUE:g}; rescale them first"
                )


def filled(volume: Volume) -> np.ndarray[Any, Any]:
    """Array (z, y, x) in which padding is the smallest scanned value, so that its border makes no texture of its own."""
    if volume.valid is None or volume.valid.all():
        return volume.array
    values = volume.scanned()
    return np.where(volume.valid, volume.array, values.min() if values.size else 0)
