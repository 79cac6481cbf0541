"""The page of *BP segmentation* that is worked in: image, classes, live labels, undo, drafts, parameters, session."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from magicgui.widgets import CheckBox, ComboBox, Container, Label
from napari.layers import Labels
from qtpy.QtCore import QTimer

import napari_hounsfield as nh
from napari_hounsfield._napari.editor.class_list import ClassList
from napari_hounsfield._napari.fields import Fields, Fold
from napari_hounsfield._napari.inputs import LayerChoice
from napari_hounsfield._napari.layout import rows, wrap
from napari_hounsfield._napari.notices import reported, tell
from napari_hounsfield.operation import Input
from napari_hounsfield.volume import LabelMap, Volume

from .bound import BoundImage
from .buttons import button, native, row, shortened
from .channel_choice import ChannelChoice
from .desk import SessionDesk, desk_of
from .recipes import OWN, RECIPES, recipe_of, with_recipe
from .runs import Runs
from .session_files import SessionFiles
from .standing import HOW, standing

if TYPE_CHECKING:
    from napari.components import ViewerModel

LINES = 4
"""Of the class list, at least: the rest of the page is to be seen on a small screen."""
PATIENCE_MS = 200
"""For which the page lets a stroke be learned before it is drawn again: Qt then composes the whole window anew."""


class PaintPage(Container[Any]):
    """Shows the session of a viewer, and holds nothing of it."""

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = viewer = getattr(viewer, "__wrapped__", viewer)
        self.refreshed: list[Callable[[], None]] = []
        self.image = LayerChoice(viewer, Input("image", (Volume,), required=True))
        self.strokes = LayerChoice(viewer, Input("strokes", (LabelMap,), required=False))
        self.channels = ChannelChoice(viewer, self.image)
        self.draft = LayerChoice(viewer, Input("labels", (LabelMap,), required=False))
        self.classes = ClassList()
        self.classes.table.setMinimumHeight(LINES * self.classes.table.verticalHeader().defaultSectionSize())  # type: ignore[union-attr]
        self.fields = Fields(nh.TrainParams())
        self.live = CheckBox(
            value=True, text="Live: labels follow the brush", tooltip="Learns at the end of each stroke, and recognises the slice"
        )
        self.runs = Runs(viewer, self.update_once, "Update", "Train once on all strokes, and recognise the slice that is seen")
        self.bar = self.runs.bar
        self.images = ComboBox(
            label="in session", choices=self._image_choices, nullable=True, tooltip="Go to an image of the session"
        )
        self.recipe = ComboBox(label="classifier", choices=[*RECIPES, OWN], tooltip="What learns; own parameters: below")
        self.doubt = CheckBox(value=False, text="Uncertainty", tooltip="A layer of how unsure it is, in percent")
        self.next = button("Where to paint next", "Turn to the most doubtful slice, and frame the region", self.find_next)
        self.whole = button("Whole volume", "Train, and recognise every slice, beside the interface", self.recognise_all)
        self.undo = button("Undo", "Strokes, classes, drafts, parameters and training (Ctrl+Z on the strokes)", self._undo)
        self.redo = button("Redo", "Do again what was taken back last (Ctrl+Shift+Z)", self._redo)
        self.message = Label(value=HOW)
        wrap(self.message)
        self.files = SessionFiles(self.runs)
        add = button("Add image", "Into the session, with a new layer for strokes if none is chosen", self.add_image)
        apply = button("Apply as strokes", "Where nothing is painted; classes are matched by name", self.apply_draft)
        use = button("Use these", "Strokes are learned anew by them", self.use_params)
        leave = button("Remove", "Let go of the image; its layers stay", self.leave_image)
        super().__init__(
            widgets=[
                rows([self.image, self.strokes]),
                Fold("further_channels", self.channels, "PET, MR or other images of the patient, learned from together"),
                row(add, leave),
                rows([self.images, self.recipe]),
                native(self.classes),
                row(self.undo, self.redo),
                row(self.live, self.doubt),
                row(self.whole, self.next),
                Fold(
                    "labels_as_strokes",
                    rows([rows([self.draft]), apply], labels=False),
                    "Labels, samples of first classes, as strokes",
                ),
                Fold(
                    "classifier_and_features", rows([self.fields.container, use], labels=False), "What is learned, and from what"
                ),
                Fold("session", self.files, "Save, resume, export"),
            ],
            labels=False,
        )
        self.live.changed.connect(self._switch_live)
        self.doubt.changed.connect(lambda on: self.desk.show_doubt(on))
        self.recipe.changed.connect(self._choose_recipe)
        self.images.changed.connect(self._turn_to)
        self.runs.settled.append(self._settle)
        self._follower = _Follower(desk_of(viewer), self)
        self.refresh()

    @property
    def viewer(self) -> ViewerModel:
        """The viewer."""
        return self._viewer

    @property
    def desk(self) -> SessionDesk:
        """The session and its layers."""
        return desk_of(self._viewer)

    def add_image(self) -> None:
        """Take the chosen image into the session."""
        with reported():
            image, strokes = self.image.chosen(), self.strokes.chosen()
            assert image is not None
            painted, further = strokes if isinstance(strokes, Labels) else None, self.channels.chosen
            if further:
                steps = self.desk.align_steps(image, further, self.channels.any_frame.value)
                self.runs.start(steps, lambda found: self.desk.take(image, painted, found))
            else:
                self.desk.take(image, painted)

    def update_once(self) -> None:
        """Train from the beginning, and recognise the slice."""
        with reported():
            self.runs.start(self.desk.update_steps(), self._show_plane)

    def recognise_all(self) -> None:
        """Recognise the whole image."""
        with reported():
            bound = self.desk.shown()
            bound.make_sure_of_result(self.desk.session)
            self.runs.start(self.desk.whole_steps(), self._show_whole)

    def apply_draft(self) -> None:
        """Take the chosen labels up as strokes."""
        with reported():
            labels = self.draft.chosen()
            if labels is None:
                raise nh.LabelError("choose labels to take up")
            steps = self.desk.apply_steps(labels)
            self.runs.start(steps, lambda _: self.desk.redraw())

    def use_params(self) -> None:
        """Train by the parameters of the form from now on."""
        with reported():
            params = self.fields.params()
            assert isinstance(params, nh.TrainParams)
            self.desk.session.set_params(params)

    def leave_image(self) -> None:
        """Let go of the image that is seen."""
        with reported():
            self.desk.leave(self.desk.shown())

    def find_next(self) -> None:
        """Find where to paint next, and go there."""
        with reported():
            self.runs.start(self.desk.next_steps(), self._show_next)

    def _show_next(self, found: Any) -> None:
        bound, place, version = found
        if place is None:
            tell("it is sure of everything that is not painted")
        else:
            self.desk.mark.show(bound, place, version)

    def _choose_recipe(self, name: str) -> None:
        with reported():
            session = self.desk.session
            if name in RECIPES:
                session.set_params(with_recipe(session.params, name))

    def _image_choices(self, _: Any = None) -> list[tuple[str, BoundImage]]:
        return [(one.title, one) for one in self.desk.bound if one.layer is not None]

    def _turn_to(self, bound: BoundImage | None) -> None:
        if bound is not None:
            self.desk.turn_to(bound)

    def _settle(self) -> None:
        if self._follower.alive:
            self.desk.catch_up()
            self.refresh()

    def _show_plane(self, found: Any) -> None:
        bound, plane, version = found
        if bound.strokes is not None:
            bound.show_plane(plane, self.desk.session, version)

    def _show_whole(self, found: Any) -> None:
        bound, version = found
        if bound.result is not None:
            bound.show_whole(version)

    def _undo(self) -> None:
        with reported():
            self.desk.shown().editing.undo()

    def _redo(self) -> None:
        with reported():
            self.desk.shown().editing.redo()

    def _switch_live(self, on: bool) -> None:
        self.desk.live.enabled = on
        self.desk.live.follow()

    def refresh(self) -> None:
        """Show how things stand."""
        desk = self.desk
        bound = desk.seen()
        self.classes.show_editing(None if bound is None else bound.editing)
        history = desk.session.history
        for step, word, titles in ((self.undo, "Undo", history.titles), (self.redo, "Redo", history.undone_titles)):
            step.text = shortened(f"{word} {titles[-1]}" if titles else word)
            step.enabled = bool(titles) and bound is not None
        self.whole.enabled = bound is not None
        with self.recipe.changed.blocked():
            self.recipe.value = recipe_of(desk.session.params)
        with self.images.changed.blocked():
            self.images.reset_choices()
            self.images.value = bound
        with self.live.changed.blocked():
            self.live.value = desk.live.enabled
        self.message.value = desk.message or standing(desk, self.bar.busy)
        for follow in self.refreshed:
            follow()


class _Follower:
    """Refreshes the page; a plain object, because a widget whose Qt part is gone must not be called any more."""

    def __init__(self, desk: SessionDesk, page: PaintPage) -> None:
        self._desk, self._page, self.alive = desk, page, True
        self._later = QTimer(page.native)
        self._later.setSingleShot(True)
        self._later.setInterval(PATIENCE_MS)
        self._later.timeout.connect(self.show)
        desk.changed.connect(self.on_change)
        desk.interrupted.connect(page.bar.cancel)
        page.native.destroyed.connect(self.stop)

    def on_change(self) -> None:
        """Show how things stand; while a stroke is learned, when it has been: first its labels are shown."""
        from threading import current_thread, main_thread

        if current_thread() is not main_thread():
            return
        if not self._desk.live.learning:
            self.show()
        elif not self._later.isActive():  # else who goes on painting would see nothing of it
            self._later.start()

    def show(self) -> None:
        """Show how things stand now."""
        if self.alive:
            self._later.stop()
            self._page.refresh()

    def stop(self, *_: Any) -> None:
        """Let go of the session; the timer has gone with the page."""
        self.alive = False
        self._desk.changed.disconnect(self.on_change, missing_ok=True)
        self._desk.interrupted.disconnect(self._page.bar.cancel, missing_ok=True)
