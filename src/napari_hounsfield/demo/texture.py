"""What makes the phantom look scanned: the honeycomb of the fibrotic region, blur and noise."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .phantom import FIBROSIS, LUNG
from .shapes import Canvas, Field, smooth_random

CELL = 7.0
"""Distance between the middles of neighbouring cells of the honeycomb, in mm."""
WALL, AIR_SPACE = 230.0, -120.0
"""HU of walls and air spaces above and below the lung around them, before the mean is made equal."""


def paint_fibrosis(canvas: Canvas, lungs: NDArray[np.bool_], random: np.random.Generator) -> None:
    """Turn the back of the right lung's base into honeycomb with the mean HU of the lung around it."""
    from scipy import ndimage

    depth = canvas.ellipsoid((-84, 34, 112), (42, 36, 52)) + 4.0 * smooth_random(canvas.shape, canvas.spacing, 18.0, random)
    inside = lungs & (depth > 0)
    air = ~ndimage.binary_dilation(canvas.labels != LUNG, iterations=2)  # neither vessels nor the lung's border
    around = air & (depth > -12) & (depth <= 0)
    where = np.argwhere(inside)
    canvas.values[inside] += _honeycomb(where * np.array(canvas.spacing), random)
    if around.any() and (inside & air).any():  # not so in a phantom of very few voxels
        canvas.values[inside] += canvas.values[around].mean() - canvas.values[inside & air].mean()
    canvas.labels[inside & (canvas.labels == LUNG)] = FIBROSIS


def _honeycomb(points: NDArray[np.float64], random: np.random.Generator) -> NDArray[np.float32]:
    """Air spaces between walls at points (n, 3) in mm: the cells of a disturbed lattice (Voronoi), in HU about the lung's."""
    from scipy.spatial import cKDTree

    low, high = points.min(axis=0) - 2 * CELL, points.max(axis=0) + 2 * CELL
    axes = [np.arange(a, b, CELL) for a, b in zip(low, high, strict=True)]
    lattice = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    lattice[1::2, :, :, 1:] += CELL / 2  # layers in quincunx
    lattice[:, 1::2, :, 2] += CELL / 2
    seeds = lattice.reshape(-1, 3) + random.uniform(-0.22, 0.22, (lattice.size // 3, 3)) * CELL
    nearest, _ = cKDTree(seeds).query(points, k=2, workers=-1)
    to_wall = (nearest[:, 1] - nearest[:, 0]) / 2
    values: NDArray[np.float32] = (AIR_SPACE + (WALL - AIR_SPACE) * np.exp(-((to_wall / 1.0) ** 2))).astype(np.float32)
    return values


def scanned(canvas: Canvas, noise: float, random: np.random.Generator) -> Field:
    """Blur a little in the plane, and add noise with a CT's spectrum, stronger in the middle of the body."""
    from scipy import ndimage

    image = ndimage.gaussian_filter(canvas.values, (0, 0.55, 0.55))
    strength = noise * (0.45 + 0.55 * np.exp(-((canvas.x / 110) ** 2) - (canvas.y / 85) ** 2))
    result: Field = image + grains(canvas.shape, random) * strength.astype(np.float32)
    return result


def grains(shape: tuple[int, int, int], random: np.random.Generator) -> Field:
    """Noise of standard deviation 1 with a CT's spectrum in the plane: a ramp filter with a smooth kernel."""
    from scipy import fft

    rows, columns = shape[1:]
    frequency = np.hypot(fft.fftfreq(rows)[:, None], fft.rfftfreq(columns)[None, :]).astype(np.float32)
    spectrum = frequency * np.exp(-((frequency / 0.22) ** 2))
    noise: Field = random.standard_normal(shape, dtype=np.float32)
    noise = fft.irfft2(fft.rfft2(noise, workers=-1) * spectrum, s=(rows, columns), workers=-1)
    noise /= noise.std()
    return noise
