"""What is painted in a session: images, classes and strokes, and one history of every edit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from psygnal import Signal

from napari_hounsfield.channels import Channels, aligned, as_channels
from napari_hounsfield.editing.delta import Delta
from napari_hounsfield.editing.editor import Edit, LabelEditor
from napari_hounsfield.editing.history import Change, History, Setting, Together
from napari_hounsfield.errors import GridError, ModelError, ParameterError
from napari_hounsfield.operation import finish
from napari_hounsfield.volume import LabelMap, Volume

from . import classes as class_edits
from .classes import Classes
from .images import SessionImage, blank


class PaintedImages:
    """Images, the classes that are painted on them, and what can be undone.

    Attributes
    ----------
    images
        In the order in which they were added.
    history
        What can be undone.
    edits
        Counts everything that changes what is to be learned.
    """

    changed = Signal(str)
    """What has changed: `images`, `classes`, `strokes`, `params` or `classifier`."""

    def __init__(self) -> None:
        self.images: list[SessionImage] = []
        self.history = History()
        self.classes: Classes = ()
        self.edits = 0

    def add(
        self, volume: Volume | Channels, strokes: LabelMap | LabelEditor | None = None, channels: Sequence[Volume] = ()
    ) -> SessionImage:
        """Add an image.

        Parameters
        ----------
        volume
            One scalar image, of the unit and modality of the others; its spacing may differ, features are in mm. Or several
            channels of a patient (`aligned`, or `aligned_steps` where one must not wait).
        strokes
            To begin with, on the same grid; the array is edited in place. Numbers that are not classes yet become some. An
            editor of them takes on the session's history.
        channels
            Further images of the patient, which are put on the grid of the first here.

        Raises
        ------
        ModelError
            If its unit or modality is not that of the others, or it has other channels.
        GridError
            If the strokes lie on another grid, or a channel in another frame of reference.
        TypeError
            If the image is no Volume, an array for one.
        """
        image = self.fitting(aligned(volume, channels) if isinstance(volume, Volume) and channels else as_channels(volume))
        volume = image.main
        labels = strokes.labels if isinstance(strokes, LabelEditor) else strokes or blank(volume, {})
        if labels.grid.shape != volume.grid.shape:
            raise GridError(f"{labels.name or 'strokes'}: grids differ: {labels.grid} against {volume.grid}")
        classes = self.classes
        for value in labels.values():
            if value and all(one.value != value for one in classes):
                classes = class_edits.added(classes, labels.class_name(value), value=value)
        editor = strokes if isinstance(strokes, LabelEditor) else LabelEditor(labels)
        editor.join(self.history)
        added = SessionImage(image, editor)
        editor.changed.connect(self._on_edit)
        editor.classes_changed.connect(self._on_classes)
        self.images.append(added)
        self._set_classes(classes)
        self.changed.emit("images")
        return added

    def fitting(self, image: Channels) -> Channels:
        """The image with its channels in the order of the session's; ModelError where it is of another kind."""
        image.main.require_scalar()
        if not self.images:
            return image
        first = self.images[0].channels
        if image.main.unit != first.main.unit:
            ours, theirs = first.main.unit or "unknown", image.main.unit or "unknown"
            raise ModelError(f"{image.main.name or 'image'}: unit is {theirs!r}, the session's is {ours!r}")
        ours, theirs = first.main.modality, image.main.modality
        if ours and theirs and ours != theirs:
            raise ModelError(f"{image.main.name or 'image'}: modality is {theirs!r}, the session's is {ours!r}")
        try:
            return image.matched(first.kinds)
        except ParameterError as error:
            raise ModelError(f"{image.main.name or 'image'}: the session's images have other channels: {error}") from None

    def remove(self, image: SessionImage) -> None:
        """Let go of an image; what was learned from it stays in the classifier until the next training."""
        self.images.remove(image)
        image.editor.changed.disconnect(self._on_edit)
        image.editor.classes_changed.disconnect(self._on_classes)
        self.history.drop(lambda change: isinstance(change, Edit) and change.editor is image.editor)
        self.edits += 1
        self.changed.emit("images")

    def renew(self, image: SessionImage, volume: Volume) -> None:
        """Take on other voxels of an image, which was edited; what is painted on it stays, and is to be learned anew.

        Raises
        ------
        GridError
            If they are of another shape.
        """
        before = image.channels
        if volume.grid.shape != before.grid.shape:
            raise GridError(f"{volume.name or 'image'}: grids differ: {volume.grid} against {before.grid}")
        image.channels = Channels((volume, *before.further), before.names, (volume, *before.originals[1:]))
        self.edits += 1
        self.changed.emit("images")

    # -- classes

    def add_class(self, name: str, colour: str = "") -> int:
        """Add a class and return its number.

        Raises
        ------
        LabelError
            If the name is taken.
        """
        before = self.classes
        self.set_classes(class_edits.added(before, name, colour), f"class {name}")
        return next(one.value for one in self.classes if one not in before)

    def set_classes(self, classes: Classes, title: str = "classes") -> None:
        """Replace names and colours, as an edit that can be undone."""
        self._do(title, self._classes_to(classes))

    def drop_class(self, value: int, into: int = 0) -> None:
        """Remove a class with its strokes, or give them to the class `into`.

        Raises
        ------
        LabelError
            If there is no such class.
        """
        old = class_edits.of_value(self.classes, value)
        title = f"remove {old.name}"
        if into:
            title = f"{old.name} becomes {class_edits.of_value(self.classes, into).name}"
        edits = [self._strokes_to(i, np.where(i.strokes.array == value, into, i.strokes.array), title) for i in self.images]
        self._do(title, *(edit for some in edits for edit in some), self._classes_to(class_edits.dropped(self.classes, value)))

    def _classes_to(self, classes: Classes) -> Setting:
        return Setting("classes", self._set_classes, self.classes, classes)

    def _set_classes(self, classes: Any) -> None:
        self.classes = classes
        self.edits += 1
        for image in self.images:
            image.editor.set_classes(class_edits.names(classes))
        self.changed.emit("classes")

    def _on_classes(self, names: dict[int, str]) -> None:
        """Classes that were edited where one image's strokes are shown are the session's."""
        if class_edits.names(self.classes) != {value: name for value, name in names.items() if value}:
            self._set_classes(class_edits.following(self.classes, names))

    # -- strokes

    def paint(self, image: SessionImage, where: ArrayLike, value: int | str) -> None:
        """Paint a mask (z, y, x) with a class, given by number or name; 0 erases.

        Raises
        ------
        LabelError
            If there is no such class.
        GridError
            If the mask has another shape than the image.
        """
        if isinstance(value, str):
            value = class_edits.of_name(self.classes, value).value
        title = f"paint {class_edits.of_value(self.classes, value).name}" if value else "erase"
        mask, array = np.asarray(where, bool), image.strokes.array
        if mask.shape != array.shape:
            raise GridError(f"the mask has shape {mask.shape}, the image {array.shape}")
        self._do(title, *self._strokes_to(image, np.where(mask, value, array), title))

    def apply(self, image: SessionImage, draft: LabelMap) -> None:
        """Take labels up as strokes where nothing is painted yet; their classes are matched by name, and new ones added.

        Raises
        ------
        GridError
            If the labels do not lie on the image's grid.
        """
        array, strokes = draft.on(image.volume.grid).array, image.strokes.array
        painted = [int(value) for value in np.unique(array[array > 0])]
        classes, found = class_edits.matched(self.classes, {value: draft.class_name(value) for value in painted})
        numbers = np.zeros(int(array.max()) + 1, np.uint8)
        numbers[painted] = [found[value] for value in painted]
        edits = self._strokes_to(image, np.where(strokes == 0, numbers[array], strokes), "draft")
        records = Setting("draft", image.set_drafts, image.drafts, (*image.drafts, *draft.history))
        self._do("draft", self._classes_to(classes), records, *edits)

    def _strokes_to(self, image: SessionImage, after: NDArray[Any], title: str) -> list[Edit]:
        """What makes the strokes of an image these; nothing where they are so already."""
        before = image.strokes.array
        delta = Delta.between(before, after.astype(before.dtype, copy=False))
        return [] if delta is None else [Edit(title, delta, image.editor)]

    def _do(self, title: str, *changes: Change) -> None:
        """Do changes, as one that can be undone."""
        real = [change for change in changes if not isinstance(change, Setting) or change.before != change.after]
        if real:
            for change in real:
                finish(change.write(undo=False))
            self.history.add(Together(title, tuple(real)))

    def _on_edit(self, box: Any) -> None:
        self.edits += 1
        self.changed.emit("strokes")

    # -- history

    def undo(self) -> None:
        """Take back what was done last."""
        finish(self.history.undo())

    def redo(self) -> None:
        """Do again what was taken back last."""
        finish(self.history.redo())
