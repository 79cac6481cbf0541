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
"""Points that are gathered before they are reduced to their hull: about 50 ms."""
PAIRS = 1_000_000
"""Distances between two points computed between two reports of progress: about 50 ms."""


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
    planes = np.moveaxis(mask, axis, 0)
    across = [i for i in range(3) if i != axis]
    steps, origin = affine[:3, :3], affine[:3, 3]
    basis, in_plane = np.linalg.qr(steps[:, across])  # steps within a plane are basis @ in_plane
    best, ends, wide = -1.0, np.zeros((2, 3)), 0.0
    reaching, kept = [], 0
    for k, plane in enumerate(planes):
        rim, centres = _rim(plane)
        if not len(rim):
            continue
        flat = rim @ in_plane.T
        length, pairs = _longest(flat, best)
        position = (origin + k * steps[:, axis])[None]
        for first, second in pairs:
            chord = _across(flat, first, second)
            if length > best * EQUAL or chord > wide:
                best, wide = max(length, best), chord
                ends = position + flat[[first, second]] @ basis.T
        reaching += [_lifted(rim, k), _lifted(centres, k - 0.5), _lifted(centres, k + 0.5)]
        if sum(map(len, reaching)) > 2 * kept + HULL:
            reaching = [_corners(np.concatenate(reaching))]
            kept = len(reaching[0])
        yield Progress(0.5 * k / len(planes))
    corners = _corners(np.concatenate(reaching))  # in voxels, where hulls are exact whatever the spacing
    longest, space_ends = yield from _in_space(corners @ steps[:, [axis, *across]].T + origin)
    return Diameters(longest, space_ends, best, ends, wide)


def _rim(plane: NDArray[np.bool_]) -> tuple[Points, Points]:
    """Corners of the hull of a plane's pixels, each of which reaches half a step along both axes; and the corners' pixels."""
    from scipy.spatial import ConvexHull

    rows = np.flatnonzero(plane.any(axis=1))
    if not len(rows):
        return np.empty((0, 2)), np.empty((0, 2))
    filled = plane[rows]
    first, last = filled.argmax(axis=1), filled.shape[1] - 1 - filled[:, ::-1].argmax(axis=1)
    ends = np.concatenate((np.stack((rows, first), axis=1), np.stack((rows, last), axis=1))).astype(float)
    reach = np.array([(0.5, 0), (-0.5, 0), (0, 0.5), (0, -0.5)])
    points = (ends[:, None] + reach).reshape(-1, 2)
    corners = ConvexHull(points).vertices
    return points[corners], np.unique(ends[corners // len(reach)], axis=0)


def _longest(points: Points, least: float) -> tuple[float, NDArray[np.int64]]:
    """Greatest distance between two of a few points, and the pairs (n, 2) that have it; none if it is less than `least`."""
    if 2 * np.linalg.norm(points - points.mean(axis=0), axis=1).max() * EQUAL < least:
        return 0.0, np.empty((0, 2), np.int64)
    distances = np.linalg.norm(points[:, None] - points, axis=2)
    length = float(distances.max())
    if length * EQUAL < least:
        return length, np.empty((0, 2), np.int64)
    pairs = np.argwhere(distances * EQUAL >= length)
    return length, pairs[pairs[:, 0] < pairs[:, 1]]


def _across(corners: Points, first: int, second: int) -> float:
    """Longest chord of a convex polygon, whose corners are in order, at right angles to the line between two of them."""
    along = corners[second] - corners[first]
    along = along / np.linalg.norm(along)
    height = corners - corners[first]
    place, side = height @ along, height @ (-along[1], along[0])
    # The polygon lies between two chains from the one end to the other; the chord is longest at a corner of one of them.
    chains = []
    for start, stop in ((first, second), (second, first)):
        turned = np.roll(np.arange(len(corners)), -start)
        chain = turned[: (stop - start) % len(corners) + 1]
        order = chain if place[chain[0]] <= place[chain[-1]] else chain[::-1]
        chains.append(np.interp(place, place[order], side[order]))
    return float(np.abs(chains[0] - chains[1]).max())


def _lifted(points: Points, height: float) -> Points:
    """Points of a plane (n, 2) in space (n, 3)."""
    return np.insert(points, 0, height, axis=1)


def _corners(points: Points) -> Points:
    """Corners of the hull of points in space."""
    from scipy.spatial import ConvexHull

    corners: Points = points[ConvexHull(points).vertices]
    return corners


def _in_space(corners: Points) -> Generator[Progress, None, tuple[float, Points]]:
    """Greatest distance between two of many points, and its ends."""
    yield Progress(0.6)
    reach = np.linalg.norm(corners - (corners.min(axis=0) + corners.max(axis=0)) / 2, axis=1)
    order = np.argsort(-reach, kind="stable")
    corners, reach = corners[order], reach[order]
    best, ends, start = -1.0, corners[[0, 0]], 0
    step = max(1, PAIRS // len(corners))
    while start < len(corners) and 2 * reach[start] > best:  # no two of the rest are further apart than both reach
        some = corners[start : start + step]
        distances = np.linalg.norm(some[:, None] - corners[start:], axis=2)
        i, j = np.unravel_index(distances.argmax(), distances.shape)
        if distances[i, j] > best * EQUAL:
            best, ends = float(distances[i, j]), np.stack((some[i], corners[start + j]))
        yield Progress(0.6 + 0.4 * start / len(corners))
        start += step
    return best, ends
