"""Masks as polygons and back: a pixel is in a polygon where its centre is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

SNAP = 6
"""Decimals of a pixel beyond which a place is noise: files round their numbers."""


def outlines(mask: NDArray[np.bool_]) -> list[NDArray[np.float64]]:
    """Polygons whose inside holds exactly the centres of the pixels of a mask.

    Corners lie halfway between pixels that differ, so no centre is nearer to an outline than a third of a pixel. Pixels that
    touch at corners only are outlined apart. A hole is joined to the outline round it by a channel of no width, which runs
    between pixels (the keyhole of PS3.3, C.8.8.6.3): readers that add up polygons, and those that count even and odd, find the
    same.

    Parameters
    ----------
    mask
        Bool (y, x).

    Returns
    -------
    list of ndarray
        Each (n, 2), corners (y, x) in pixels, not closed by repeating the first.
    """
    from .compiled_contours import cracks, trace

    pixels = np.ascontiguousarray(mask, np.uint8)
    if not pixels.any():
        return []
    along, down = cracks(pixels)
    room = 2 * (along + down)
    points, corners = np.empty((room, 2), np.int64), np.empty((room, 2), np.int64)
    ends = np.empty(along, np.int64)
    made, count = trace(pixels, points, np.empty(room, np.int64), corners, ends)
    return np.split(corners[:made] / 2, ends[: count - 1])


def filled(polygons: Sequence[NDArray[np.float64]], shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Pixels whose centres lie in an odd number of polygons; of centres on an outline, those where the area begins.

    Parameters
    ----------
    polygons
        Each (n, 2), corners (y, x) in pixels, finite; may reach beyond the image.
    shape
        Of the image (y, x).

    Returns
    -------
    ndarray
        Bool, of that shape.
    """
    from .compiled_contours import fill

    mask = np.zeros(shape, np.uint8)
    if polygons:
        corners = np.round(np.concatenate(polygons), SNAP)
        fill(np.ascontiguousarray(corners), np.cumsum([len(polygon) for polygon in polygons]), mask)
    return mask.view(np.bool_)
