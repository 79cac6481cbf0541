"""*Segment editor*: the layer, its classes, undo and redo, what may be painted, operations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from magicgui.widgets import Container
from qtpy.QtCore import QEvent
from qtpy.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QTabWidget, QWidget

from napari_hounsfield._napari.inputs import LayerChoice
from napari_hounsfield._napari.layout import Dock, rows
from napari_hounsfield._napari.listening import LayerListener
from napari_hounsfield._napari.notices import reported
from napari_hounsfield.errors import HounsfieldError
from napari_hounsfield.operation import Input, Progress
from napari_hounsfield.volume import LabelMap

from .adopted import LayerEditing
from .class_list import ClassList
from .closing import let_go, take_up
from .operations import Operations
from .painting import Painting
from .register import editing_of

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Labels


NONE_YET = "There are no labels yet: add a labels layer, or right-click an image that holds labels and choose Convert to Labels."


class Shown:
    """Follows the chosen layer; a plain object, because a widget whose Qt part is gone must not be called any more."""

    def __init__(self, viewer: ViewerModel, dock: SegmentEditor) -> None:
        self._dock: SegmentEditor | None = dock
        self._viewer = viewer
        self._layer: Labels | None = None
        self.editing: LayerEditing | None = None
        self._edited: WeakSet[LayerEditing] = WeakSet()
        viewer.layers.selection.events.active.connect(self.on_active)
        dock.destroyed.connect(self.stop)

    def follow(self, layer: Labels | None) -> str:
        """Follow this layer instead; returns why it cannot be edited, or nothing."""
        self._let_go()
        if self._dock is None:
            return ""
        try:
            self.editing = None if layer is None else editing_of(layer, self._viewer)
        except HounsfieldError as error:
            return str(error)
        if self.editing is not None:
            self._layer = self.editing.layer
            self._edited.add(self.editing)
            take_up(self.editing, self)
            self.editing.changed.connect(self.on_change)
            self.editing.progressed.connect(self.on_progress)
            for event in self._events(self._layer):
                event.connect(self.on_change)
        return ""

    def on_active(self, event: Any) -> None:
        """Edit the labels layer that was selected in the viewer's list."""
        if self._dock is not None and getattr(event.value, "_type_string", "") == "labels":
            self._dock.choose(event.value)

    def on_change(self, event: Any = None) -> None:
        """Draw the dock again."""
        if self._dock is not None:
            self._dock.refresh()

    def on_progress(self, progress: Progress) -> None:
        """Draw how far it is."""
        if self._dock is not None:
            self._dock.show_progress(progress)

    def stop(self, *_: Any) -> None:
        """Let go of the dock and of all layers that it has shown; once."""
        if self._dock is None:
            return
        self._dock.operations.close_preview()
        self._dock = None
        self._viewer.layers.selection.events.active.disconnect(self.on_active)
        self._let_go()
        for editing in self._edited:
            let_go(editing, self)

    @staticmethod
    def _events(layer: Labels) -> tuple[Any, ...]:
        events = layer.events
        return events.selected_label, events.colormap, events.brush_size, events.n_edit_dimensions

    def _let_go(self) -> None:
        if self.editing is not None and self._layer is not None:
            self.editing.changed.disconnect(self.on_change, missing_ok=True)
            self.editing.progressed.disconnect(self.on_progress, missing_ok=True)
            for event in self._events(self._layer):
                event.disconnect(self.on_change)
        self.editing = self._layer = None


class SegmentEditor(Dock):
    """*Segment editor*."""

    def __init__(self, napari_viewer: ViewerModel) -> None:
        self.choice = LayerChoice(napari_viewer, Input("labels", (LabelMap,), required=True))
        self.classes = ClassList()
        self.painting = Painting(napari_viewer)
        self.operations = Operations(napari_viewer)
        self.tabs = QTabWidget()
        self.tabs.addTab(self.painting.native, "Paint")
        self.tabs.addTab(self.operations.native, "Operations")
        self.undo_button = _button("Undo", "Take the newest edit back (Ctrl+Z)", self.undo)
        self.redo_button = _button("Redo", "Do again what was taken back last (Ctrl+Shift+Z)", self.redo)
        self.cancel_button = _button("Cancel", "Give up now; nothing of it is kept", self.cancel)
        self.bar = QProgressBar()
        self.message = QLabel()
        self.message.setWordWrap(True)
        content: Container[Any] = Container(widgets=[rows([self.choice])], labels=False)
        layout = content.native.layout()
        layout.addWidget(self.message)
        layout.addWidget(self.classes, 1)
        layout.addWidget(self.tabs)
        layout.addWidget(_row(self.undo_button, self.redo_button))
        layout.addWidget(_row(self.bar, self.cancel_button))
        super().__init__(content, stretch=False)
        self._shown = Shown(napari_viewer, self)
        self._listener = LayerListener(napari_viewer, self.follow, self)
        self.choice.changed.connect(self.follow)
        self.follow()

    @property
    def editing(self) -> LayerEditing | None:
        """Of the chosen layer; None where there is none, or it cannot be edited."""
        return self._shown.editing

    def follow(self, *_: Any) -> None:
        """Edit the chosen layer."""
        self.choice.refresh()  # which of the two is told of a new layer first is not known
        why_not = self._shown.follow(self.choice.value)
        if self.choice.value is None:
            why_not = NONE_YET
        self.message.setText(why_not)
        self.message.setVisible(bool(why_not))
        self.refresh()

    def event(self, event: Any) -> bool:
        """End with the dock: napari takes it away without a word, and its widget may live on."""
        if event.type() == QEvent.Type.ParentChange and self.parent() is None:
            self._shown.stop()
        return bool(super().event(event))

    def choose(self, layer: Labels) -> None:
        """Edit this layer."""
        layer = getattr(layer, "__wrapped__", layer)
        if layer is not self.choice.value and layer in self.choice.choices:
            self.choice.value = layer

    def refresh(self) -> None:
        """Show how things stand."""
        editing = self.editing
        for part in (self.classes, self.painting, self.operations):
            part.show_editing(editing)
        history = None if editing is None else editing.editor.history
        free = editing is not None and not editing.busy
        for button, word, titles in (
            (self.undo_button, "Undo", () if history is None else history.titles),
            (self.redo_button, "Redo", () if history is None else history.undone_titles),
        ):
            button.setText(f"{word} {titles[-1]}" if titles else word)
            button.setEnabled(free and bool(titles))
        busy = editing is not None and editing.busy
        self.bar.setVisible(busy)
        self.cancel_button.setVisible(busy)
        if not busy:
            self.show_progress(Progress(0))

    def show_progress(self, progress: Progress) -> None:
        """Show how far what runs is."""
        self.bar.setValue(round(100 * min(max(progress.fraction, 0), 1)))
        self.bar.setFormat(f"{progress.message}  %p %".strip())

    def undo(self) -> None:
        """Take the newest edit back."""
        with reported():
            if self.editing is not None:
                self.editing.undo()

    def redo(self) -> None:
        """Do it again."""
        with reported():
            if self.editing is not None:
                self.editing.redo()

    def cancel(self) -> None:
        """Give up what runs."""
        if self.editing is not None:
            self.editing.cancel()


def _button(text: str, tip: str, act: Any) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(tip)
    button.clicked.connect(lambda *_: act())
    return button


def _row(*widgets: QWidget) -> QWidget:
    row = QWidget()
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    for widget in widgets:
        layout.addWidget(widget)
    return row
