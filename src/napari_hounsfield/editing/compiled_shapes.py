"""Pictures of shapes in a plane, compiled when this module is imported (from a cache after the first time)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.compiling import compiled

Floats = NDArray[np.float32]
FAR = 1e30
"""Square of a distance to nothing."""


@compiled("void(u1[:, ::1], f8, f8, f4[:, ::1])")
def outline_distance(mask: NDArray[np.uint8], height: float, width: float, found: Floats) -> None:
    """Distance of each pixel centre to the outline, positive inside; the outline is halfway between pixels that differ.

    Along y, the nearest points are found by two sweeps, on the pixels' columns and halfway between them; along x, by the lower
    envelope of parabolas (Felzenszwalb and Huttenlocher 2012).

    Parameters
    ----------
    mask
        0 and 1 (y, x).
    height, width
        Of a pixel.
    found
        (y, x), written to.
    """
    rows, columns = mask.shape
    many = 2 * columns - 1
    squares = np.full((rows, many), FAR)
    for half in range(many):
        x = half // 2
        last = -FAR
        for turn in range(2):
            last = -FAR
            for i in range(rows):
                y = i if turn == 0 else rows - 1 - i
                if half % 2:
                    if mask[y, x] != mask[y, x + 1]:
                        last = y
                else:
                    before = y - 1 if turn == 0 else y + 1
                    if 0 <= before < rows and mask[y, x] != mask[before, x]:
                        last = 0.5 * (y + before)
                if last > -FAR:
                    squares[y, half] = min(squares[y, half], ((y - last) * height) ** 2)
    step = 0.5 * width
    places = np.empty(many, np.int64)
    borders = np.empty(many + 1, np.float64)
    for y in range(rows):
        count = 0
        for q in range(many):
            if squares[y, q] >= FAR:
                continue
            border = -FAR
            while count > 0:
                p = places[count - 1]
                rise = (squares[y, q] - squares[y, p]) / (step * step)
                border = (rise + q * q - p * p) / (2.0 * (q - p))
                if border > borders[count - 1]:
                    break
                count -= 1
            places[count] = q
            borders[count] = border if count > 0 else -FAR
            count += 1
        k = 0
        for x in range(columns):
            while k + 1 < count and borders[k + 1] < 2 * x:
                k += 1
            square = squares[y, places[k]] + (step * (2 * x - places[k])) ** 2 if count else FAR
            distance = np.float32(np.sqrt(square))
            found[y, x] = distance if mask[y, x] else -distance


@compiled("f8(f4[:, ::1], f8, f8)", inline="always")
def _between_pixels(picture: Floats, y: float, x: float) -> float:
    """The value of a picture at a place, linear between pixels; beyond its edge the nearest pixel's."""
    height, width = picture.shape
    y, x = min(max(y, 0.0), height - 1.0), min(max(x, 0.0), width - 1.0)
    i, j = min(int(y), max(height - 2, 0)), min(int(x), max(width - 2, 0))
    k, m = min(i + 1, height - 1), min(j + 1, width - 1)
    v, u = y - i, x - j
    upper = (1 - u) * picture[i, j] + u * picture[i, m]
    lower = (1 - u) * picture[k, j] + u * picture[k, m]
    return float((1 - v) * upper + v * lower)


@compiled("void(f4[:, ::1], f4[:, ::1], f8, f8, f8, f8, f4[:, ::1])")
def blend(first: Floats, second: Floats, move_y: float, move_x: float, share: float, scale: float, levels: Floats) -> None:
    """Raise `levels` to a mean of two pictures (y, x), each moved (linearly between pixels) to where `share` of the way leads.

    The mean is multiplied by `scale`.
    """
    height, width = levels.shape
    for y in range(height):
        ay, by = y - share * move_y, y + (1 - share) * move_y
        for x in range(width):
            ax, bx = x - share * move_x, x + (1 - share) * move_x
            level = scale * ((1 - share) * _between_pixels(first, ay, ax) + share * _between_pixels(second, by, bx))
            if level > levels[y, x]:
                levels[y, x] = level
