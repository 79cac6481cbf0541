"""What an edit of an array changed, kept small, so that it can be undone and redone."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.components import Box
from napari_hounsfield.operation import Progress, finish

LEVEL = 1
"""Of zlib: what changed is mostly long runs, which every level packs well."""


Allows = Callable[[Box, NDArray[Any], NDArray[Any]], "NDArray[np.bool_] | None"]
"""Which voxels of a box may change from old values to new ones; None: all."""


@dataclass(frozen=True, slots=True)
class _Plane:
    """Changed voxels of one plane of the box: a packed mask, and the values there before and after, all compressed."""

    mask: bytes
    before: bytes
    after: bytes
    moved: tuple[tuple[int, int, int], ...]
    """Value before, value after, and how many voxels."""


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
        return sum(voxels for *_, voxels in self.moves())

    def moves(self) -> Iterator[tuple[int, int, int, int]]:
        """Plane of the array, value before, value after, and how many of its voxels changed so."""
        for z, plane in enumerate(self.planes, start=self.box[0].start):
            for before, after, voxels in () if plane is None else plane.moved:
                yield z, before, after, voxels

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


def delta_steps(
    before: NDArray[Any], after: NDArray[Any], within: Box | None = None, allows: Allows | None = None
) -> Generator[Progress, None, Delta | None]:
    """`Delta.between`, stepwise; `allows` leaves out what may not change."""
    if before.shape != after.shape or before.dtype != after.dtype or before.ndim != 3:
        raise ValueError(f"{before.dtype} {before.shape} against {after.dtype} {after.shape}: one shape (z, y, x) and type")
    z, y, x = within or tuple(slice(0, n) for n in before.shape)
    planes: list[_Plane | None] = []
    for at in range(z.start, z.stop):
        old, new = before[at, y, x], after[at, y, x]
        changed = old != new
        if allows is not None and changed.any():
            allowed = allows((slice(at, at + 1), y, x), old[np.newaxis], new[np.newaxis])
            changed = changed if allowed is None else changed & allowed[0]
        planes.append(_packed(old, new, changed) if changed.any() else None)
        yield Progress((at + 1 - z.start) / (z.stop - z.start))
    some = [i for i, plane in enumerate(planes) if plane is not None]
    if not some:
        return None
    box = (slice(z.start + some[0], z.start + some[-1] + 1), y, x)
    return Delta(box, before.dtype, tuple(planes[some[0] : some[-1] + 1]))


def _packed(old: NDArray[Any], new: NDArray[Any], changed: NDArray[np.bool_]) -> _Plane:
    before, after = old[changed], new[changed]
    moved = _moved(before, after)
    mask = zlib.compress(np.packbits(changed).tobytes(), LEVEL)
    return _Plane(
        mask, _compressed(before, len({o for o, _, _ in moved})), _compressed(after, len({n for _, n, _ in moved})), moved
    )


def _compressed(values: NDArray[Any], different: int) -> bytes:
    """Values of the changed voxels; one for all where they are equal."""
    return zlib.compress((values[:1] if different == 1 else values).tobytes(), LEVEL)


def _moved(before: NDArray[Any], after: NDArray[Any]) -> tuple[tuple[int, int, int], ...]:
    """Pairs of values and how often they occur; for large planes most have one pair, and sorting would be slow."""
    if (before == before[0]).all() and (after == after[0]).all():
        return ((int(before[0]), int(after[0]), len(before)),)
    if before.dtype.itemsize == 1:
        counts = np.bincount(before.astype(np.intp) * 256 + after, minlength=256 * 256)
        return tuple((int(pair) // 256, int(pair) % 256, int(counts[pair])) for pair in np.flatnonzero(counts))
    olds, which_old = np.unique(before, return_inverse=True)
    news, which_new = np.unique(after, return_inverse=True)
    pairs, voxels = np.unique(which_old * len(news) + which_new, return_counts=True)
    return tuple(
        (int(olds[pair // len(news)]), int(news[pair % len(news)]), int(n)) for pair, n in zip(pairs, voxels, strict=True)
    )


def _mask(plane: _Plane, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    packed = np.frombuffer(zlib.decompress(plane.mask), np.uint8)
    return np.unpackbits(packed, count=shape[0] * shape[1]).view(bool).reshape(shape)
