"""Shapes between two slices, by their signed distances (Raya and Udupa 1990), part by part and moving with their centres.

Not the distance s itself changes linearly, but s (2 r - s), where r is the radius of the largest disc within the shape: for a
disc, that is the square of its radius less that of the distance to its centre. So what ends does so round, like organs, and the
slices of a ball come back nearly exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
Heights = NDArray[np.float32]
NEAR = 1.5
"""Two parts that do not overlap are one that moved if the gap between them is less than this many of their diameters."""


@dataclass(frozen=True, eq=False)
class Between:
    """What becomes of one part, or several that meet, from one slice to the next."""

    first: Heights
    """s (2 r - s) in mm² (y, x) in the first slice: positive inside."""
    second: Heights
    move: tuple[float, float]
    """How far (y, x) in pixels the centre moves."""
    radii: tuple[float, float]
    """Of the largest discs within the shapes, in mm."""

    def add_to(self, levels: Heights, share: float) -> None:
        """Raise `levels` (y, x) to about the signed distance in mm at a share of the way."""
        from .compiled_shapes import blend

        scale = 0.5 / ((1 - share) * self.radii[0] + share * self.radii[1])
        blend(self.first, self.second, self.move[0], self.move[1], share, scale, levels)


def between(first: Mask, second: Mask, spacing: Sequence[float]) -> list[Between]:
    """Match the parts of a shape in two slices (y, x).

    Parts that overlap are matched, and the nearest of the others if they are near. What has no counterpart shrinks to nothing
    halfway.

    Parameters
    ----------
    first, second
        The shape in both slices, none of them empty, with room around it.
    spacing
        Pixel size (y, x) in mm.
    """
    from scipy.ndimage import label

    (ours, many), (theirs, more) = (label(mask) for mask in (first, second))
    found = []
    for a, b in _groups(ours, theirs, many, more, spacing):
        masks = [
            mask if len(some) == count else np.isin(parts, some)
            for mask, parts, some, count in ((first, ours, a, many), (second, theirs, b, more))
        ]
        if a and b:
            centres = [np.argwhere(mask).mean(axis=0) for mask in masks]
            y, x = (float(step) for step in centres[1] - centres[0])
            (ours_high, ours_wide), (theirs_high, theirs_wide) = (_heights(mask, spacing) for mask in masks)
            found.append(Between(ours_high, theirs_high, (y, x), (ours_wide, theirs_wide)))
        else:
            high, wide = _heights(masks[0] if a else masks[1], spacing)
            nothing = np.full_like(high, -high.max())
            found.append(Between(high, nothing, (0, 0), (wide, wide)) if a else Between(nothing, high, (0, 0), (wide, wide)))
    return found


def signed_distance(mask: Mask, spacing: Sequence[float]) -> Heights:
    """Distance in mm of each pixel of a mask (y, x), neither empty nor full, to the outline between pixels; positive inside."""
    from .compiled_shapes import outline_distance

    found = np.empty(mask.shape, np.float32)
    outline_distance(np.ascontiguousarray(mask).view(np.uint8), float(spacing[0]), float(spacing[1]), found)
    return found


def _heights(mask: Mask, spacing: Sequence[float]) -> tuple[Heights, float]:
    """S (2 r - s) of the signed distance s, and the radius r of the largest disc."""
    distance = signed_distance(mask, spacing)
    radius = float(distance.max())
    return distance * (2 * radius - distance), radius


def _groups(
    ours: NDArray[np.int32], theirs: NDArray[np.int32], many: int, more: int, spacing: Sequence[float]
) -> list[tuple[list[int], list[int]]]:
    """Parts of both slices that belong together, by their numbers."""
    groups: list[tuple[set[int], set[int]]] = [({n}, set()) for n in range(1, many + 1)]
    groups += [(set(), {n}) for n in range(1, more + 1)]
    both = (ours > 0) & (theirs > 0)
    codes = np.bincount(ours[both].astype(np.int64) * (more + 1) + theirs[both])
    for code in np.flatnonzero(codes).tolist():
        groups = _joined(groups, *divmod(code, more + 1))
    for a, b in _moved(groups, ours, theirs, spacing):
        groups = _joined(groups, a, b)
    return [(sorted(a), sorted(b)) for a, b in groups]


def _joined(groups: list[tuple[set[int], set[int]]], a: int, b: int) -> list[tuple[set[int], set[int]]]:
    meeting = [group for group in groups if a in group[0] or b in group[1]]
    joined = (set().union(*(g[0] for g in meeting)), set().union(*(g[1] for g in meeting)))
    return [group for group in groups if group not in meeting] + [joined]


def _moved(
    groups: list[tuple[set[int], set[int]]], ours: NDArray[np.int32], theirs: NDArray[np.int32], spacing: Sequence[float]
) -> list[tuple[int, int]]:
    """Pairs of parts without overlap that are taken for one that moved, the nearest first."""
    alone = [n for a, b in groups if not b for n in a], [n for a, b in groups if not a for n in b]
    described = [
        {n: _place_and_size(parts == n, spacing) for n in numbers} for parts, numbers in zip((ours, theirs), alone, strict=True)
    ]
    near = []
    for a, (here, small) in described[0].items():
        for b, (there, large) in described[1].items():
            apart = float(np.linalg.norm(there - here))
            if apart - (small + large) / 2 <= NEAR * (small + large) / 2:
                near.append((apart, a, b))
    pairs: list[tuple[int, int]] = []
    for _, a, b in sorted(near):
        if all(a != p and b != q for p, q in pairs):
            pairs.append((a, b))
    return pairs


def _place_and_size(mask: Mask, spacing: Sequence[float]) -> tuple[NDArray[np.float64], float]:
    """Centre in mm, and the diameter of a disc of the same area."""
    return np.argwhere(mask).mean(axis=0) * spacing, 2 * float(np.sqrt(mask.sum() * spacing[0] * spacing[1] / np.pi))
