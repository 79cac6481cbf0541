"""*Surfaces*: smooth surfaces of the classes of a labels layer, in 3D, and the way there and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from magicgui.widgets import PushButton

import napari_hounsfield as nh
from napari_hounsfield.operation import Progress

from .bridge import from_layer
from .form import OperationForm
from .inputs import LayerChoice
from .layout import Dock, rows
from .notices import complain, tell
from .surface_layers import in_world, show_surface, surface_layers
from .worker import Steps, message_of

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Labels, Layer

FROM_THE_FRONT = ((0.0, 1.0, 0.0), (1.0, 0.0, 0.0))
"""Direction of view, towards the back, and what is up, the head, along the world's axes S, P and L."""


class SurfaceForm(OperationForm):
    """Labels, smoothing, and a button that shows the surfaces alone.

    Labels are copied in the operation's thread, and the surfaces shown one by one, so that nothing waits for all of them.
    """

    def __init__(self, viewer: ViewerModel) -> None:
        super().__init__(viewer, nh.surfaces)
        self._hidden: list[Layer] = []
        self.alone = PushButton(
            text="Surfaces alone, in 3D", tooltip="From the front; images and labels are hidden until you go back"
        )
        self.alone.changed.connect(self.switch)
        self.append(self.alone)

    def run(self) -> None:
        """Start on the chosen labels; surfaces that are there already are brought up to date."""
        try:
            (choice,) = self.choices
            assert isinstance(choice, LayerChoice)
            labels: Any = choice.chosen()
            params = self.fields.params()
        except Exception as error:
            complain(message_of(error))
            return
        choice.settle()

        def steps() -> Steps:
            yield Progress(0, "reading the layer")
            found = yield from nh.surfaces.steps(from_layer(labels), params=params)
            for number, part in enumerate(found.parts):
                yield Progress((number + 1) / len(found.parts), "showing", in_world(labels, part))
            return found

        def show(progress: Progress) -> None:
            if progress.result is not None and labels in self._viewer.layers:
                show_surface(self._viewer, labels, progress.result)

        self.bar.start(steps(), lambda found: self._finish(labels, found), show)

    def _finish(self, labels: Labels, found: nh.Surfaces) -> None:
        """Remove the surfaces of classes that are gone, and say what is there."""
        there = {part.label for part in found.parts}
        for value, layer in surface_layers(self._viewer, labels).items():
            if value not in there and not self.fields.changed().get("values"):
                self._viewer.layers.remove(layer)
        count = len(found.parts)
        where = "" if self._viewer.dims.ndisplay == 3 else ", to be seen in 3D"
        tell(f"{labels.name}: {count} surface{'s' if count > 1 else ''}{where}")

    def switch(self) -> None:
        """Show the surfaces alone in 3D, or the slices again."""
        viewer = self._viewer
        if viewer.dims.ndisplay == 3:
            viewer.dims.ndisplay = 2
            for layer in self._hidden:
                layer.visible = True
            self._hidden = []
            self.alone.text = "Surfaces alone, in 3D"
            return
        self._hidden = [layer for layer in viewer.layers if layer.visible and layer._type_string in ("image", "labels")]
        for layer in self._hidden:
            layer.visible = False
        viewer.dims.ndisplay = 3
        viewer.reset_view()
        viewer.scene.camera.set_view_direction(*FROM_THE_FRONT)
        self.alone.text = "Back to slices"


class Surfaces(Dock):
    """*Surfaces*: classes in 3D."""

    def __init__(self, napari_viewer: ViewerModel) -> None:
        self.form = SurfaceForm(getattr(napari_viewer, "__wrapped__", napari_viewer))
        super().__init__(rows([self.form], labels=False))
