"""Where labels are: for each value a voxel that shows it well, and the way there."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.editing.tally import counts_of
from napari_hounsfield.operation import Progress

from .bridge import millimetres
from .layers import KEY, Shown
from .placement import WORLD_OF_PATIENT
from .views.position import centre_with

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

    from napari_hounsfield.grid import Affine

Place = tuple[int, ...]
"""Index in a layer's array."""


def places_of(array: NDArray[Any]) -> Generator[Progress, None, Mapping[int, Place]]:
    """For each value but 0, its voxel nearest to the middle of the plane that holds most of it.

    Parameters
    ----------
    array
        Labels (z, y, x) or (y, x), as a layer shows them.
    """
    planes = np.asarray(array).reshape(-1, *array.shape[-2:])
    largest: dict[int, tuple[int, int]] = {}
    for z, plane in enumerate(planes):
        for value, count in zip(*counts_of(plane), strict=True):
            if value and count > largest.get(int(value), (0, 0))[0]:
                largest[int(value)] = int(count), z
        yield Progress((z + 1) / len(planes))
    found: dict[int, Place] = {}
    for value, (_, z) in largest.items():
        inside = np.argwhere(planes[z] == value)
        middle = inside[np.square(inside - inside.mean(axis=0)).sum(axis=1).argmin()]
        found[value] = (z, *map(int, middle))[-array.ndim :]
        yield Progress(1)
    return found


def world_of_patient(layer: Layer, point: Sequence[float]) -> tuple[float, ...]:
    """World coordinates of a point (L, P, S) in patient mm, where a layer is shown."""
    return tuple(float(v) for v in (_world(layer) @ [*point, 1.0])[:3] / _lengths(layer))


def patient_of(layer: Layer, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Patient mm (n, 3) of points (n, ndim) in a layer's data coordinates: along napari's axes a tilted series is not true."""
    used = min(layer.ndim, 3)
    world = np.zeros((len(points), 4))
    world[:, 3 - used : 3] = np.array([layer.data_to_world(point)[-used:] for point in points])
    world[:, :3] *= _lengths(layer)
    world[:, 3] = 1
    patient: NDArray[np.float64] = (world @ np.linalg.inv(_world(layer)).T)[:, :3]
    return patient


def _lengths(layer: Layer) -> NDArray[np.float64]:
    """Millimetres in the unit of each world axis (3), which napari leaves to the layer."""
    known = [millimetres(unit) for unit in layer.units[-3:]]
    return np.array([1.0] * (3 - len(known)) + known)


def _world(layer: Layer) -> Affine:
    how = layer.metadata.get(KEY)
    return how.placement.world if isinstance(how, Shown) else WORLD_OF_PATIENT


def go_to(viewer: ViewerModel, world: Sequence[float]) -> None:
    """Turn to the slice of a point, and bring it to the middle of the canvas unless it is in sight."""
    dims = viewer.dims
    first = dims.ndim - len(world)
    dims.set_point(range(first, dims.ndim), [float(v) for v in world])
    shown, camera = [dims.point[axis] for axis in dims.displayed], viewer.scene.camera
    if len(shown) == 2:
        size = [pixels / camera.zoom for pixels in viewer.canvas.viewbox_size(viewer.layers)]
        shown = [0.0, *centre_with(camera.center[-2:], shown, size)]
    camera.center = tuple(shown)


def bring_into_sight(viewer: ViewerModel, layer: Layer) -> None:
    """Turn to the middle of a layer where nothing of it is in sight: it has no voxel in the slice, or lies beside the canvas."""
    dims, camera, first = viewer.dims, viewer.scene.camera, viewer.dims.ndim - layer.ndim
    low, high = layer.extent.world
    outside = [
        axis for axis in dims.not_displayed if axis >= first and not low[axis - first] <= dims.point[axis] <= high[axis - first]
    ]
    beside = False
    if len(dims.displayed) == 2:
        size = viewer.canvas.viewbox_size(viewer.layers)
        for axis, centre, pixels in zip(dims.displayed, camera.center[-2:], size, strict=True):
            reach = pixels / camera.zoom / 2
            beside |= axis >= first and not (low[axis - first] < centre + reach and high[axis - first] > centre - reach)
    if outside or beside:
        middle = (low + high) / 2
        kept = [
            dims.point[first + axis] if first + axis not in (*outside, *dims.displayed) else v for axis, v in enumerate(middle)
        ]
        go_to(viewer, kept)
