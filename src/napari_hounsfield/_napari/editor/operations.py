"""The *Operations* page: any edit of the core, its form made from its parameters, tried on the shown plane, then applied."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from magicgui.widgets import ComboBox, Container, PushButton
from qtpy.QtCore import QTimer

from napari_hounsfield._napari import preferences
from napari_hounsfield._napari.fields import Fields
from napari_hounsfield._napari.gabor_preview import Temporary
from napari_hounsfield._napari.inputs import LayerChoice, choices_for
from napari_hounsfield._napari.layout import rows
from napari_hounsfield._napari.notices import complain, reported, tell
from napari_hounsfield._napari.worker import Job, Steps, message_of
from napari_hounsfield.cleaning import clean
from napari_hounsfield.editing.copy_slice import CopySliceParams
from napari_hounsfield.editing.delta import Delta
from napari_hounsfield.editing.editor import LabelEditor
from napari_hounsfield.editing.params import ClassesParams, PointsParams
from napari_hounsfield.editing.polygon import PolygonParams
from napari_hounsfield.editing.registry import EDITS, Edit, everywhere
from napari_hounsfield.editing.scissors import ScissorsParams
from napari_hounsfield.editing.unchanged import why_unchanged
from napari_hounsfield.operation import Params
from napari_hounsfield.volume import LabelMap

from .adopted import LayerEditing
from .points import PointSource
from .preview import preview_tuple
from .slices import slices_of

if TYPE_CHECKING:
    from napari.components import ViewerModel

OFFERED = {**EDITS, "clean": Edit(clean, everywhere)}
"""Edits by name."""
WAIT_MS = 150
"""Milliseconds that a preview waits for more changes."""


DRAWN_FIELDS = ("points", "corners", "coordinates", "plane")
"""Parameters that what was drawn says."""
VIEW_FIELDS = ("plane", "source")
"""Parameters of copying that the viewer says."""
OF_ALL = ("from_seeds",)
"""Edits that are of all classes unless the user says otherwise."""


class EditForm(Container[Any]):
    """Form of one edit: its parameters but those that are locked, drawn or shown in the viewer, and its other inputs."""

    def __init__(self, viewer: ViewerModel, edit: Edit) -> None:
        self.edit = edit
        kind = edit.operation.params_type
        self.fields = Fields(kind())
        others = list(edit.operation.inputs)
        others.remove(next(place for place in others if LabelMap in place.kinds))
        self.choices = [choice for choice in choices_for(viewer, others) if isinstance(choice, LayerChoice)]
        self.drawn: PointSource | None = None
        if issubclass(kind, PointsParams):
            self.drawn = PointSource(viewer, issubclass(kind, PolygonParams), required=kind is ScissorsParams)
        copies = issubclass(kind, CopySliceParams)
        for name in ("locked", *(DRAWN_FIELDS if self.drawn else ()), *(VIEW_FIELDS if copies else ())):
            if name in self.fields.inputs:
                self.fields.inputs[name].visible = False
        super().__init__(
            widgets=[rows([*self.choices, *([self.drawn] if self.drawn else [])]), self.fields.container], labels=False
        )
        self.margins = (0, 0, 0, 0)
        self._suggested = {name: widget.value for name, widget in self.fields.inputs.items()}

    def follow(self, editing: LayerEditing) -> None:
        """Let the edit be of the class that is painted with, unless the user has said otherwise, and draw on its layer."""
        value = int(editing.layer.selected_label)
        if self.drawn is not None:
            self.drawn.stand_on(editing.layer)
        wanted: dict[str, Any] = {"label": value}
        if issubclass(self.edit.operation.params_type, ClassesParams) and self.edit.operation.name not in OF_ALL:
            wanted["classes"] = (value,)
        for name in wanted.keys() & self.fields.inputs.keys() if value else ():
            field = self.fields.inputs[name]
            try:
                untouched = field.value == self._suggested[name]
            except ValueError:  # something is being typed
                untouched = False
            if untouched and wanted[name] != self._suggested[name]:
                self._suggested[name] = wanted[name]
                field.value = wanted[name]

    def params(self, editing: LayerEditing) -> Params:
        """Parameters as they are shown, with what was drawn.

        Raises
        ------
        ValueError
            If they do not fit together.
        """
        params = self.fields.params()
        known = {} if self.drawn is None else self.drawn.given(editing)
        known |= slices_of(params, known.get("plane", ""), editing)
        return type(params)(**{**params.model_dump(exclude_unset=True), **known})

    def others(self) -> dict[str, Any]:
        """Layers of the other inputs by name."""
        return {choice.needed.name: choice for choice in self.choices if choice.chosen() is not None}


class Operations(Container[Any]):
    """Chooses an edit, previews it in the shown plane as long as the button is down, and applies it as one step.

    Parameters
    ----------
    viewer
        Whose layers are offered.
    """

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = viewer
        self._editing: LayerEditing | None = None
        self._picture = Temporary(viewer)
        self._job: Job | None = None
        names = [(name.replace("_", " "), name) for name in OFFERED]
        self.choice = ComboBox(name="edit", label="edit", choices=names, tooltip="What is done to the classes")
        self.form = EditForm(viewer, OFFERED[self.choice.value])
        self.preview_button = PushButton(
            text="Preview", tooltip="Show in this plane what would change, as long as this is pressed"
        )
        self.preview_button.native.setCheckable(True)
        self.apply_button = PushButton(text="Apply", tooltip="Edit the whole layer, as one step that can be undone")
        buttons = Container(widgets=[self.preview_button, self.apply_button], layout="horizontal", labels=False)
        buttons.margins = (0, 0, 0, 0)
        super().__init__(widgets=[rows([self.choice]), self.form, buttons], labels=False)
        self._timer = QTimer()
        self._timer.setSingleShot(True)
        self._timer.setInterval(WAIT_MS)
        self._timer.timeout.connect(self.preview)
        self.choice.changed.connect(self._choose)
        self.preview_button.native.toggled.connect(self._toggle)
        self.apply_button.changed.connect(self.apply)
        self._follow_form()

    def show_editing(self, editing: LayerEditing | None) -> None:
        """Show how things stand for a layer."""
        if editing is not self._editing:
            self.stop()
        self._editing = editing
        free = editing is not None and not editing.busy
        self.preview_button.enabled = self.apply_button.enabled = free
        if editing is not None:
            self.form.follow(editing)

    def apply(self) -> None:
        """Run the edit on the whole layer; what is missing or wrong becomes a notification."""
        editing = self._editing
        if editing is None:
            return
        self.stop()
        drawn = self.form.drawn
        with reported():
            params = self.form.params(editing)

            def done(delta: Delta | None) -> None:
                if delta is None:
                    tell(f"nothing changed: {why_unchanged(params, editing.editor.labels)}")
                elif drawn is not None:
                    drawn.use_up(editing)

            editing.run(self._steps(editing, params, whole=True), done, at_once=0)

    def preview(self) -> None:
        """Show what the edit would change in the plane that is shown."""
        editing = self._editing
        if editing is None or editing.busy or not self.previewing:
            return
        self._give_up()
        at = editing.looked_at()
        if at is None:
            self._fail("a preview needs the viewer to show a plane")
            return
        editing.editor.looked_at = at

        def show(plane: Any) -> None:
            if self.previewing and editing is self._editing:
                self._picture.show(preview_tuple(editing, plane, at), editing.layer)

        try:
            steps = self._steps(editing, self.form.params(editing), whole=False)
            self._job = Job(steps(editing.editor), show, self._fail)
        except Exception as error:
            self._fail(message_of(error))

    @property
    def previewing(self) -> bool:
        """Whether the preview is on."""
        return bool(self.preview_button.native.isChecked())

    def schedule(self, *_: Any) -> None:
        """Preview anew in a moment, if the preview is on."""
        if self.previewing:
            self._timer.start()

    def stop(self) -> None:
        """End the preview."""
        self.preview_button.native.setChecked(False)

    def close_preview(self) -> None:
        """Give up and take the picture away, when the dock goes."""
        self._timer.stop()
        self._give_up()
        self._picture.remove()

    def _steps(self, editing: LayerEditing, params: Params, whole: bool) -> Any:
        """Steps of the editor for the form's edit and inputs; layers are read in the thread, since large ones take a while."""
        preferences.apply()
        form = self.form
        operation, chosen, layer = form.edit.operation, form.others(), editing.layer
        title = " ".join([operation.name.replace("_", " "), *_of(params, editing)])

        def steps(editor: LabelEditor) -> Steps:
            others = {name: choice.read(layer) for name, choice in chosen.items()}
            reach = _reach(form.edit, params, editor)
            if whole:
                return (yield from editor.steps(operation, params, reach, title, **others))
            return (yield from editor.plane_steps(operation, params, reach, **others))

        return steps

    def _choose(self) -> None:
        self.stop()
        at = self.index(self.form)
        old = self.form
        self.form = EditForm(self._viewer, OFFERED[self.choice.value])
        self.remove(old)
        self.insert(at, self.form)
        old.native.deleteLater()
        self._follow_form()
        self.show_editing(self._editing)

    def _follow_form(self) -> None:
        for widget in (*self.form.fields.inputs.values(), *self.form.choices):
            widget.changed.connect(self.schedule)

    def _toggle(self, on: bool) -> None:
        if on:
            self._viewer.dims.events.current_step.connect(self.schedule)
            self.preview()
        else:
            self._viewer.dims.events.current_step.disconnect(self.schedule)
            self.close_preview()

    def _fail(self, message: str) -> None:
        self.stop()
        complain(message)

    def _give_up(self) -> None:
        if self._job is not None:
            self._job.cancel()
        self._job = None


def _reach(edit: Edit, params: Params, editor: LabelEditor) -> float | None:
    """How far in mm the edit looks across the plane that is looked at; None: everywhere."""
    reach = edit.reach(params, editor.labels.grid)
    at = editor.looked_at
    return None if reach is None or at is None or reach[at.axis] == float("inf") else reach[at.axis]


def _of(params: Params, editing: LayerEditing) -> list[str]:
    """Names of the classes that an edit is of."""
    given = params.model_dump()
    values = given["classes"] if given.get("classes") else [given["label"]] if "label" in given else []
    return [", ".join(editing.name_of(int(value)) for value in values[:3]) + ("…" if len(values) > 3 else "")] if values else []
