"""Widgets that choose what an operation works on: a layer by its kind, or a classifier of this session."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from magicgui.widgets import ComboBox, Container, PushButton
from napari.layers import Image, Labels

from napari_hounsfield.errors import HounsfieldError, ModelError
from napari_hounsfield.operation import Input
from napari_hounsfield.results import Features
from napari_hounsfield.volume import LabelMap, Volume

from .bridge import draft_of, from_layer
from .layers import KEY, is_aside
from .listening import LayerListener
from .session import session_of

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

LABEL_KINDS = {"LabelMap", "Samples", "Segmentation"}


def choices_for(viewer: ViewerModel, inputs: Iterable[Input]) -> list[LayerChoice | ClassifierChoice]:
    """Widgets for the inputs of an operation; the first that takes labels follows the newest, the second avoids it."""
    made: list[LayerChoice | ClassifierChoice] = []
    following: LayerChoice | None = None
    for needed in inputs:
        if any(kind.__name__ == "PixelClassifier" for kind in needed.kinds):
            made.append(ClassifierChoice(viewer, needed))
            continue
        labels = needed.required and any(kind.__name__ in LABEL_KINDS for kind in needed.kinds)
        made.append(choice := LayerChoice(viewer, needed, labels and following is None, following if labels else None))
        following = following or (choice if labels else None)
    return made


class LayerChoice(ComboBox):
    """A layer of the right kind; follows the viewer's list of layers.

    With `follow`, the newest labels are chosen, which the step before has just made, until the user chooses or runs. With
    `other`, a layer that the other choice has not taken is offered, and none where there is no such layer.
    """

    def __init__(self, viewer: ViewerModel, needed: Input, follow: bool = False, other: LayerChoice | None = None) -> None:
        self._follow, self.other = follow, other
        self._wanted: Layer | None = None  # remembered here, since two layers have one name for a moment when one is added
        self._viewer, self.needed = viewer, needed
        label = needed.name.replace("_", " ")
        super().__init__(
            name=f"input_{needed.name}",  # a parameter may have the same name
            label=label,
            choices=self._layers,
            nullable=not needed.required or other is not None,
            tooltip=f"The {'labels' if self._wants_labels else 'image'} layer that stands for {label}"
            + ("" if needed.required else "; may be left out"),
        )
        self._listener = LayerListener(viewer, self.refresh, self.native)
        self.refresh()
        active = viewer.layers.selection.active
        if needed.required and other is None and active in self.choices and not is_made_here(active):
            self.value = self._wanted = active
        self.changed.connect(self.settle)

    def settle(self) -> None:
        """Keep the choice from now on."""
        self._follow, self._wanted = False, self.value

    @property
    def _wants_labels(self) -> bool:
        return any(kind.__name__ in LABEL_KINDS for kind in self.needed.kinds)

    def _layers(self, _: Any = None) -> list[Layer]:
        fits = [layer for layer in reversed(self._viewer.layers) if self._fits(layer)]
        return sorted(fits, key=is_made_here)  # images before what was made of them, then the newest first

    def _fits(self, layer: Layer) -> bool:
        if self._wants_labels:
            return isinstance(layer, Labels)
        stack = isinstance(getattr(layer.metadata.get(KEY), "template", None), Features)
        return isinstance(layer, Image) and stack == (Features in self.needed.kinds) and not is_aside(layer)

    def refresh(self) -> None:
        """Offer the layers that are there now, and keep the choice if it still is, even under a new name."""
        if self.other is not None:
            self.other.refresh()  # which of the two napari tells first is not known
        with self.changed.blocked():
            self.choices = []  # Qt would keep the order of those that it knows
            self.reset_choices()
            if self._follow and self.choices:
                self.value = self.choices[0]
            elif self._wanted is not None and self._wanted in self.choices:
                self.value = self._wanted
            if self.other is not None and (self._wanted is None or self._wanted not in self.choices):
                self.value = next((one for one in self.choices if one is not None and one != self.other.value), None)
            if self._wanted not in self._viewer.layers or self._follow:
                self._wanted = self.value

    def chosen(self) -> Layer | None:
        """The chosen layer; None where it may be left out and is.

        Raises
        ------
        HounsfieldError
            If there is no such layer.
        """
        layer: Layer | None = self.value
        if layer is None:
            if self.needed.required:
                kind = "labels" if self._wants_labels else "image"
                missing = "choose another" if any(self.choices) else "there is no"
                raise HounsfieldError(f"{self.label}: {missing} {kind} layer{'' if any(self.choices) else ' yet'}")
            return None
        if self.other is not None and layer == self.other.value:
            raise HounsfieldError(f"{self.other.label} and {self.label} are the same layer")
        return layer

    def read(self, like: Layer | None) -> Any:
        """Data of the chosen layer; None where it may be left out and is.

        Raises
        ------
        HounsfieldError
            If there is no such layer.
        """
        layer = self.chosen()
        if layer is None:
            return None
        if self.needed.kinds[0].__name__ == "Segmentation":
            return draft_of(layer, like)
        return read_at(layer, like, self._viewer.dims.current_step)


def read_at(layer: Layer, like: Layer | None, step: Sequence[int]) -> Volume | LabelMap | Features:
    """Data of a layer; of a time series the point that the sliders stand at, which are at `step`."""
    data = from_layer(layer, like)
    if isinstance(data, Volume) and data.axes.startswith("t"):
        return data.time_point(step[len(step) - layer.ndim])
    return data


def is_made_here(layer: Layer) -> bool:
    """Whether an image is a window, a probability or a sureness, which nobody takes for a scan."""
    template = getattr(layer.metadata.get(KEY), "template", None)
    return isinstance(template, Volume) and not template.unit and bool(template.history)


class ClassifierChoice(Container[Any]):
    """A classifier of the right kind that was trained or loaded in this viewer."""

    def __init__(self, viewer: ViewerModel, needed: Input) -> None:
        self._session = session_of(viewer)
        self.needed = needed
        tip = "Trained above, or loaded from a file"
        self._combo = ComboBox(name="chosen", choices=lambda _: self._names()[::-1], tooltip=tip)
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

    def _names(self) -> list[str]:
        return [name for name, classifier in self._session.classifiers.items() if isinstance(classifier, self.needed.kinds)]

    def refresh(self) -> None:
        """Offer the classifiers that are there now, and choose the newest if it is new."""
        names = self._names()
        if set(names) != set(self._combo.choices):
            self._combo.reset_choices()
            self._combo.value = names[-1]  # Qt keeps the order of those that it knows

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
        from napari_hounsfield import load_model

        from .notices import reported

        with reported():
            loaded: Any = load_model(path)
            if not isinstance(loaded, self.needed.kinds):
                whole = "whole images" if hasattr(loaded, "familiar") else "voxels"
                raise ModelError(f"{path.name}: a classifier of {whole}, which is not what is asked for here")
            self._session.keep(loaded, path.stem)

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
