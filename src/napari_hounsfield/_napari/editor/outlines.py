"""The outline of a shape that napari holds, as corners of a polygon."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.errors import ParameterError

CORNERS = 128
"""Of the polygon that stands for an ellipse: it lies within 0.03 % of the radius."""


def outline_of(kind: str, corners: NDArray[Any], name: str) -> NDArray[Any]:
    """Corners (n, dimensions) of what a shape encloses.

    Parameters
    ----------
    kind
        napari's name of the shape.
    corners
        Its data: of an ellipse, the four corners of the rectangle around it.
    name
        Of the layer, for the message.

    Raises
    ------
    ParameterError
        If the shape is open.
    """
    if kind == "ellipse":
        middle = corners.mean(axis=0)
        angles = np.linspace(0, 2 * np.pi, CORNERS, endpoint=False)[:, np.newaxis]
        around = np.cos(angles) * (corners[1] - corners[0]) / 2 + np.sin(angles) * (corners[3] - corners[0]) / 2
        return np.asarray(middle + around)
    if kind not in ("polygon", "rectangle"):
        raise ParameterError(f"{name}: a {kind} is open and encloses nothing; draw a polygon, a rectangle or an ellipse")
    return corners
