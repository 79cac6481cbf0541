"""Editing labels in place: any operation, its result shown where somebody looks first, and every edit undoable."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

from napari_hounsfield.components import Box
from napari_hounsfield.errors import LabelError
from napari_hounsfield.operation import Operation, Params, Progress, finish, part
from napari_hounsfield.results import Segmentation
from napari_hounsfield.volume import LabelMap

from .area import EVERYWHERE, EditableArea
from .delta import Allows, Delta, delta_steps
from .history import History, Setting, Together
from .near import Near, Plane, fitting, inputs_of
from .tally import Tally


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
    area
        Where edits may write.
    looked_at
        Plane that is written first; None: in order.
    tally
        Voxels of each class, kept up with every edit once somebody has counted them.
    """

    edited = Signal(tuple)
    """The box (three slices) that has just been written."""
    changed = Signal(tuple)
    """The box in which voxels have changed, whoever wrote them: `edited`, or a brush that was recorded."""
    classes_changed = Signal(dict)
    """Names of the classes as they are now."""
    history_changed = Signal()

    def __init__(self, labels: LabelMap, history: History | None = None) -> None:
        if not labels.array.flags.writeable:
            raise LabelError(f"{labels.name or 'labels'}: the array is read-only, so it cannot be edited in place")
        self._labels = labels
        self._classes = dict(labels.classes)
        self.history = History() if history is None else history
        self.history.changed.connect(self.history_changed.emit)
        self.locked: frozenset[int] = frozenset()
        self.area: EditableArea = EVERYWHERE
        self.looked_at: Plane | None = None
        self.tally: Tally | None = None

    @property
    def labels(self) -> LabelMap:
        """The labels as they are now; the array is shared."""
        if self._labels.classes != self._classes:
            self._labels = self._labels.renamed(self._classes)
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
            result = yield from part(operation.steps(**inputs_of(operation, before, others), params=params), 0.1, 0.9)
            delta = yield from part(delta_steps(before.array, fitting(before, result), allows=allows), 0.9, 0.95)
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
        near = Near.of(self.labels, at, params, reach, others)
        old, new = near.before, (yield from near.steps(operation))
        if new is None:
            return old.copy()
        allowed = self.allows(at.box(self.array.shape), old, new)
        return new.copy() if allowed is None else np.where(allowed, new, old)

    def allows(self, at: Box, old: NDArray[Any], new: NDArray[Any] | int) -> NDArray[np.bool_] | None:
        """Which voxels of a box may change from old values to new ones, by locks and editable area; None: all."""
        image = None if self.area.image is None else self.area.image[at]
        return self.area.allows(old, new, image, self.locked)

    def record(self, title: str, delta: Delta) -> None:
        """Remember a change of the array that was made elsewhere, by a brush for one."""
        if self.tally is not None:
            self.tally.follow(delta, undo=False)
        self.changed.emit(delta.box)
        self.history.add(Edit(title, delta, self))

    def name_classes(self, classes: Mapping[int, str], title: str = "names of classes") -> None:
        """Give the label values other names, as an edit that can be undone."""
        before = self._classes
        self.set_classes(dict(sorted(classes.items())))
        if self._classes != before:
            self.history.add(Setting(title, self.set_classes, before, self._classes))

    def join(self, history: History) -> None:
        """Share the history of something larger from now on, which takes up what was done here so far."""
        if history is not self.history:
            self.history.changed.disconnect(self.history_changed.emit)
            for change in self.history.taken():
                history.add(change)
            self.history = history
            history.changed.connect(self.history_changed.emit)
            self.history_changed.emit()

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
            changes.append(Edit(title, delta, self))
        before = self._classes
        if classes != before:
            self.set_classes(classes)
            changes.append(Setting(title, self.set_classes, before, classes))
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
        self.changed.emit(delta.box)

    def set_classes(self, classes: Any) -> None:
        """Give the label values other names, without a trace in the history."""
        self._classes = classes
        self.classes_changed.emit(dict(classes))

    def _with_locks(self, params: Params) -> Params:
        """Tell an operation that knows of locks; what others change of locked classes is left out of what is written."""
        if not self.locked or "locked" not in type(params).model_fields:
            return params
        values = params.model_dump(exclude_unset=True)
        return params.model_validate({**values, "locked": sorted({*map(int, values.get("locked", ())), *self.locked})})

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
        near = Near.of(self.labels, at, params, reach, others)
        plane = None if near.whole else (yield from near.steps(operation))
        if plane is None:
            return None
        allowed = None if allows is None else allows(at.box(shape), near.before, plane)
        delta = Delta.between(near.before, plane if allowed is None else np.where(allowed, plane, near.before))
        return None if delta is None else delta.shifted(at.axis, at.index)

    def _show(self, delta: Delta, *, undo: bool = False) -> Box:
        """Write a small change at once; returns its box."""
        finish(delta.write(self.array, undo=undo))
        self.edited.emit(delta.box)
        self.changed.emit(delta.box)
        return delta.box
