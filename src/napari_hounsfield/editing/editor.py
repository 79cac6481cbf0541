"""Editing labels in place: any operation, its result shown where somebody looks first, and every edit undoable."""

from __future__ import annotations

import math
import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

from napari_hounsfield.components import Box
from napari_hounsfield.errors import LabelError
from napari_hounsfield.grid import Grid
from napari_hounsfield.operation import Operation, Params, Progress, finish, part
from napari_hounsfield.volume import LabelMap, Segmentation, Volume

from .area import EVERYWHERE, EditableArea
from .delta import Allows, Delta, delta_steps
from .history import History, Setting, Together
from .params import EditParams
from .registry import cropped
from .tally import Tally

SOON = 0.2
"""Seconds that the plane that is looked at may take without a report, and so without a chance to be given up."""


@dataclass(frozen=True)
class Plane:
    """A plane of the array that somebody looks at."""

    axis: int
    """0 to 2 of (z, y, x)."""
    index: int


@dataclass(frozen=True)
class _Written:
    """A delta of the editor's array."""

    title: str
    delta: Delta
    editor: LabelEditor

    @property
    def nbytes(self) -> int:
        return self.delta.nbytes

    def write(self, *, undo: bool) -> Generator[Progress, None, None]:
        yield from self.editor._write(self.delta, undo=undo)


