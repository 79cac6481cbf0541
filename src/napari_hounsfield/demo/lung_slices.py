"""Slices of a generated patient's right lung: the phantom's anatomy, in every patient and slice of another shape."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from . import anatomy
from .phantom import LUNG, SOFT
from .shapes import Canvas, Field, smooth_random

MIDDLE = (-86.0, -2.0)
"""Middle (L, P) of the field in mm."""
MARGIN = 24.0
"""Painted around the field on every side in mm, for slices to be turned and bent."""
COARSE = (6.0, 5.0, 5.0)
"""Grid in mm on which the lung is known as a whole, for its vessels."""
TIPS = 500
"""Ends of its vessel tree."""


def lung_slices(
    levels: Sequence[float], field: float, matrix: int, random: np.random.Generator
) -> Iterator[tuple[NDArray[np.float32], NDArray[np.bool_]]]:
    """Slices (y, x) in HU at levels (S) in mm, without blur or noise, and where the lung is in them; of one patient.

    Parameters
    ----------
    field
        Extent in mm, around the middle of the right lung.
    matrix
        Rows and columns.
    """
    pixel = field / matrix
    canvas = _canvas(levels, field, pixel)
    lungs = _paint_chest(canvas, random)
    for values, lung in zip(canvas.values, lungs, strict=True):
        image, inside = _bent(np.stack([values, lung]), pixel, matrix, random)
        yield image.astype(np.float32), inside > 0.5


def _canvas(levels: Sequence[float], field: float, pixel: float) -> Canvas:
    """The field and its margin at the levels."""
    size = round((field + 2 * MARGIN) / pixel)
    canvas = Canvas((len(levels), size, size), (20.0, pixel, pixel))
    canvas.z = np.asarray(levels, np.float32)[:, None, None]
    canvas.x = canvas.x + np.float32(MIDDLE[0])
    canvas.y = canvas.y + np.float32(MIDDLE[1])
    return canvas


def _paint_chest(canvas: Canvas, random: np.random.Generator) -> NDArray[np.bool_]:
    """Paint a healthy chest; returns where its lung is, vessels among it."""
    anatomy.paint_body(canvas)
    lungs = anatomy.paint_lungs(canvas, random)
    canvas.values[lungs] += (14.0 * smooth_random(canvas.shape, canvas.spacing, 45.0, random))[lungs]
    anatomy.paint_mediastinum(canvas)
    anatomy.paint_skeleton(canvas)
    lungs &= canvas.labels == LUNG
    hilum = np.add(anatomy.HILA[0], random.normal(0, 5, 3)).tolist()
    spots = _spots(random)
    for start, stop, radii in anatomy.vessel_tree(spots[random.choice(len(spots), TIPS, replace=False)], hilum):
        depth, window = canvas.tube(start, stop, radii)
        if depth.size:
            canvas.paint(np.where(lungs[window], depth, np.float32(-9.0)), 42.0, SOFT, window)
    return lungs


def _spots(random: np.random.Generator) -> NDArray[np.float64]:
    """Points (n, 3) all over the lung, (L, P, S) in mm."""
    coarse = Canvas((48, 50, 70), COARSE)
    anatomy.paint_body(coarse)
    lungs = anatomy.paint_lungs(coarse, random)
    places = np.argwhere(lungs)[:, ::-1] + random.uniform(-0.5, 0.5, (int(lungs.sum()), 3))
    spots = places * np.array(COARSE[::-1]) + [float(axis.flat[0]) for axis in (coarse.x, coarse.y, coarse.z)]
    right: NDArray[np.float64] = spots[spots[:, 0] < 0]
    return right


def _bent(images: Field, pixel: float, matrix: int, random: np.random.Generator) -> Field:
    """The middle of images (n, y, x), turned, scaled, moved and bent alike, as no others are."""
    from scipy.ndimage import map_coordinates

    rows, columns = (np.indices((matrix, matrix)) - (matrix - 1) / 2) * pixel
    angle, scale, shift = np.deg2rad(random.normal(0, 3.0)), 1 + random.normal(0, 0.04, 2), random.normal(0, 3.0, 2)
    bend = [3.0 * smooth_random((1, matrix, matrix), (1.0, pixel, pixel), 55.0, random)[0] for _ in range(2)]
    y = scale[0] * (np.cos(angle) * rows - np.sin(angle) * columns) + shift[0] + bend[0]
    x = scale[1] * (np.sin(angle) * rows + np.cos(angle) * columns) + shift[1] + bend[1]
    middle = (images.shape[1] - 1) / 2
    places = [y / pixel + middle, x / pixel + middle]
    bent: Field = np.stack([map_coordinates(image.astype(np.float32), places, order=1, mode="nearest") for image in images])
    return bent
