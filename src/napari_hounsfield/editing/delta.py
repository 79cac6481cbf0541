"""What an edit of an array changed, kept small, so that it can be undone and redone."""

from __future__ import annotations

import zlib
from collections.abc import Generator, Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.components import Box
from napari_hounsfield.operation import Progress, finish

LEVEL = 1
"""Of zlib: what changed is mostly long runs, which every level packs well."""


@dataclass(frozen=True, slots=True)
class _Plane:
    """Changed voxels of one plane of the box: a packed mask, and the values there before and after, all compressed."""

    mask: bytes
    before: bytes
    after: bytes


@dataclass(frozen=True, eq=False)
class Delta:
    """Changed voxels of an array (z, y, x), with their values before and after.

    Only changed voxels are ever written, so that applying it twice does no harm, and edits elsewhere stay.

    Attributes
    ----------
    box
        Smallest range of planes, within the rows and columns that were compared, that holds every change.
    dtype
        Type of the values.
    planes
        One a plane of the box, None where nothing changed.
    """

    box: Box
    dtype: np.dtype[Any]
    planes: tuple[_Plane | None, ...]

    @staticmethod
    def between(before: NDArray[Any], after: NDArray[Any], within: Box | None = None) -> Delta | None:
        """Difference of two arrays of one shape and type, or None where they are equal.

        Parameters
        ----------
        before, after
            (z, y, x).
        within
            Box outside which they are known to be equal; None: they are compared everywhere.
        """
        return finish(delta_steps(before, after, within))

    @property
    def nbytes(self) -> int:
        """Bytes that it takes."""
        return sum(len(p.mask) + len(p.before) + len(p.after) for p in self.planes if p is not None)

    @property
    def voxels(self) -> int:
        """Changed voxels."""
        shape = tuple(side.stop - side.start for side in self.box[1:])
        return sum(int(_mask(plane, shape).sum()) for plane in self.planes if plane is not None)

    def write(self, array: NDArray[Any], *, undo: bool, first: int | None = None) -> Generator[Progress, None, None]:
        """Write the values from before (`undo`) or after into `array`, plane by plane, in place.

        Parameters
        ----------
        array
            (z, y, x), of the shape that was compared.
        undo
            Whether the values from before are written.
        first
            Plane of the array that is written before all others, because somebody looks at it.
        """
        start, rows, columns = self.box[0].start, self.box[1], self.box[2]
        shape = (rows.stop - rows.start, columns.stop - columns.start)
        for done, z in enumerate(self._order(first)):
            plane = self.planes[z - start]
            if plane is not None:
                values = np.frombuffer(zlib.decompress(plane.before if undo else plane.after), self.dtype)
                array[z, rows, columns][_mask(plane, shape)] = values if len(values) > 1 else values[0]
            yield Progress((done + 1) / len(self.planes))

    def shifted(self, axis: int, by: int) -> Delta:
        """The same change of an array that begins `by` planes earlier along an axis."""
        sides = list(self.box)
        sides[axis] = slice(sides[axis].start + by, sides[axis].stop + by)
        return replace(self, box=(sides[0], sides[1], sides[2]))

    def _order(self, first: int | None) -> Iterable[int]:
        planes = range(self.box[0].start, self.box[0].stop)
        return planes if first is None or first not in planes else [first, *(z for z in planes if z != first)]


def delta_steps(before: NDArray[Any], after: NDArray[Any], within: Box | None = None) -> Generator[Progress, None, Delta | None]:
    """`Delta.between`, stepwise."""
    if before.shape != after.shape or before.dtype != after.dtype or before.ndim != 3:
        raise ValueError(f"{before.dtype} {before.shape} against {after.dtype} {after.shape}: one shape (z, y, x) and type")
    z, y, x = within or tuple(slice(0, n) for n in before.shape)
    planes: list[_Plane | None] = []
    for at in range(z.start, z.stop):
        old, new = before[at, y, x], after[at, y, x]
        changed = old != new
        planes.append(_packed(old, new, changed) if changed.any() else None)
        yield Progress((at + 1 - z.start) / (z.stop - z.start))
    some = [i for i, plane in enumerate(planes) if plane is not None]
    if not some:
        return None
    box = (slice(z.start + some[0], z.start + some[-1] + 1), y, x)
    return Delta(box, before.dtype, tuple(planes[some[0] : some[-1] + 1]))


def _packed(old: NDArray[Any], new: NDArray[Any], changed: NDArray[np.bool_]) -> _Plane:
    return _Plane(zlib.compress(np.packbits(changed).tobytes(), LEVEL), _values(old[changed]), _values(new[changed]))


def _values(values: NDArray[Any]) -> bytes:
    """Values of the changed voxels; one for all where they are equal."""
    kept = values[:1] if (values == values[0]).all() else values
    return zlib.compress(kept.tobytes(), LEVEL)


def _mask(plane: _Plane, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    packed = np.frombuffer(zlib.decompress(plane.mask), np.uint8)
    return np.unpackbits(packed, count=shape[0] * shape[1]).view(bool).reshape(shape)
