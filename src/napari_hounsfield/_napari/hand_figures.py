"""What shapes that are drawn by hand measure: lengths and areas in mm, and the image under them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .layers import KEY, Shown
from .places import patient_of

if TYPE_CHECKING:
    from napari.layers import Image, Layer

Points = NDArray[np.float64]
LINES = ("line", "path")
FEWEST = 1e-6
"""Voxels; corners that differ by less lie in one plane."""


def figures_of(kind: str, vertices: Points, shapes: Layer, image: Image | None) -> dict[str, Any]:
    """Figures of one shape.

    Parameters
    ----------
    kind
        napari's name of it: `line`, `path`, `rectangle`, `ellipse` or `polygon`.
    vertices
        (n, ndim) in the data coordinates of `shapes`.
    shapes
        The layer that they are in.
    image
        Read in the slice that the shape lies in; None: geometry alone.

    Returns
    -------
    dict
        `length_mm` of a line; of others `area_mm2`, and `mean`, `sd` (divided by n), `min`, `max` and `voxels` of those whose
        centres lie inside and were scanned.
    """
    patient = patient_of(shapes, vertices)
    if kind in LINES:
        return {"length_mm": float(np.linalg.norm(np.diff(patient, axis=0), axis=1).sum())}
    figures: dict[str, Any] = {"area_mm2": _area(kind, patient)}
    if image is None:
        return figures
    values = under(kind, np.array([_index(image, shapes, v) for v in vertices]), image)
    figures["voxels"] = int(values.size)
    if values.size:
        values = values.astype(np.float64)
        figures |= {
            "mean": float(values.mean()),
            "sd": float(values.std()),
            "min": float(values.min()),
            "max": float(values.max()),
        }
    return figures


def _index(image: Layer, shapes: Layer, vertex: Points) -> Points:
    return np.array(image.world_to_data(shapes.data_to_world(vertex)), dtype=float)


def _area(kind: str, corners: Points) -> float:
    """Of a flat polygon in space; of an ellipse by the corners of the rectangle around it."""
    around = corners - corners[0]
    area = float(np.linalg.norm(np.cross(around, np.roll(around, -1, axis=0)).sum(axis=0)) / 2)
    return area * np.pi / 4 if kind == "ellipse" else area


def under(kind: str, corners: Points, image: Image) -> NDArray[Any]:
    """Values (n,) of the voxels of one plane whose centres lie in a shape, without those outside the scanned field."""
    data = image.data[0] if image.multiscale else image.data
    if image.rgb or corners.shape[1] != data.ndim:
        return np.empty(0)
    across = [axis for axis in range(data.ndim) if np.ptp(corners[:, axis]) > FEWEST]
    if len(across) != 2:
        return np.empty(0)
    at = tuple(slice(None) if axis in across else round(float(corners[0, axis])) for axis in range(data.ndim))
    if any(isinstance(i, int) and not 0 <= i < n for i, n in zip(at, data.shape, strict=True)):
        return np.empty(0)
    plane = np.asarray(data[at])
    inside = (
        inside_ellipse(corners[:, across], plane.shape) if kind == "ellipse" else inside_polygon(corners[:, across], plane.shape)
    )
    how = image.metadata.get(KEY)
    valid = getattr(how.template, "valid", None) if isinstance(how, Shown) else None
    if isinstance(how, Shown) and valid is not None:
        inside &= how.placement.shown(valid)[at[-3:]]
    values = plane[inside]
    return values[np.isfinite(values)] if values.dtype.kind == "f" else values


def inside_polygon(corners: Points, shape: Sequence[int]) -> NDArray[np.bool_]:
    """Pixels whose centres lie in a polygon (even-odd rule), row by row."""
    mask = np.zeros(shape, bool)
    y0, x0 = corners.T
    y1, x1 = np.roll(corners, -1, axis=0).T
    first, last = max(0, int(np.ceil(y0.min()))), min(shape[0] - 1, int(np.floor(y0.max())))
    for row in range(first, last + 1):
        cut = (y0 <= row) != (y1 <= row)
        crossings = np.sort(x0[cut] + (row - y0[cut]) / (y1[cut] - y0[cut]) * (x1[cut] - x0[cut]))
        for start, stop in zip(crossings[::2], crossings[1::2], strict=True):
            mask[row, max(0, int(np.ceil(start))) : max(0, int(np.floor(stop)) + 1)] = True
    return mask


def inside_ellipse(corners: Points, shape: Sequence[int]) -> NDArray[np.bool_]:
    """Pixels whose centres lie in the ellipse that touches the sides of a rectangle with these four corners."""
    middle = corners.mean(axis=0)
    axes = np.column_stack([(corners[1] - corners[0]) / 2, (corners[3] - corners[0]) / 2])
    y, x = np.ogrid[: shape[0], : shape[1]]
    back = np.linalg.inv(axes)
    u = back[0, 0] * (y - middle[0]) + back[0, 1] * (x - middle[1])
    v = back[1, 0] * (y - middle[0]) + back[1, 1] * (x - middle[1])
    inside: NDArray[np.bool_] = u * u + v * v <= 1
    return inside