@dataclass(frozen=True)
class _Near:
    """What an edit looks at to know a plane: a slab of labels and other inputs around it, or all of them."""

    labels: LabelMap
    params: Params
    others: dict[str, Any]
    at: Plane
    start: int

    @property
    def cut(self) -> tuple[slice, ...]:
        """The plane, in the slab."""
        return _plane(self.at.axis, self.at.index - self.start)


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
    area
        Where edits may write.
    looked_at
        Plane that is written first; None: in order.
    tally
        Voxels of each class, kept up with every edit once somebody has counted them.
    """

    edited = Signal(tuple)
    """The box (three slices) that has just been written."""
    classes_changed = Signal()

    def __init__(self, labels: LabelMap, history: History | None = None) -> None:
        if not labels.array.flags.writeable:
            raise LabelError(f"{labels.name or 'labels'}: the array is read-only, so it cannot be edited in place")
        self._labels = labels
        self._classes = dict(labels.classes)
        self.history = History() if history is None else history
        self.locked: frozenset[int] = frozenset()
        self.area: EditableArea = EVERYWHERE
        self.looked_at: Plane | None = None
        self.tally: Tally | None = None

    @property
    def labels(self) -> LabelMap:
        """The labels as they are now; the array is shared."""
        if self._labels.classes != self._classes:
            self._labels = replace(self._labels, classes=self._classes)
        return self._labels

    @property
    def array(self) -> NDArray[Any]:
        """(z, y, x), the array that is edited."""
        return self._labels.array

    @property
    def classes(self) -> Mapping[int, str]:
        """Names of label values."""
        return self._classes

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
        self,
        operation: Operation[..., Any],
        params: Params | None = None,
        reach: float | None = None,
        title: str = "",
        everywhere: bool = False,
        **others: Any,
    ) -> Generator[Progress, None, Delta | None]:
        """Like `edit`, stepwise; closing it leaves the labels as they were.

        With `reach`, in mm, the result in a plane depends only on what lies so near to it: the plane that is looked at is then
        written before the others are computed, and its box reported as the result of a Progress. `title` is what the history
        says. `everywhere` leaves locks and editable area out of account, for edits of the classes themselves.
        """
        params = self._with_locks(operation.params_type() if params is None else params)
        allows = None if everywhere else self.allows
        shown = yield from part(self._preview(operation, params, reach, others, allows), 0, 0.1)
        before, given_up = self.labels, True
        try:
            if shown is not None:
                yield Progress(0.1, operation.name, self._show(shown))
                before = replace(before, array=before.array.copy())  # which takes a while, so not before it is seen
                finish(shown.write(before.array, undo=True))
            result = yield from part(operation.steps(**_inputs(operation, before, others), params=params), 0.1, 0.9)
            delta = yield from part(delta_steps(before.array, _fitting(before, result), allows=allows), 0.9, 0.95)
            given_up = False
        finally:
            if shown is not None and given_up:
                self._show(shown, undo=True)
        classes = dict((result.labels if isinstance(result, Segmentation) else result).classes)
        yield from part(self._commit(title or operation.name, delta, classes), 0.95, 1)
        return delta

    def plane_steps(
        self, operation: Operation[..., Any], params: Params | None = None, reach: float | None = None, **others: Any
    ) -> Generator[Progress, None, NDArray[Any]]:
        """What an operation would make of the plane that is looked at, as an array with one plane; nothing is written."""
        params = self._with_locks(operation.params_type() if params is None else params)
        at = self.looked_at or Plane(0, 0)
        near = self._near(at, params, reach, others)
        old = near.labels.array[near.cut]
        new = yield from self._plane_of(near, operation)
        if new is None:
            return old.copy()
        allowed = self.allows(_box(_plane(at.axis, at.index), self.array.shape), old, new)
        return new.copy() if allowed is None else np.where(allowed, new, old)

    def allows(self, at: Box, old: NDArray[Any], new: NDArray[Any] | int) -> NDArray[np.bool_] | None:
        """Which voxels of a box may change from old values to new ones, by locks and editable area; None: all."""
        image = None if self.area.image is None else self.area.image[at]
        return self.area.allows(old, new, image, self.locked)

    def record(self, title: str, delta: Delta) -> None:
        """Remember a change of the array that was made elsewhere, by a brush for one."""
        if self.tally is not None:
            self.tally.follow(delta, undo=False)
        self.history.add(_Written(title, delta, self))

    def name_classes(self, classes: Mapping[int, str], title: str = "names of classes") -> None:
        """Give the label values other names, as an edit that can be undone."""
        before = self._classes
        self._set_classes(dict(sorted(classes.items())))
        if self._classes != before:
            self.history.add(Setting(title, self._set_classes, before, self._classes))

    def undo(self) -> None:
        """Take the newest edit back."""
        finish(self.history.undo())

    def redo(self) -> None:
        """Do again what was taken back last."""
        finish(self.history.redo())

    def _commit(self, title: str, delta: Delta | None, classes: dict[int, str]) -> Generator[Progress, None, None]:
        changes: list[Any] = []
        if delta is not None:
            yield from self._write_whole(delta)
            changes.append(_Written(title, delta, self))
        before = self._classes
        if classes != before:
            self._set_classes(classes)
            changes.append(Setting(title, self._set_classes, before, classes))
        if changes:
            self.history.add(changes[0] if len(changes) == 1 else Together(title, tuple(changes)))

    def _write_whole(self, delta: Delta) -> Generator[Progress, None, None]:
        """Write a new edit; closed halfway, it takes back what it has written."""
        whole = False
        try:
            yield from self._write(delta, undo=False)
            whole = True
        finally:
            if not whole:
                self._show(delta, undo=True)

    def _write(self, delta: Delta, *, undo: bool) -> Generator[Progress, None, None]:
        """Write a delta, the plane that is looked at first, and tell it twice: when that is done, and when all is."""
        at = self.looked_at
        first = at.index if at is not None and at.axis == 0 else None
        for progress in delta.write(self.array, undo=undo, first=first):
            if first is not None:
                self.edited.emit(delta.box)
                progress = replace(progress, result=delta.box)
                first = None
            yield progress
        if self.tally is not None:
            self.tally.follow(delta, undo=undo)
        self.edited.emit(delta.box)

    def _set_classes(self, classes: Any) -> None:
        self._classes = classes
        self.classes_changed.emit()

    def _with_locks(self, params: Params) -> Params:
        """Tell an operation that knows of locks; what others change of locked classes is left out of what is written."""
        if not self.locked or "locked" not in type(params).model_fields:
            return params
        locked = {int(value) for value in params.locked} | self.locked  # type: ignore[attr-defined]
        return params.model_copy(update={"locked": tuple(sorted(locked))})

    def _near(self, at: Plane, params: Params, reach: float | None, others: Mapping[str, Any]) -> _Near:
        """What the result in a plane depends on, cut where that saves something."""
        grid = self.labels.grid
        count = grid.shape[at.axis]
        margin = count if reach is None else math.ceil(reach / grid.spacing[at.axis] * (1 + 1e-6)) + 1
        start, stop = max(0, at.index - margin), min(count, at.index + margin + 1)
        if 2 * (stop - start) > count:
            return _Near(self.labels, params, dict(others), at, 0)
        planes = slice(start, stop)
        cut = {name: cropped(data, at.axis, planes) if _sliced(data, grid) else data for name, data in others.items()}
        if isinstance(params, EditParams):
            z, y, x = (start if axis == at.axis else 0 for axis in range(3))
            params = params.moved((z, y, x), grid)
        return _Near(cropped(self.labels, at.axis, planes), params, cut, at, start)

    def _plane_of(self, near: _Near, operation: Operation[..., Any]) -> Generator[Progress, None, NDArray[Any] | None]:
        """Result in the plane that is looked at; None where nothing can be done there, such as to a class that is not there."""
        try:
            result = yield from _quiet(operation.steps(**_inputs(operation, near.labels, near.others), params=near.params))
        except LabelError:
            if near.labels.array.shape == self.array.shape:
                raise
            return None
        plane: NDArray[Any] = _fitting(near.labels, result)[near.cut]
        return plane

    def _preview(
        self,
        operation: Operation[..., Any],
        params: Params,
        reach: float | None,
        others: Mapping[str, Any],
        allows: Allows | None,
    ) -> Generator[Progress, None, Delta | None]:
        """Change of the plane that is looked at, from a slab around it; None where that saves nothing."""
        at, shape = self.looked_at, self.array.shape
        if at is None or not 0 <= at.index < shape[at.axis]:
            return None
        near = self._near(at, params, reach, others)
        plane = None if near.labels.array.shape == shape else (yield from self._plane_of(near, operation))
        if plane is None:
            return None
        old, whole = near.labels.array[near.cut], _box(_plane(at.axis, at.index), shape)
        allowed = None if allows is None else allows(whole, old, plane)
        delta = Delta.between(old, plane if allowed is None else np.where(allowed, plane, old))
        return None if delta is None else delta.shifted(at.axis, at.index)

    def _show(self, delta: Delta, *, undo: bool = False) -> Box:
        """Write a small change at once; returns its box."""
        finish(delta.write(self.array, undo=undo))
        self.edited.emit(delta.box)
        return delta.box


def _quiet(steps: Generator[Progress, None, Any]) -> Generator[Progress, None, Any]:
    """Report nothing of what is done soon: whoever draws each report would only keep the plane that is looked at waiting."""
    start = time.monotonic()
    while True:
        try:
            progress = next(steps)
        except StopIteration as stop:
            return stop.value
        if time.monotonic() - start > SOON:
            yield progress


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


def _plane(axis: int, index: int) -> tuple[slice, ...]:
    """One plane along an axis."""
    return (*(slice(None),) * axis, slice(index, index + 1))


def _box(cut: tuple[slice, ...], shape: tuple[int, ...]) -> Box:
    """The box that a cut takes out of an array."""
    z, y, x = (slice(*side.indices(n)[:2]) for side, n in zip((*cut, slice(None), slice(None))[:3], shape, strict=True))
    return z, y, x
