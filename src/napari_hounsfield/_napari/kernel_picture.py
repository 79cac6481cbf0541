"""Pictures of one kernel of a Gabor bank: its real part and its frequency plane, both to scale."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.gabor_bank import GaborParams
from napari_hounsfield.gabor_kernels import NEGLIGIBLE, PLANES, Plane, kernel, planes_of, unit_waves
from napari_hounsfield.grid import Grid

SIDE = 168
"""Pixels of each of the two pictures."""
GAP = 8
FARTHER = 2.5
"""The frequency plane reaches to this many times the filter's frequency, where voxels carry that."""
MOST_RADIUS = 200
"""Voxels that are drawn at most to either side of the centre."""
BACKGROUND, POSITIVE, NEGATIVE, MIDDLE, PEAK = (np.array(c, float) for c in (
    (30, 32, 38), (255, 165, 60), (80, 165, 255), (190, 60, 40), (255, 245, 190)
))  # fmt: skip


@dataclass(frozen=True)
class Kernel:
    """The voxels of a kernel in one plane, the way they lie in the patient.

    Attributes
    ----------
    plane
        Name of the plane; of a filter in space, the one of the three through the centre in which the wave runs most.
    axes
        Patient axes (0 L, 1 P, 2 S) of rows and columns, which run towards the left, the back and the head.
    values
        complex (rows, columns), odd sizes, centre in the middle.
    spacing
        mm a row, mm a column.
    wave
        Cycles per mm along rows and columns.
    wavelength
        mm.
    cut
        Whether only the middle of the kernel is here, because the whole has more than 400 voxels a side.
    """

    plane: str
    axes: tuple[int, int]
    values: NDArray[np.complex128]
    spacing: tuple[float, float]
    wave: tuple[float, float]
    wavelength: float
    cut: bool

    @property
    def size(self) -> tuple[float, float]:
        """Length of rows and columns in mm."""
        rows, columns = self.values.shape
        return rows * self.spacing[0], columns * self.spacing[1]


def filter_names(params: GaborParams, grid: Grid) -> list[str]:
    """Plane and direction of every filter of a wavelength, in the order of the maps."""
    if params.planes == "volume":
        return [f"direction {k + 1}" for k in range(len(params.orientations))]
    planes = [f"{plane.name} " if params.planes == "orthogonal" else "" for plane in planes_of(params.planes, grid)]
    return [f"{plane}{theta:g}°" for plane in planes for theta in params.orientations]


