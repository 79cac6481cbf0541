"""A labels layer that is edited: its history, its voxel counts, what may be changed."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from threading import current_thread, main_thread
from typing import TYPE_CHECKING, Any
from weakref import WeakSet, ref

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

from napari_hounsfield._napari.bridge import labels_in_place
from napari_hounsfield._napari.notices import complain, reported, tell
from napari_hounsfield._napari.table import class_names
from napari_hounsfield._napari.worker import Job, Steps
from napari_hounsfield.components import Box
from napari_hounsfield.editing.editor import LabelEditor
from napari_hounsfield.editing.near import Plane
from napari_hounsfield.editing.tally import Tally, tally_steps
from napari_hounsfield.errors import HounsfieldError
from napari_hounsfield.operation import Progress

from . import guard, keys
from .atoms import delta_of
from .features import write_classes, write_volumes
from .frame import Frame, Slices, frame_of, plane_shown
from .masking import Masking
from .running import AT_ONCE, Runner

if TYPE_CHECKING:
    from napari.components import Dims, ViewerModel
    from napari.layers import Labels

TITLES = {"paint": "paint", "erase": "erase", "fill": "fill", "polygon": "polygon"}
"""What a tool's stroke is called, by napari's mode."""


class LayerEditing:
    """Edits of one layer.

    Held by the layer, and holds neither it nor the viewer. `register.editing_of` makes it.

    Attributes
    ----------
    editor
        The core's editor of the layer's own memory.
    frame
        How the layer's axes stand to the editor's.
    hidden
        Colours (RGBA) that classes had before they were hidden.
    docks
        Those that show the layer.
    """

    changed = Signal()
    """Anything that is shown of it: classes, volumes, history, whether something runs. In the main thread."""
    progressed = Signal(Progress)
    """How far what runs is."""
    gave_up = Signal()
    """The layer has an array now that cannot be edited."""

    def __init__(self, viewer: ViewerModel, layer: Labels) -> None:
        self._layer = ref(layer)
        self.viewer = ref(viewer)
        self.runner = Runner(self._layer, self.changed.emit, self._on_progress, self._on_settled)
        self._counting: Job | None = None
        self._question: Job | None = None
        self._told = -1
        self._stepping = False
        self._pressed: deque[Callable[[LabelEditor], Steps]] = deque()
        self.hidden: dict[int, NDArray[np.float32]] = {}
        self.docks: WeakSet[Any] = WeakSet()
        self._take(layer, frozenset())
        layer.events.paint.connect(self._on_paint)
        layer.events.data.connect(self._on_data)
        layer.events.features.connect(self._on_features)
        viewer.layers.events.removed.connect(self._on_removed)
        guard.install(layer, self.allowed, self.undo, self.redo)
        keys.bind(layer)

    @property
    def layer(self) -> Labels:
        """The layer.

        Raises
        ------
        HounsfieldError
            If it is gone.
        """
        layer = self._layer()
        if layer is None:
            raise HounsfieldError("the labels layer is gone")
        return layer

    @property
    def exists(self) -> bool:
        """Whether the layer is still there."""
        return self._layer() is not None

    @property
    def busy(self) -> bool:
        """Whether an edit is being computed."""
        return self.runner.busy

    # Edits

    def run(
        self, steps: Callable[[LabelEditor], Steps], done: Callable[[Any], None] = lambda _: None, at_once: float = AT_ONCE
    ) -> None:
        """Run steps of the editor: at once where they are short, else beside the interface.

        Raises
        ------
        HounsfieldError
            If another edit is still being computed.
        """
        self.editor.looked_at = self.looked_at()
        if self._counting is not None:
            self._counting.cancel()  # begun again when all is settled
            self._counting = None
        self.runner.run(steps(self.editor), done, at_once)

    def look_up(self, steps: Steps, found: Callable[[Any], None]) -> None:
        """Run steps that change nothing; the newest question alone is answered."""
        if self._question is not None:
            self._question.cancel()
        self._question = Job(steps, found, complain)

    def undo(self) -> None:
        """Take the newest edit back, whatever plane is shown; pressed while another step is taken back, after that."""
        self._step(lambda editor: editor.history.undo())

    def redo(self) -> None:
        """Do again what was taken back last."""
        self._step(lambda editor: editor.history.redo())

    def _step(self, steps: Callable[[LabelEditor], Steps]) -> None:
        """Take a step in the history, after those that are being taken."""
        if self._stepping:
            self._pressed.append(steps)
        else:
            self._stepping = not self.busy
            self.run(steps)

    def cancel(self) -> None:
        """Give up what runs."""
        self.runner.cancel()
        self._pressed.clear()
        for job in (self._counting, self._question):
            if job is not None:
                job.cancel()
        self._counting = self._question = None

    def allowed(self, at: Slices, old: Any, new: Any) -> Any:
        """Which voxels of a part of the layer's array may change; None: all. `at` may be indices, too."""
        if self.busy:
            return np.zeros(np.shape(old), bool)
        image = self.editor.area.image
        values = None if image is None else self.frame.shown(image)[at]
        allowed = self.editor.area.allows(old, new, values, self.editor.locked)
        if isinstance(new, int | np.integer) and int(new) in self.editor.locked and int(new) != self._told:
            self._told = int(new)
            tell(f"{self.name_of(int(new))} is locked: nothing is painted with it")
        return allowed

    def set_masking(self, masking: Masking) -> None:
        """Limit painting and operations.

        Raises
        ------
        GridError
            If the image of the limits does not lie voxel on voxel with the labels.
        """
        self.editor.area = masking.area(self.layer, self.frame)
        self.masking = masking
        self.changed.emit()

    def set_locked(self, locked: frozenset[int]) -> None:
        """Lock these classes and no others."""
        self.editor.locked = locked
        self._told = -1
        self.changed.emit()

    def name_of(self, value: int) -> str:
        """Name of a class."""
        return self.editor.classes.get(value, f"label {value}" if value else "background")

    def looked_at(self, dims: Dims | None = None) -> Plane | None:
        """The plane that the viewer shows, or a view of the same world with other `dims`; None in 3D."""
        viewer, layer = self.viewer(), self._layer()
        return None if viewer is None or layer is None else plane_shown(dims or viewer.dims, layer, self.frame)

    def leave(self) -> None:
        """Leave the layer as napari made it."""
        self.cancel()
        layer = self._layer()
        if layer is None:
            return
        guard.remove(layer)
        keys.unbind(layer)
        layer.events.paint.disconnect(self._on_paint)
        layer.events.data.disconnect(self._on_data)
        layer.events.features.disconnect(self._on_features)

    # What napari tells

    def _take(self, layer: Labels, locked: frozenset[int]) -> None:
        """Begin anew with the layer's array."""
        self.editor = LabelEditor(labels_in_place(layer))
        self.editor.locked = locked
        self.masking = Masking()
        self.frame: Frame = frame_of(layer)
        self.editor.edited.connect(self._on_edited)
        self.editor.history_changed.connect(self._on_change)
        self.editor.classes_changed.connect(self._on_classes)
        self._forget_naparis(layer)
        self.count()

    def _on_paint(self, event: Any) -> None:
        if not event.value:
            return  # told by ourselves
        layer = self.layer
        delta = delta_of(event.value, layer.data, self.frame)
        self._forget_naparis(layer)
        if delta is None:
            return
        values = {after for _, _, after, _ in delta.moves()}
        title = TITLES.get(str(layer.mode), "edit")
        if title != "erase" and len(values) == 1:
            title = f"{title} {self.name_of(values.pop())}"
        self.editor.record(title, delta)
        if self._counting is not None:
            self.count()

    def _on_data(self, event: Any = None) -> None:
        """Another array, or the same one written to from elsewhere."""
        layer = self.layer
        if isinstance(layer.data, np.ndarray) and _same(self.frame.stored(layer.data), self.editor.array):
            self.count()
            return
        self.cancel()
        with reported():
            try:
                self._take(layer, self.editor.locked)
            except HounsfieldError:
                self.gave_up.emit()
                raise
        self.changed.emit()

    def _on_features(self, event: Any = None) -> None:
        """Names that were edited elsewhere, in napari's own table for one."""
        names = class_names(self.layer.features)
        if not self.busy and any(self.editor.classes.get(value) != name for value, name in names.items()):
            self.editor.name_classes({**self.editor.classes, **names})

    def _on_removed(self, event: Any) -> None:
        if event.value is self._layer():
            self.cancel()
        elif self.masking.image is not None and event.value is self.masking.image:
            self.set_masking(Masking(self.masking.over))
            tell(f"{event.value.name} is gone: {self.layer.name} is no longer limited to a range of its values")

    @staticmethod
    def _forget_naparis(layer: Labels) -> None:
        """Let go of napari's own history, which holds what ours holds, in more memory."""
        layer._undo_history.clear()
        layer._redo_history.clear()

    # What the editor tells

    def _on_edited(self, box: Box) -> None:
        if current_thread() is main_thread():  # else it comes as progress
            self.refresh(box)

    def _on_progress(self, progress: Progress) -> None:
        if isinstance(progress.result, tuple):
            self.refresh(progress.result)
        self.progressed.emit(progress)

    def _on_change(self) -> None:
        if current_thread() is main_thread() and not self.busy:
            self._write_volumes()
            self.changed.emit()

    def _write_volumes(self) -> None:
        layer, tally = self._layer(), self.editor.tally
        if layer is not None and tally is not None:
            write_volumes(layer, tally, self.editor.labels.grid.voxel_volume / 1000)

    def _on_classes(self) -> None:
        layer = self._layer()
        if current_thread() is main_thread() and layer is not None:
            write_classes(layer, self.editor.classes, self.editor.tally)

    def _on_settled(self) -> None:
        self._stepping = False
        layer = self._layer()
        if layer is None:
            return
        self.refresh(None)
        write_classes(layer, self.editor.classes, self.editor.tally)
        self._write_volumes()
        if self.editor.tally is None:
            self.count()
        self.changed.emit()
        if self._pressed and not self.busy:
            self._step(self._pressed.popleft())

    def refresh(self, box: Box | None) -> None:
        """Draw a part of the array again that was written to, if it is seen, and tell others; None: all of it."""
        layer = self._layer()
        if layer is None:
            return
        at = self.looked_at()
        side = None if box is None or at is None else box[at.axis]
        if side is None or side.start <= at.index < side.stop:  # type: ignore[union-attr]
            layer.refresh(highlight=False, extent=False, thumbnail=box is None)
        layer.events.paint(value=[])

    # Counting

    @property
    def counted(self) -> bool:
        """Whether voxels are counted, or being counted."""
        return self._counting is not None or self.editor.tally is not None

    def count(self) -> None:
        """Count the voxels of every class, beside the interface; edits in between begin it anew."""
        if self._counting is not None:
            self._counting.cancel()
        self.editor.tally = None
        array = self.editor.array

        def counted(tally: Tally) -> None:
            self._counting = None
            self.editor.tally = tally
            self.changed.emit()

        self._counting = Job(tally_steps(array), counted, complain)


def _same(one: Any, other: Any) -> bool:
    """Whether two arrays are the same voxels in memory."""
    return bool(one.__array_interface__ == other.__array_interface__)
