"""Editing labels in place: any operation, its result shown where somebody looks first, and every edit undoable."""

from __future__ import annotations

import math
from collections.abc import Generator, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

from napari_hounsfield.components import Box
from napari_hounsfield.errors import LabelError
from napari_hounsfield.grid import Grid
from napari_hounsfield.operation import Operation, Params, Progress, finish, part
from napari_hounsfield.volume import LabelMap, Segmentation, Volume

from .delta import Delta, delta_steps
from .history import History, Setting, Together

D = TypeVar("D", Volume, LabelMap)


@dataclass(frozen=True)
class Plane:
    """A plane of the array that somebody looks at."""

    axis: int
    """0 to 2 of (z, y, x)."""
    index: int


@dataclass(frozen=True)
class Edit:
    """A change of an editor's array, to be written, undone and done again."""

    title: str
    delta: Delta
    editor: LabelEditor

    @property
    def nbytes(self) -> int:
        """Bytes that remembering it takes."""
        return self.delta.nbytes

    def write(self, *, undo: bool) -> Generator[Progress, None, None]:
        """Write the labels from before (`undo`) or after it."""
        yield from self.editor._write(self.delta, undo=undo)


class LabelEditor:
    """Edits the array of a label map in place, and remembers how to take every edit back.

    Parameters
    ----------
    labels
        Its array is written to, so a viewer that shows it sees every edit.
    history
        What was done; None: one of its own.

    Attributes
    ----------
    locked
        Label values that no edit gives to a voxel or takes from one.
    looked_at
        Plane that is written first; None: in order.
    """

    edited = Signal(tuple)
    """The box (three slices) that has just been written."""
    classes_changed = Signal()

    def __init__(self, labels: LabelMap, history: History | None = None) -> None:
        if not labels.array.flags.writeable:
            raise LabelError(f"{labels.name or 'labels'}: the array is read-only, so it cannot be edited in place")
        self._labels = labels
        self.history = History() if history is None else history
        self.locked: frozenset[int] = frozenset()
        self.looked_at: Plane | None = None

    @property
    def labels(self) -> LabelMap:
        """The labels as they are now; the array is shared."""
        return self._labels

    def edit(self, operation: Operation[..., Any], params: Params | None = None, **others: Any) -> Delta | None:
        """Run an operation on the labels and write its result into them.

        Parameters
        ----------
        operation
            One that takes a LabelMap and gives one on the same grid.
        params
            Its parameters.
        **others
            Its other inputs by name.

        Returns
        -------
        Delta or None
            What changed; None where nothing did.

        Raises
        ------
        LabelError
            If the result holds values that the array's type cannot, or the operation has no input for labels.
        """
        return finish(self.steps(operation, params, **others))

    def steps(
        self, operation: Operation[..., Any], params: Params | None = None, reach: float | None = None, **others: Any
    ) -> Generator[Progress, None, Delta | None]:
        """Like `edit`, stepwise; closing it leaves the labels as they were.

        With `reach`, in mm, the result in a plane depends only on what lies so near to it: the plane that is looked at is then
        written before the others are computed, and its box reported as the result of a Progress.
        """
        params = self._with_locks(params or operation.params_type())
        shown = yield from part(self._preview(operation, params, reach, others), 0, 0.1)
        before, given_up = self._labels, True
        try:
            if shown is not None:
                before = replace(before, array=before.array.copy())
                yield Progress(0.1, operation.name, self._show(shown))
            result = yield from part(operation.steps(**_inputs(operation, before, others), params=params), 0.1, 0.9)
            delta = yield from part(delta_steps(before.array, _fitting(before, result)), 0.9, 0.95)
            given_up = False
        finally:
            if shown is not None and given_up:
                self._show(shown, undo=True)
        classes = dict((result.labels if isinstance(result, Segmentation) else result).classes)
        yield from part(self._commit(operation.name, delta, classes), 0.95, 1)
        return delta

    def record(self, title: str, delta: Delta) -> None:
        """Remember a change of the array that was made elsewhere, by a brush for one."""
        self.history.add(Edit(title, delta, self))

    def name_classes(self, classes: Mapping[int, str], title: str = "names of classes") -> None:
        """Give the label values other names, as an edit that can be undone."""
        before = dict(self._labels.classes)
        self.set_classes(dict(classes))
        if self._labels.classes != before:
            self.history.add(Setting(title, self.set_classes, before, dict(self._labels.classes)))

    def undo(self) -> None:
        """Take the newest edit back."""
        finish(self.history.undo())

    def redo(self) -> None:
        """Do again what was taken back last."""
        finish(self.history.redo())

    def _commit(self, title: str, delta: Delta | None, classes: dict[int, str]) -> Generator[Progress, None, None]:
        changes: list[Any] = []
        if delta is not None:
            yield from self._write(delta, undo=False)
            changes.append(Edit(title, delta, self))
        before = dict(self._labels.classes)
        if classes != before:
            self.set_classes(classes)
            changes.append(Setting(title, self.set_classes, before, classes))
        if changes:
            self.history.add(changes[0] if len(changes) == 1 else Together(title, tuple(changes)))

    def _write(self, delta: Delta, *, undo: bool) -> Generator[Progress, None, None]:
        """Write a delta, the plane that is looked at first, and tell it twice: when that is done, and when all is."""
        at = self.looked_at
        first = at.index if at is not None and at.axis == 0 else None
        for progress in delta.write(self._labels.array, undo=undo, first=first):
            if first is not None:
                self.edited.emit(delta.box)
                first = None
            yield progress
        self.edited.emit(delta.box)

    def set_classes(self, classes: Any) -> None:
        """Give the label values other names, without a trace in the history."""
        self._labels = replace(self._labels, classes=classes)
        self.classes_changed.emit()

    def _with_locks(self, params: Params) -> Params:
        if not self.locked:
            return params
        if "locked" not in type(params).model_fields:
            raise LabelError("classes are locked, and this operation does not know of locks")
        values = params.model_dump(exclude_unset=True)
        return params.model_validate({**values, "locked": sorted({*map(int, values.get("locked", ())), *self.locked})})

    def _preview(
        self, operation: Operation[..., Any], params: Params, reach: float | None, others: Mapping[str, Any]
    ) -> Generator[Progress, None, Delta | None]:
        """Change of the plane that is looked at, from a slab around it; None where that saves nothing."""
        at, grid = self.looked_at, self._labels.grid
        if at is None or reach is None or not 0 <= at.index < grid.shape[at.axis]:
            return None
        margin = math.ceil(reach / grid.spacing[at.axis]) + 1
        start, stop = max(0, at.index - margin), min(grid.shape[at.axis], at.index + margin + 1)
        if 2 * (stop - start) > grid.shape[at.axis]:
            return None
        labels = _slab(self._labels, at.axis, start, stop)
        near = {name: _slab(data, at.axis, start, stop) if _sliced(data, grid) else data for name, data in others.items()}
        result = yield from operation.steps(**_inputs(operation, labels, near), params=params)
        sides = [slice(0, n) for n in labels.array.shape]
        sides[at.axis] = slice(at.index - start, at.index - start + 1)
        delta = Delta.between(labels.array, _fitting(labels, result), (sides[0], sides[1], sides[2]))
        return None if delta is None else delta.shifted(at.axis, start)

    def _show(self, delta: Delta, *, undo: bool = False) -> Box:
        """Write a small change at once; returns its box."""
        finish(delta.write(self._labels.array, undo=undo))
        self.edited.emit(delta.box)
        return delta.box


