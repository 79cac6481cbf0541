"""The position that all views share: which of them a move concerns, and what stays in sight."""

from __future__ import annotations

from collections.abc import Sequence

Point = tuple[float, ...]

MARGIN = 0.02
"""Part of the canvas at its edges in which a position counts as out of sight."""


def cut_elsewhere(before: Sequence[float], after: Sequence[float], not_displayed: Sequence[int]) -> bool:
    """Whether a view has to be sliced anew when the position moves; else only its cross-hair moves."""
    return any(before[axis] != after[axis] for axis in not_displayed)


def fitted(point: Sequence[float], ndim: int, before: Sequence[float]) -> Point:
    """A position for a viewer of `ndim` axes: the last axes are shared, those that `point` lacks stay."""
    missing = max(0, ndim - len(point))
    return (*before[:missing], *point[len(point) - (ndim - missing) :])


def snapped(point: Sequence[float], ranges: Sequence[Sequence[float]]) -> Point:
    """The nearest position that the sliders have, which is the centre of a voxel; `ranges` are (start, stop, step) an axis."""
    return tuple(
        start + step * round((min(max(value, start), stop) - start) / step)
        for value, (start, stop, step) in zip(point, ranges, strict=True)
    )


def merged(point: Sequence[float], of_view: Sequence[float], axes: Sequence[int]) -> Point:
    """Shared position after one view was moved along `axes`, counted in that view."""
    new, shift = list(point), len(point) - len(of_view)
    for axis in axes:
        if axis + shift >= 0:
            new[axis + shift] = of_view[axis]
    return tuple(new)


def zoomed_centre(centre: Sequence[float], point: Sequence[float], factor: float) -> Point:
    """Centre of a view after zooming by `factor`, such that `point` stays where it is on the canvas."""
    return tuple(p + (c - p) / factor for c, p in zip(centre, point, strict=True))


def centre_with(centre: Sequence[float], point: Sequence[float], size: Sequence[float]) -> Point:
    """Centre of a view of `size` (mm, vertical and horizontal) that has `point` in sight: as it is, or the point itself."""
    inside = all(abs(p - c) <= extent * (0.5 - MARGIN) for c, p, extent in zip(centre, point, size, strict=True))
    return tuple(centre if inside else point)
