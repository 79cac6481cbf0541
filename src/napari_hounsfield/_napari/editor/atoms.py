"""What napari's own tools changed, told by its `paint` event, as a delta that can be kept."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.editing.delta import Delta

from .frame import Frame, Slices


def delta_of(atoms: Iterable[Any], array: NDArray[Any], frame: Frame) -> Delta | None:
    """Delta in the stored order of the changes of one stroke; None where nothing changed.

    napari tells some changes before it writes them and others after, so that values come from the atoms alone.

    Parameters
    ----------
    atoms
        Of one step of napari's history: boxes with a mask, or indices, each with the values before and after.
    array
        As the layer shows it.
    """
    changes = [_Change.of(atom) for atom in atoms]
    if not changes:
        return None
    box = tuple(
        slice(min(side.start for side in sides), max(side.stop for side in sides))
        for sides in zip(*(change.box for change in changes), strict=True)
    )
    before = array[box].copy()
    for change in reversed(changes):
        change.write(before, box, change.before)
    after = before.copy()
    for change in changes:
        change.write(after, box, change.after)
    delta = Delta.between(frame.stored(before), frame.stored(after))
    if delta is None:
        return None
    for axis, side in enumerate(frame.stored_box(box)):
        delta = delta.shifted(axis, side.start)
    return delta


class _Change:
    """Voxels of an array that got other values: `at`, within `box`."""

    def __init__(self, box: Slices, at: Any, before: Any, after: Any) -> None:
        self.box, self._at, self.before, self.after = box, at, before, after

    @staticmethod
    def of(atom: Any) -> _Change:
        if hasattr(atom, "slice_key"):
            mask = ... if atom.mask is None else atom.mask
            return _Change(tuple(atom.slice_key), mask, atom.old_values, atom.new_value)
        indices, before, after = atom
        arrays = [np.asarray(index) for index in indices]
        box = tuple(slice(int(index.min()), int(index.max()) + 1) for index in arrays)
        at = tuple(index - side.start for index, side in zip(arrays, box, strict=True))
        return _Change(box, at, before, after)

    def write(self, region: NDArray[Any], outer: Slices, values: Any) -> None:
        """Write into a region that begins at `outer`."""
        inner = tuple(
            slice(side.start - begin.start, side.stop - begin.start) for side, begin in zip(self.box, outer, strict=True)
        )
        region[inner][self._at] = values