def _fitting(before: LabelMap, result: LabelMap | Segmentation) -> NDArray[Any]:
    """The result's array in the type of the edited one."""
    after = (result.labels if isinstance(result, Segmentation) else result).array
    kind = before.array.dtype
    if after.dtype != kind and after.size and after.max() > np.iinfo(kind).max:
        raise LabelError(f"{before.name or 'labels'}: value {after.max()} does not fit into {kind}")
    return after.astype(kind, copy=False)


def _inputs(operation: Operation[..., Any], labels: LabelMap, others: Mapping[str, Any]) -> dict[str, Any]:
    """Inputs by name; the edited labels take the first place for labels that is left."""
    for place in operation.inputs:
        if place.name not in others and LabelMap in place.kinds:
            return {**others, place.name: labels}
    raise LabelError(f"{operation.name} takes no labels")


def _sliced(data: Any, grid: Grid) -> bool:
    """Whether something lies voxel on voxel with the labels, so that a slab of it can be cut."""
    return isinstance(data, Volume | LabelMap) and data.grid.shape == grid.shape and np.allclose(data.affine, grid.affine)


def _slab(data: D, axis: int, start: int, stop: int) -> D:
    """Planes `start` to `stop` along an axis, at their place in the patient."""
    cut: tuple[slice, ...] = (*(slice(None),) * axis, slice(start, stop))
    affine = data.affine.copy()
    affine[:3, 3] += start * affine[:3, axis]
    if isinstance(data, LabelMap):
        return replace(data, array=data.array[cut], affine=affine)
    ahead: tuple[slice, ...] = (slice(None),) * data.axes.index("z")
    return replace(data, array=data.array[(*ahead, *cut)], affine=affine, valid=None if data.valid is None else data.valid[cut])