def kernel_of(params: GaborParams, grid: Grid, wavelength: int, direction: int) -> Kernel:
    """Kernel of resolved parameters by the index of its wavelength and of its filter among those of a wavelength."""
    plane = planes_of(params.planes, grid)[direction // len(params.orientations)]
    wave = unit_waves(plane, params.orientations)[direction % len(params.orientations)]
    patient = [grid.patient_axes[axis][0] for axis in plane.axes]
    if len(plane.axes) == 3:
        kept = np.sort(np.argsort(np.abs(wave), kind="stable")[1:])
        missing = ({0, 1, 2} - {plane.axes[k] for k in kept}).pop()
        name = next(name for name, axes in PLANES.items() if missing not in axes)
    else:
        kept, name = np.arange(2), plane.name
    u, v = (int(k) for k in kept)
    # second patient axis down, first to the right, both towards L, P or S whatever way the voxels are stored
    section = Plane(name, (1, 0), (1, 1), (plane.spacing[u], plane.spacing[v]), (plane.extent[u], plane.extent[v]))
    sigma, length = params.sigma_of(wavelength), params.wavelengths[wavelength]
    whole = params.truncate or NEGLIGIBLE / min(1.0, params.gamma)
    drawn = min(whole, MOST_RADIUS * min(section.spacing) / sigma)
    values = kernel(section, wave[kept], length, sigma, gamma=params.gamma, psi=params.psi, truncate=drawn)
    cycles = (float(wave[v]) / length, float(wave[u]) / length)
    return Kernel(name, (patient[v], patient[u]), values, (section.spacing[1], section.spacing[0]), cycles, length, drawn < whole)


def picture(shown: Kernel, side: int = SIDE) -> NDArray[np.uint8]:
    """Real part and frequency plane side by side: RGB (side, 2 side + gap, 3), square pixels in mm and in cycles per mm."""
    gap = np.broadcast_to(BACKGROUND.astype(np.uint8) * 0, (side, GAP, 3))
    return np.concatenate([real_part(shown, side), gap, frequency_plane(shown, side)], axis=1)


def real_part(shown: Kernel, side: int = SIDE) -> NDArray[np.uint8]:
    """RGB (side, side, 3) of the kernel's voxels: positive orange, negative blue, as wide as the longer side in mm."""
    millimetres = (np.arange(side) + 0.5 - side / 2) * max(shown.size) / side
    rows, columns = (
        np.floor(millimetres / step + n / 2).astype(int) for step, n in zip(shown.spacing, shown.values.shape, strict=True)
    )
    inside = np.ix_((rows >= 0) & (rows < shown.values.shape[0]), (columns >= 0) & (columns < shown.values.shape[1]))
    share = np.zeros((side, side))
    share[inside] = _share(shown)[np.ix_(rows[inside[0].ravel()], columns[inside[1].ravel()])]
    return _two_colours(share)


def overlay_colours(shown: Kernel) -> NDArray[np.uint8]:
    """RGBA (rows, columns, 4) of the kernel's voxels, clear where it is zero."""
    share = _share(shown)
    colours = np.where(share[..., np.newaxis] >= 0, POSITIVE, NEGATIVE)
    return _bytes(np.concatenate([colours, 255 * np.abs(share)[..., np.newaxis]], axis=2))


def frequency_plane(shown: Kernel, side: int = SIDE) -> NDArray[np.uint8]:
    """RGB (side, side, 3) of the absolute transform up to `highest_frequency`, zero in the middle."""
    highest = highest_frequency(shown)
    cycles = (np.arange(side) + 0.5 - side / 2) * 2 * highest / side
    rows, columns = (
        np.exp(-2j * math.pi * np.outer(cycles, step * (np.arange(n) - n // 2)))
        for step, n in zip(shown.spacing, shown.values.shape, strict=True)
    )
    absolute = np.abs(rows @ shown.values @ columns.T)
    carried = [np.abs(cycles) <= 1 / (2 * step) for step in shown.spacing]
    share = np.where(np.outer(*carried), absolute / (absolute.max() or 1.0), 0.0)[..., np.newaxis]
    colours = np.where(
        share < 0.5, (1 - 2 * share) * BACKGROUND + 2 * share * MIDDLE, (2 - 2 * share) * MIDDLE + (2 * share - 1) * PEAK
    )
    return _bytes(colours)


def highest_frequency(shown: Kernel) -> float:
    """Cycles per mm at the border of the frequency plane: as far as voxels carry, or far enough for waves that are long."""
    return min(1 / (2 * min(shown.spacing)), FARTHER / shown.wavelength)


def caption(shown: Kernel) -> str:
    """What the two pictures span."""
    rows, columns = shown.values.shape
    cut = ", its middle" if shown.cut else ""
    return (
        f"real part, {shown.plane}: {max(shown.size):.3g} mm wide, {columns} by {rows} voxels{cut}\n"
        f"frequencies up to ±{highest_frequency(shown):.3g} per mm; this wave: {math.hypot(*shown.wave):.3g} per mm"
    )


def _share(shown: Kernel) -> NDArray[np.float64]:
    """Real part, -1 to 1."""
    share: NDArray[np.float64] = shown.values.real / np.abs(shown.values).max()
    return share


def _two_colours(share: NDArray[np.float64]) -> NDArray[np.uint8]:
    weight = np.abs(share)[..., np.newaxis]
    colours = np.where(share[..., np.newaxis] >= 0, POSITIVE, NEGATIVE)
    return _bytes((1 - weight) * BACKGROUND + weight * colours)


def _bytes(colours: NDArray[np.float64]) -> NDArray[np.uint8]:
    rounded: NDArray[np.uint8] = colours.round().astype(np.uint8)
    return rounded
