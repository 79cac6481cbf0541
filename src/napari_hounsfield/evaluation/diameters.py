"""Longest diameters of a mask, in space and in the planes of one axis, in mm.

Measured between vertices of the mesh of the mask (`mesh_cells`), as the Image Biomarker Standardisation Initiative does: a voxel
reaches half a step from its centre along each axis, and a single voxel has a diameter. Only corners of the convex hull can be the
ends of a diameter: each plane is reduced to its hull, and the planes' hulls to the hull of all.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.operation import Progress

Points = NDArray[np.float64]
"""Positions (n, 2) or (n, 3), in mm or in voxels."""

EQUAL = 1 + 1e-9
"""Lengths that differ by less than this factor are the same."""
HULL = 10_000
"""Points that are gathered before they are reduced to their hull, and lines of voxels looked through before that: about 50 ms."""
FEW = 500
"""Points whose hull takes longer than all their distances."""
PAIRS = 10_000_000
"""Distances between two points computed between two reports of progress: about 20 ms."""


@dataclass(frozen=True, eq=False)
class Diameters:
    """Lengths in mm, and the ends in the same coordinates as the mask's voxels, in mm."""

    in_space: float
    space_ends: Points
    """(2, 3)."""
    in_plane: float
    plane_ends: Points
    """(2, 3)."""
    across: float
    """Longest chord of the hull, in the plane of `in_plane`, at right angles to it."""


def diameters(mask: NDArray[np.bool_], affine: NDArray[np.float64], axis: int = 0) -> Generator[Progress, None, Diameters]:
    """Measure a mask that is not empty.

    The longest in plane is the longest in any one plane of voxels, as RECIST 1.1 (Eisenhauer 2009) measures in axial slices; of
    equal ones, the one with the longest chord across.

    Parameters
    ----------
    mask
        Bool (z, y, x).
    affine
        4x4, from its voxel index (z, y, x) to patient mm.
    axis
        The planes hold the other two.
    """
    from .compiled_shape import plane_diameters

    order = [axis, *(i for i in range(3) if i != axis)]
    planes = np.ascontiguousarray(mask.transpose(order)).view(np.uint8)
    steps, origin = affine[:3, :3][:, order], affine[:3, 3]
    in_plane = np.ascontiguousarray(np.linalg.qr(steps[:, 1:], "r"))  # the steps in a plane, turned into two dimensions
    best, ends = np.array([-1.0, 0.0]), np.zeros((2, 3))
    depth, height = planes.shape[:2]
    reaching, kept, chunk = [], 0, max(1, HULL // height)
    points = np.empty((min(chunk, depth) * (8 * height + 8), 3))
    for z in range(0, depth, chunk):
        count = plane_diameters(planes, z, min(z + chunk, depth), in_plane, EQUAL, best, ends, points)
        reaching.append(points[:count].copy())
        if sum(map(len, reaching)) > 2 * kept + HULL:
            reaching = [_corners(np.concatenate(reaching))]
            kept = len(reaching[0])
        yield Progress(0.5 * z / depth)
    corners = np.concatenate(reaching)
    if len(corners) > FEW:
        corners = _corners(corners)  # in voxels, where hulls are exact whatever the spacing
    longest, space_ends = yield from _in_space(corners @ steps.T + origin)
    return Diameters(longest, space_ends, float(best[0]), ends @ steps.T + origin, float(best[1]))


def _corners(points: Points) -> Points:
    """Corners of the hull of points in space."""
    from scipy.spatial import ConvexHull

    corners: Points = points[ConvexHull(points).vertices]
    return corners


def _in_space(corners: Points) -> Generator[Progress, None, tuple[float, Points]]:
    """Greatest distance between two of many points, and its ends."""
    from .compiled_shape import longest_pair

    yield Progress(0.6)
    reach = np.linalg.norm(corners - (corners.min(axis=0) + corners.max(axis=0)) / 2, axis=1)
    order = np.argsort(-reach, kind="stable")
    corners, reach = corners[order], reach[order]
    best, ends, start = -1.0, np.zeros(2, np.int64), 0
    step = max(1, PAIRS // len(corners))
    while start < len(corners) and 2 * reach[start] > best:  # no two of the rest are further apart than both reach
        best = longest_pair(corners, reach, start, min(start + step, len(corners)), best, EQUAL, ends)
        yield Progress(0.6 + 0.4 * start / len(corners))
        start += step
    return best, corners[ends]
