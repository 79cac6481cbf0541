"""From the voxels of one class to a smooth mesh: a Gaussian, then marching cubes.

A Gaussian rounds the steps between slices of any thickness, since it is given in millimetres, but a surface at half its height
would shrink where it is curved, and lose what is thin. The level is chosen instead so that as many voxels lie inside as the class
has. Parts that are so small that they would vanish, such as a lesion beside a large organ, are meshed as they are.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

LEVEL = 0.5
LOWEST = 0.2
"""Level below which noise would join what lies apart."""
REACH = 3.0
"""Standard deviations to which the Gaussian is computed, and by which the box is wider than the class."""
SMALL = 2.0
"""Radius, in standard deviations, of a ball that the Gaussian begins to wear away."""

Mesh = tuple[NDArray[np.float32], NDArray[np.int32]]
Axes = NDArray[np.float64]
"""(3, 3): columns are the steps in mm along z, y and x."""


def mesh_of(mask: NDArray[np.bool_], axes: Axes, smoothing: float) -> Mesh:
    """Closed mesh of a mask.

    Parameters
    ----------
    mask
        Bool (z, y, x), not empty, cropped to the class. What lies beyond its edge counts as outside.
    axes
        Steps in mm.
    smoothing
        Standard deviation of the Gaussian in mm, which the triangles are as large as, or as a voxel; 0: none.

    Returns
    -------
    vertices, faces
        float32 (n, 3), in voxels (z, y, x) of `mask`; int32 (m, 3), counter-clockwise seen from outside in the space of `axes`.

    References
    ----------
    Lorensen and Cline 1987; Lewiner et al. 2003, as scikit-image has it.
    """
    small = _small_parts(mask, axes, smoothing)
    pieces = []
    large = mask & ~small
    if large.any():
        pieces.append(_smooth_mesh(large, smoothing / np.linalg.norm(axes, axis=0)))
    if small.any():
        pieces.append(_extracted(np.pad(small, 1).astype(np.float32), LEVEL, np.ones(3), np.ones(3, int)))
    vertices, faces = _together(pieces)
    return vertices, np.ascontiguousarray(faces[:, ::-1] if np.linalg.det(axes) > 0 else faces)


def _small_parts(mask: NDArray[np.bool_], axes: Axes, smoothing: float) -> NDArray[np.bool_]:
    """Parts that would vanish; with no smoothing everything stays as it is, and is small."""
    from scipy.ndimage import label

    largest = 4 / 3 * np.pi * (SMALL * smoothing) ** 3 / abs(np.linalg.det(axes))
    if not smoothing:
        return mask
    parts, count = label(mask)
    is_small = np.bincount(parts.ravel(), minlength=count + 1) <= largest
    is_small[0] = False
    found: NDArray[np.bool_] = is_small[parts] if is_small.any() else np.zeros_like(mask)
    return found


def _smooth_mesh(mask: NDArray[np.bool_], sigma: NDArray[np.float64]) -> Mesh:
    """Mesh of a mask through a Gaussian of so many voxels, thinned to what the Gaussian leaves."""
    from scipy.ndimage import gaussian_filter1d

    steps = np.maximum(sigma.astype(int), 1)
    margin = np.ceil(REACH * sigma).astype(int) + steps
    height = np.pad(mask, [(int(m), int(m)) for m in margin]).astype(np.float32)
    for axis in range(3):
        height = gaussian_filter1d(height, sigma[axis], axis, mode="constant", truncate=REACH)
        height = height[(slice(None),) * axis + (slice(None, None, int(steps[axis])),)]
    inside = max(round(int(mask.sum()) / int(steps.prod())), 1)
    level = float(np.partition(height.ravel(), -inside)[-inside])
    return _extracted(np.ascontiguousarray(height), min(max(level, LOWEST), LEVEL), margin, steps)


def _extracted(height: NDArray[np.float32], level: float, margin: NDArray[Any], steps: NDArray[Any]) -> Mesh:
    """Mesh of a level, in voxels of what was padded by `margin` and thinned by `steps`."""
    from skimage.measure import marching_cubes

    vertices, faces, _, _ = marching_cubes(height, level, allow_degenerate=False)  # type: ignore[no-untyped-call]
    return (vertices * steps - margin).astype(np.float32), faces.astype(np.int32)


def _together(pieces: list[Mesh]) -> Mesh:
    """One mesh of several."""
    starts = np.cumsum([0, *(len(vertices) for vertices, _ in pieces)])
    faces = [faces + np.int32(start) for (_, faces), start in zip(pieces, starts, strict=False)]
    return np.concatenate([vertices for vertices, _ in pieces]), np.concatenate(faces).astype(np.int32)
