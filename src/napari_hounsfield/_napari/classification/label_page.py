"""The page of labels: one image after the other in the viewer, a key for each class."""

from __future__ import annotations

from collections.abc import Callable, Generator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from magicgui.widgets import CheckBox, Container, Label, LineEdit, ProgressBar, SpinBox
from qtpy.QtCore import Qt, QTimer

from napari_hounsfield._napari import overlay
from napari_hounsfield._napari.labelling.buttons import button, row
from napari_hounsfield._napari.layout import rows, wrap
from napari_hounsfield._napari.listening import LayerListener
from napari_hounsfield._napari.notices import complain, reported, tell
from napari_hounsfield._napari.worker import Job
from napari_hounsfield.errors import LabelError
from napari_hounsfield.images.image_labelling import ImageLabelling
from napari_hounsfield.images.labels_file import images_to_label, labels_path, write_labels
from napari_hounsfield.images.table import NOT_FIT, ImageTable
from napari_hounsfield.operation import Progress

from .path_row import PathRow
from .shown_image import ShownImage

if TYPE_CHECKING:
    from napari.components import ViewerModel

MOST_KEYS = 9
"""Classes that have a digit."""
SAVED_AFTER_MS = 1000
"""Milliseconds after the last label until they are saved."""


class LabelPage(Container[Any]):
    """Labels for a list of images.

    Parameters
    ----------
    viewer
        Where images are shown.
    saved
        Called with the table of the labels whenever it is written.
    """

    def __init__(self, viewer: ViewerModel, saved: Callable[[Path], None]) -> None:
        self._viewer, self._saved = viewer, saved
        self.labelling: ImageLabelling | None = None
        self.unsaved = False
        self._file = Path()
        self.trouble: str | None = None
        """Why the image at hand cannot be read; None while it is being read."""
        self.picture = ShownImage(viewer, self._keys(), self._on_arrived)
        self.source = PathRow("images", "A folder of images, or a table with the column path (label, patient and region too)")
        self.classes = LineEdit(label="classes", tooltip="Names, separated by commas; can be renamed at any time")
        self.classes.native.setPlaceholderText("healthy, ill")
        self.blind = CheckBox(label="blind", text="", tooltip="Names are not shown, and the order is shuffled")
        self.seed = SpinBox(label="seed of the order", min=0, max=2**31 - 1, tooltip="The same seed shuffles in the same way")
        self.target = LineEdit(label="labels file", tooltip="Saved here as you go; begun labels are gone on with")
        self.target.native.setPlaceholderText("labels.csv beside the images")
        self.headline, self.keys, self.counts = Label(value="no images yet"), Label(value=""), Label(value="")
        for label in (self.headline, self.keys, self.counts):
            wrap(label)
        self.progress = ProgressBar(min=0, max=1, value=0, visible=False)
        buttons = [
            button("Undo", "Key: Z", self.undo),
            button("Back", "Key: left arrow", self.back),
            button("Next", "Key: right arrow or space", self.forward),
            button("Next without label", "Key: N", self.forward_unlabelled),
            button("Save now", "They are saved as you go, too", self.save),
        ]
        for each in buttons:
            each.native.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the space bar is for images
        super().__init__(
            widgets=[
                rows([self.source, self.classes, self.target, self.blind, self.seed]),
                button("Begin, or go on", "Show the first image that has no label", self.begin),
                self.headline,
                self.progress,
                self.counts,
                row(*buttons[:3]),
                row(*buttons[3:]),
                self.keys,
            ],
            labels=False,
        )
        self.seed.enabled = False
        self._timer = QTimer(self.native)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SAVED_AFTER_MS)
        self._timer.timeout.connect(self._write)
        self._writing: Job | None = None
        self._over = ""
        self._listener = LayerListener(viewer, self._tidy, self.native)
        self.classes.native.editingFinished.connect(self._on_classes)
        self.blind.changed.connect(self._on_blind)
        self.seed.changed.connect(self._on_blind)
        self.source.chosen.append(self._on_source)
        self.native.destroyed.connect(self._on_destroyed)

    def begin(self) -> None:
        """Show the first image without a label; labels of the file are gone on with."""
        with reported():
            path, names = self.source.needed(), self._names()
            self._flush()
            images = images_to_label(path)
            target = Path(self.target.value).expanduser() if self.target.value else labels_path(images)
            seed = self.seed.value if self.blind.value else None
            if target.exists():
                made = ImageLabelling.resumed(images, target, names, seed)
                tell(f"goes on with {target.name}: {made.labelled} of {len(made)} have a label")
            else:
                made = ImageLabelling(images, names, seed)
                made.next_unlabelled()
            if not made.classes:
                raise LabelError("classes: name at least one, such as: healthy, ill")
            self.labelling, self._file, self.target.value = made, target, str(target)
            self.classes.value = ", ".join(made.classes)
            self._show()
            self._focus()

    def give(self, place: int) -> None:
        """Give the image at hand a class by its number from 0."""
        if self.labelling is not None and self.trouble is not None:
            with reported():
                if self.trouble:
                    raise LabelError(f"{self.labelling.title}: cannot be read, so it is of no class; 0 puts it aside")
                self.labelling.give(place)
                self._changed()

    def screen_out(self) -> None:
        """Put the image at hand aside."""
        if self.labelling is not None and self.trouble is not None:
            self.labelling.screen_out()
            self._changed()

    def clear(self) -> None:
        """Take the label of the image at hand away."""
        if self.labelling is not None and self.labelling.label:
            self.labelling.clear()
            self._changed()

    def undo(self) -> None:
        """Take back the last label."""
        if self.labelling is not None and self.labelling.undo():
            self._changed()

    def redo(self) -> None:
        """Give again what was taken back."""
        if self.labelling is not None and self.labelling.redo():
            self._changed()

    def forward(self) -> None:
        """Go to the next image."""
        self._go(1)

    def back(self) -> None:
        """Go to the image before."""
        self._go(-1)

    def forward_unlabelled(self) -> None:
        """Go to the next image without a label."""
        if self.labelling is not None:
            if not self.labelling.next_unlabelled():
                tell("all images have a label")
            self._show()

    def save(self) -> None:
        """Write the labels now."""
        with reported():
            if self.labelling is None:
                raise LabelError("no images yet: choose a folder or table, and begin")
            self.unsaved = True
            self._write()

    def listen(self, listening: bool) -> None:
        """Bind the keys of the layer, or give them back."""
        self.picture.listen(listening)

    def _keys(self) -> dict[str, Callable[[], None]]:
        classes = {str(place + 1): partial(self.give, place) for place in range(MOST_KEYS)}
        steps = {"Right": self.forward, "Space": self.forward, "Left": self.back, "N": self.forward_unlabelled}
        return {
            **classes, **steps, "0": self.screen_out, "X": self.screen_out, "Delete": self.clear,
            "Z": self.undo, "Shift-Z": self.redo, "Up": lambda: self.picture.move(1), "Down": lambda: self.picture.move(-1),
        }  # fmt: skip

    def _names(self) -> list[str]:
        return [name.strip() for name in self.classes.value.split(",") if name.strip()]

    def _go(self, step: int) -> None:
        if self.labelling is not None:
            self.labelling.go(step)
            self._show()

    def _changed(self) -> None:
        self.unsaved = True
        self._timer.start()
        self._show()

    def _show(self) -> None:
        """Show the image at hand and what is known of it."""
        labelling = self.labelling
        if labelling is None:
            return
        self.trouble = None
        self.picture.show(labelling.current, labelling.title, labelling.upcoming)
        if self.trouble is None:
            self.refresh()

    def refresh(self) -> None:
        """Show what is known of the image at hand."""
        labelling = self.labelling
        if labelling is None:
            return
        state = labelling.label or "no label yet"
        reading = "; reading…" if self.trouble is None else f"; cannot be read: {self.trouble}" if self.trouble else ""
        where = f"{labelling.place + 1} of {len(labelling)}"
        self.headline.value = f"<b>{labelling.title}</b> ({where}): <b>{state}</b>{reading}"
        self.progress.visible, self.progress.max, self.progress.value = True, len(labelling), labelling.labelled
        self.progress.native.setFormat(f"{labelling.labelled} of {len(labelling)} done")
        self.counts.value = ", ".join(f"{name}: {count}" for name, count in labelling.counts.items())
        named = [f"<b>{place + 1}</b> {name}" for place, name in enumerate(labelling.classes[:MOST_KEYS])]
        others = (
            "<b>0</b> or <b>X</b> " + NOT_FIT,
            "<b>→</b> or <b>space</b> next",
            "<b>←</b> back",
            "<b>↑ ↓</b> slices",
            "<b>N</b> next without label",
        )
        undone = ("<b>Z</b> undo", "<b>Shift Z</b> redo", "<b>Del</b> no label")
        self.keys.value = "Keys, while the image's layer is active: " + ", ".join([*named, *others, *undone])
        plain = "".join(f"   {place + 1} {name}" for place, name in enumerate(labelling.classes[:MOST_KEYS]))
        self._over = overlay.write(self._viewer, [f"{where}   {state}{reading}", f"{plain.strip()}   0 {NOT_FIT}"]).text

    def _tidy(self) -> None:
        """Take the text away that was about an image that is gone."""
        text = self._viewer.canvas.overlays.text
        if text.text == self._over and self.picture.layer is None:
            text.visible = False

    def _focus(self) -> None:
        """Let the keys go to the image."""
        window = getattr(getattr(self._viewer, "__wrapped__", self._viewer), "window", None)
        if window is not None:
            window._qt_viewer.canvas.native.setFocus()

    def _on_arrived(self, trouble: str) -> None:
        if self.trouble is None:
            self.trouble = trouble
            self.refresh()

    def _on_source(self, path: Path) -> None:
        self.target.value = ""  # of the other images

    def _on_classes(self) -> None:
        labelling = self.labelling
        if labelling is None or self._names() == list(labelling.classes):
            return
        with reported():
            try:
                labelling.set_classes(self._names())
                self._changed()
            finally:
                self.classes.value = ", ".join(labelling.classes)

    def _on_blind(self, *_: Any) -> None:
        self.seed.enabled = self.blind.value
        if self.labelling is not None:
            self.labelling.set_blind(self.seed.value if self.blind.value else None)
            self._show()

    def _write(self) -> None:
        """Write what there is beside the interface; what comes meanwhile is written afterwards."""
        if self._writing is not None and not self._writing.finished:
            self._timer.start()
        elif self.labelling is not None and self.unsaved:
            self.unsaved = False
            steps = _writing(self._file, self.labelling.images, self.labelling.labels)
            self._writing = Job(steps, self._saved, self._on_failed)

    def _on_failed(self, message: str) -> None:
        self.unsaved = True
        complain(message)

    def _flush(self) -> None:
        """Write at once what is not written yet."""
        if self.labelling is not None and self.unsaved:
            self.unsaved = False
            self.labelling.save(self._file)

    def _on_destroyed(self, *_: Any) -> None:
        self.picture.stop()
        with reported():
            self._flush()


def _writing(path: Path, images: ImageTable, labels: dict[int, str]) -> Generator[Progress, None, Path]:
    yield Progress(0, "saving")
    return write_labels(path, images, labels)
