"""Widgets that choose what an operation works on: a layer by its kind, or a classifier of this session."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from magicgui.widgets import ComboBox, Container, PushButton
from napari.layers import Image, Labels

from ..errors import HounsfieldError
from ..operation import Input
from ..volume import Features
from .bridge import draft_of, from_layer
from .layers import KEY
from .session import session_of

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

LABEL_KINDS = {"LabelMap", "Samples", "Segmentation"}


def choice_for(viewer: ViewerModel, needed: Input) -> LayerChoice | ClassifierChoice:
    """Widget for one input of an operation."""
    if any(kind.__name__ == "PixelClassifier" for kind in needed.kinds):
        return ClassifierChoice(viewer, needed)
    return LayerChoice(viewer, needed)


class LayerChoice(ComboBox):
    """A layer of the right kind; follows the viewer's list of layers."""

    def __init__(self, viewer: ViewerModel, needed: Input) -> None:
        self._viewer, self.needed = viewer, needed
        label = needed.name.replace("_", " ")
        super().__init__(
            name=f"input_{needed.name}",  # a parameter may have the same name
            label=label,
            choices=self._layers,
            nullable=not needed.required,
            tooltip=f"The {'labels' if self._wants_labels else 'image'} layer that stands for {label}"
            + ("" if needed.required else "; may be left out"),
        )
        self._events = [getattr(viewer.layers.events, name) for name in ("inserted", "removed", "reordered")]
        for event in self._events:
            event.connect(self.refresh)
        self.native.destroyed.connect(self._forget_viewer)
        self.refresh()
        active = viewer.layers.selection.active
        if needed.required and active in self.choices:
            self.value = active

    @property
    def _wants_labels(self) -> bool:
        return any(kind.__name__ in LABEL_KINDS for kind in self.needed.kinds)

    def _layers(self, _: Any = None) -> list[Layer]:
        fits = [layer for layer in self._viewer.layers if self._fits(layer)]
        return fits[::-1]  # the newest first

    def _fits(self, layer: Layer) -> bool:
        if self._wants_labels:
            return isinstance(layer, Labels)
        stack = isinstance(getattr(layer.metadata.get(KEY), "template", None), Features)
        return isinstance(layer, Image) and stack == (Features in self.needed.kinds)

    def refresh(self, *_: Any) -> None:
        """Offer the layers that are there now, and keep the choice if it still is, even under a new name."""
        chosen = self.value
        for layer in self._viewer.layers:
            layer.events.name.connect(self.refresh)
        self.reset_choices()
        if chosen is not None and chosen in self.choices:
            self.value = chosen

    def _forget_viewer(self, *_: Any) -> None:
        for event in self._events:
            event.disconnect(self.refresh)
        for layer in self._viewer.layers:
            layer.events.name.disconnect(self.refresh)

    def read(self, like: Layer | None) -> Any:
        """Data of the chosen layer; None where it may be left out and is.

        Raises
        ------
        HounsfieldError
            If there is no such layer.
        """
        layer = self.value
        if layer is None:
            if self.needed.required:
                kind = "labels" if self._wants_labels else "image"
                raise HounsfieldError(f"{self.label}: there is no {kind} layer yet")
            return None
        if self.needed.kinds[0].__name__ == "Segmentation":
            return draft_of(layer, like)
        return from_layer(layer, like)


class ClassifierChoice(Container[Any]):
    """A classifier that was trained or loaded in this viewer."""

    def __init__(self, viewer: ViewerModel, needed: Input) -> None:
        self._session = session_of(viewer)
        self.needed = needed
        tip = "Trained above, or loaded from a file"
        self._combo = ComboBox(name="chosen", choices=lambda _: list(self._session.classifiers)[::-1], tooltip=tip)
        self._open = PushButton(text="Load…", tooltip="A classifier file (.safetensors)")
        self._keep = PushButton(text="Save…", tooltip="One file with weights, parameters, class names and figures")
        super().__init__(
            name=f"input_{needed.name}",
            label=needed.name,
            layout="horizontal",
            widgets=[self._combo, self._open, self._keep],
            labels=False,
        )
        self.margins = (0, 0, 0, 0)
        self._session.changed.connect(self.refresh)
        self._open.changed.connect(self._ask_and_load)
        self._keep.changed.connect(self._ask_and_save)
        self.native.destroyed.connect(self._forget_session)

    def _forget_session(self, *_: Any) -> None:
        self._session.changed.disconnect(self.refresh, missing_ok=True)

    def refresh(self) -> None:
        """Offer the classifiers that are there now, and choose the newest."""
        self._combo.reset_choices()
        if self._combo.choices:
            self._combo.value = self._combo.choices[0]

    def read(self, like: Layer | None = None) -> Any:
        """The chosen classifier.

        Raises
        ------
        HounsfieldError
            If there is none.
        """
        if self._combo.value is None:
            raise HounsfieldError("classifier: none yet; train one, or load one from a file")
        return self._session.classifiers[self._combo.value]

    def load(self, path: Path) -> None:
        """Load a classifier file and choose it; what is wrong with it becomes a notification."""
        from .. import load_model
        from .notices import reported

        with reported():
            self._session.keep(load_model(path), path.stem)

    def save(self, path: Path) -> None:
        """Save the chosen classifier; an existing file is replaced, since the dialog has asked."""
        from .notices import reported, tell

        with reported():
            self.read().save(path.with_suffix(".safetensors"), overwrite=True)
            tell(f"{path.stem}.safetensors is saved")

    def _ask_and_load(self) -> None:
        from magicgui.widgets import show_file_dialog

        chosen = show_file_dialog("r", caption="Load a classifier", filter="*.safetensors")
        if chosen:
            self.load(Path(chosen))

    def _ask_and_save(self) -> None:
        from magicgui.widgets import show_file_dialog

        chosen = show_file_dialog("w", caption="Save the classifier", filter="*.safetensors")
        if chosen:
            self.save(Path(chosen))
