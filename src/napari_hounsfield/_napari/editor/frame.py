"""Where voxels of a displayed array are in the stored one, and back; both are views of the same memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield._napari.bridge import placement_of
from napari_hounsfield.components import Box
from napari_hounsfield.editing.near import Plane

if TYPE_CHECKING:
    from napari.components import Dims
    from napari.layers import Layer

Slices = tuple[slice, ...]
"""One a displayed axis."""


@dataclass(frozen=True)
class Frame:
    """Order and direction of the axes of a displayed array of 2 or 3 dimensions.

    Attributes
    ----------
    shape
        Of the displayed array.
    axes
        For each displayed axis, the last three, the stored one that runs along it.
    flips
        Displayed axes that run against the stored ones.
    """

    shape: tuple[int, ...]
    axes: tuple[int, int, int] = (0, 1, 2)
    flips: tuple[int, ...] = ()

    def stored(self, array: NDArray[Any]) -> NDArray[Any]:
        """View (z, y, x) of a displayed array or a part of one."""
        solid = array[np.newaxis] if array.ndim == 2 else array
        return np.flip(solid, self.flips).transpose([int(axis) for axis in np.argsort(self.axes)])

    def shown(self, array: NDArray[Any]) -> NDArray[Any]:
        """View of a stored array in the order it is displayed in."""
        solid = np.flip(array.transpose(self.axes), self.flips)
        return solid[0] if len(self.shape) == 2 else solid

    def stored_box(self, slices: Slices) -> Box:
        """The box (z, y, x) of a displayed one."""
        sides = self._flipped(((slice(0, 1), *slices))[-3:])
        z, y, x = (sides[self.axes.index(axis)] for axis in range(3))
        return z, y, x

    def shown_box(self, box: Box) -> Slices:
        """The displayed box of a stored one."""
        return self._flipped(tuple(box[axis] for axis in self.axes))[-len(self.shape) :]

    def stored_plane(self, axis: int, index: int) -> Plane:
        """The plane of the stored array that is seen at an index of a displayed axis."""
        cut: list[slice] = [slice(None)] * len(self.shape)
        cut[axis] = slice(index, index + 1)
        along = self.axes[axis + 3 - len(self.shape)]
        return Plane(along, self.stored_box(tuple(cut))[along].start)

    def turned(self, axis: int, index: int) -> int:
        """Index along a stored axis of a plane that is displayed at `index`, and the other way round."""
        along = self.axes.index(axis)
        return (1, *self.shape)[-3:][along] - 1 - index if along in self.flips else index

    def shown_index(self, voxel: tuple[int, int, int]) -> tuple[int, ...]:
        """Displayed index of a voxel (z, y, x)."""
        z, y, x = (slice(v, v + 1) for v in voxel)
        return tuple(side.start for side in self.shown_box((z, y, x)))

    def stored_points(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Points (n, z y x) of the stored array, not always whole, of displayed ones (n, dimensions)."""
        solid = np.column_stack([np.zeros((len(points), 3 - points.shape[1])), points])
        for axis in self.flips:
            solid[:, axis] = (1, *self.shape)[-3:][axis] - 1 - solid[:, axis]
        return solid[:, [self.axes.index(axis) for axis in range(3)]]

    def _flipped(self, sides: Slices) -> Slices:
        lengths = ((1, *self.shape))[-3:]
        return tuple(
            slice(n - side.indices(n)[1], n - side.indices(n)[0]) if axis in self.flips else slice(*side.indices(n)[:2])
            for axis, (side, n) in enumerate(zip(sides, lengths, strict=True))
        )


def frame_of(layer: Layer) -> Frame:
    """Frame of a layer's array: by its placement, or as it is."""
    how = placement_of(layer)
    shape = tuple(int(n) for n in layer.data.shape)
    return Frame(shape) if how is None else Frame(shape, how.axes, how.flips)


def plane_shown(dims: Dims, layer: Layer, frame: Frame) -> Plane | None:
    """The plane of a layer's stored array that `dims` show; None in 3D."""
    if dims.ndisplay != 2 or dims.ndim < layer.ndim:
        return None
    if layer.ndim == 2:
        return Plane(0, 0)
    ahead = dims.ndim - layer.ndim
    hidden = [axis - ahead for axis in dims.not_displayed if axis >= ahead]
    if len(hidden) != 1:
        return None
    point = layer.world_to_data(dims.point[ahead:])
    index = int(np.clip(np.round(point[hidden[0]]), 0, layer.data.shape[hidden[0]] - 1))
    return frame.stored_plane(hidden[0], index)
