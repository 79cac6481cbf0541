"""Arrays on the disk that are read slice by slice, for what does not fit into memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

AT_ONCE = 1 << 28
"""Bytes that are read together at the most, while planes are gone through."""


class LazyArray:
    """An array that reads what is asked for: `array[z]`, `array[10:20, :, 5]`, `numpy.asarray(array)`.

    Operations that work plane by plane take it as it is; others load it. `volume.loaded()` loads it in a script.

    Parameters
    ----------
    read
        Gives the array of a tuple of one whole number or slice (of step 1) an axis; whole numbers drop their axis.
    shape, dtype
        Of the whole array.
    depth
        Planes along the first axis that are quickest read together.
    levels
        The same image in fewer voxels, the finest first, for showing it.
    """

    def __init__(
        self,
        read: Callable[[tuple[Any, ...]], NDArray[Any]],
        shape: tuple[int, ...],
        dtype: DTypeLike,
        depth: int = 1,
        levels: tuple[LazyArray, ...] = (),
    ) -> None:
        self._read = read
        self.shape = tuple(int(n) for n in shape)
        self.dtype = np.dtype(dtype)
        self.depth = max(1, depth)
        self.levels = levels

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of elements."""
        return int(np.prod(self.shape, dtype=object))

    @property
    def nbytes(self) -> int:
        """Bytes that it takes in memory."""
        return self.size * self.dtype.itemsize

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, index: Any) -> NDArray[Any]:
        index = index if isinstance(index, tuple) else (index,)
        at = next((place for place, i in enumerate(index) if i is Ellipsis), None)
        if at is not None:
            index = (*index[:at], *[slice(None)] * (self.ndim - len(index) + 1), *index[at + 1 :])
        index = (*index, *[slice(None)] * (self.ndim - len(index)))
        if len(index) != self.ndim or not all(isinstance(i, int | np.integer | slice) for i in index):
            raise IndexError("an array on the disk is read by whole numbers and slices; load it for more: numpy.asarray(array)")
        near, then = zip(*(_bounds(i, n) for i, n in zip(index, self.shape, strict=True)), strict=True)
        found: NDArray[Any] = self._read(near)[tuple(step for step in then if step is not None)]
        return found

    def __iter__(self) -> Iterator[NDArray[Any]]:
        plane = max(1, self.nbytes // max(1, len(self)))
        depth = min(self.depth, max(1, AT_ONCE // plane))
        for start in range(0, len(self), depth):
            yield from self[start : start + depth]

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        whole = self[...]
        return whole if dtype is None else whole.astype(dtype, copy=False)

    def astype(self, dtype: DTypeLike) -> LazyArray:
        """The same numbers as another type, converted as they are read."""
        return self.map(lambda part: part.astype(dtype), dtype)

    def map(self, function: Callable[[NDArray[Any]], NDArray[Any]], dtype: DTypeLike) -> LazyArray:
        """What a function of every single element makes of it, as it is read."""
        levels = tuple(level.map(function, dtype) for level in self.levels)
        return LazyArray(lambda index: function(self._read(index)), self.shape, dtype, self.depth, levels)

    def min(self) -> Any:
        """The least element, in one pass over the disk."""
        return min(plane.min() for plane in self)

    def max(self) -> Any:
        """The largest element, in one pass over the disk."""
        return max(plane.max() for plane in self)

    def any(self) -> bool:
        """Whether one is not 0; reads up to the first."""
        return any(plane.any() for plane in self)

    def all(self) -> bool:
        """Whether none is 0; reads up to the first."""
        return all(plane.all() for plane in self)

    def __repr__(self) -> str:
        return f"LazyArray(shape={self.shape}, dtype={self.dtype})"


def _bounds(index: Any, size: int) -> tuple[Any, Any]:
    """What of an axis to read, and what to take of that; None where the axis is gone."""
    if isinstance(index, slice):
        start, stop, step = index.indices(size)
        if step > 0:
            return slice(start, max(start, stop)), slice(None, None, step)
        chosen = range(start, stop, step)
        return (slice(chosen[-1], chosen[0] + 1), slice(None, None, step)) if len(chosen) else (slice(0, 0), slice(None))
    place = int(index)
    if not -size <= place < size:
        raise IndexError(f"index {place} is out of bounds for an axis of {size}")
    return place % size, None
