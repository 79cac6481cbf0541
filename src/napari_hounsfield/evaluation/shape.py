"""Place and shape of a region in the patient."""

from __future__ import annotations

from collections.abc import Generator
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.grid import Grid
from napari_hounsfield.operation import Progress, part

from .diameters import diameters
from .mesh_cells import CellSizes, mesh_size
from .regions import Region


def place(region: Region, grid: Grid) -> Generator[Progress, None, dict[str, Any]]:
    """Centroid, and box in voxels and in the patient, its outer corners at the faces of the voxels."""
    sums = [np.zeros(n, np.int64) for n in region.mask.shape]
    for z, plane in enumerate(region.mask):
        rows = np.count_nonzero(plane, axis=1)
        sums[0][z] = rows.sum()
        sums[1] += rows
        sums[2] += np.count_nonzero(plane, axis=0)
        yield Progress(z / len(region.mask))
    centre = [first + float(n @ np.arange(len(n))) / region.voxels for first, n in zip(region.start, sums, strict=True)]
    corners = grid.positions(list(product(*((a - 0.5, b - 0.5) for a, b in zip(region.start, region.stop, strict=True)))))
    return {
        "centroid_mm": _point(grid.positions([centre])[0]),
        "box_start_voxels": region.start,
        "box_stop_voxels": region.stop,
        "box_low_mm": _point(corners.min(axis=0)),
        "box_high_mm": _point(corners.max(axis=0)),
    }


def shape(region: Region, grid: Grid, sizes: CellSizes, plane: str) -> Generator[Progress, None, dict[str, Any]]:
    """Surface, volume and sphericity of the mesh, and the longest diameters.

    Parameters
    ----------
    region
        At least one voxel of the grid.
    grid
        Where the voxels lie.
    sizes
        For the steps of the grid.
    plane
        `axial`, `coronal` or `sagittal`: the planes of voxels closest to it are those of the diameter in plane.
    """
    area, voxels = yield from part(mesh_size(region.mask, sizes), 0, 0.5)
    volume = voxels * grid.voxel_volume
    affine = np.array(grid.affine)
    affine[:3, 3] = grid.positions([region.start])[0]
    axis = grid.axis_across(plane)
    found = yield from part(diameters(region.mask, affine, axis), 0.5, 1)
    return {
        "surface_mm2": area,
        "mesh_volume_ml": volume / 1000,
        "sphericity": float(np.cbrt(36 * np.pi * volume**2)) / area,
        "plane_diameter_mm": found.in_plane,
        "plane_perpendicular_mm": found.across,
        "plane_diameter_start_mm": _point(found.plane_ends[0]),
        "plane_diameter_end_mm": _point(found.plane_ends[1]),
        "diameter_mm": found.in_space,
        "diameter_start_mm": _point(found.space_ends[0]),
        "diameter_end_mm": _point(found.space_ends[1]),
    }


def _point(position: NDArray[np.float64]) -> tuple[float, float, float]:
    left, back, up = (float(value) for value in position)
    return left, back, up
