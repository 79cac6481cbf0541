"""The page of use: a classifier trained on all images, saved and loaded; layers classified, and why."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from magicgui.widgets import ComboBox, Container, Label

from napari_hounsfield._napari import preferences
from napari_hounsfield._napari.bridge import add, in_units_of, worlds
from napari_hounsfield._napari.fields import Fields, Fold
from napari_hounsfield._napari.form import RunBar
from napari_hounsfield._napari.inputs import ClassifierChoice, LayerChoice, is_made_here, read_at
from napari_hounsfield._napari.labelling.buttons import button, native, row
from napari_hounsfield._napari.layers import LayerTuple
from napari_hounsfield._napari.layout import rows, wrap
from napari_hounsfield._napari.notices import reported, tell
from napari_hounsfield._napari.session import session_of
from napari_hounsfield._napari.worker import Steps
from napari_hounsfield.errors import HounsfieldError, ModelError
from napari_hounsfield.images.classification import ImageDecision
from napari_hounsfield.images.classifier import ImageClassifier
from napari_hounsfield.images.image_training import TrainImagesParams, train_images
from napari_hounsfield.images.models.registry import KINDS
from napari_hounsfield.images.occlusion import OcclusionParams
from napari_hounsfield.images.table import read_image_table
from napari_hounsfield.operation import Input, Progress
from napari_hounsfield.volume import Volume

from .decisions import Decided, decision_steps, show_decisions, speaking_steps
from .image_layer import image_layer
from .nearest_table import NearestTable

if TYPE_CHECKING:
    from pathlib import Path

    from napari.components import ViewerModel
    from napari.layers import Layer

    from napari_hounsfield.images.comparison import Comparison

    from .compare_page import ComparePage


class UsePage(Container[Any]):
    """One classifier, and what it says.

    Parameters
    ----------
    viewer
        Whose layers are classified.
    compare
        Says which table, recipe and seed a classifier is trained by, and what the comparison found.
    """

    def __init__(self, viewer: ViewerModel, compare: ComparePage) -> None:
        self._viewer, self._compare = viewer, compare
        self.model = ComboBox(
            label="model", choices=list(KINDS), tooltip="Kind of model; its figures of Compare go onto its card"
        )
        self.classifier = ClassifierChoice(viewer, Input("classifier", (ImageClassifier,), True))
        self.image = LayerChoice(viewer, Input("image", (Volume,), True))
        self.hiding = Fields(OcclusionParams())
        self.bar = RunBar(self.classify, "Classify", "What the chosen image shows, in the classifier's terms")
        self.said = Label(value="Train a classifier on the table of Compare, or load one; then choose an image")
        wrap(self.said)
        self.nearest = NearestTable(self.show_training_image)
        super().__init__(
            widgets=[
                rows([self.model]),
                button("Train on all images", "With the table, recipe and seed of the page Compare", self.train),
                rows([self.classifier, self.image]),
                self.bar,
                row(
                    button("Classify all", "Every image layer, one after the other", self.classify_all),
                    button("What speaks for it", "A layer: which parts of the image its class comes from", self.explain),
                ),
                Fold("hidden_parts", self.hiding.container, "How parts of the image are hidden"),
                self.said,
                native(self.nearest),
            ],
            labels=False,
        )

    def train(self) -> None:
        """Train a classifier on all images of the table of Compare."""
        with reported():
            preferences.apply()
            path, asked = self._compare.table.needed(), self._compare.fields.params()
            params = TrainImagesParams(model=self.model.value, seed=asked.seed, recipe=asked.recipe)  # type: ignore[attr-defined]
            steps = _training(path, self._figures(params), params)
            self._start(steps, self._trained)

    def classify(self) -> None:
        """Classify the chosen image."""
        with reported():
            layer = self._layer()
            self._start(decision_steps([(layer, self._volume(layer))], self.classifier.read()), self._show)

    def classify_all(self) -> None:
        """Classify every image layer that is none of our results."""
        with reported():
            layers = [layer for layer in self.image.choices if layer is not None and not is_made_here(layer)]
            if not layers:
                raise HounsfieldError("image: there is no image layer yet")
            images = [(layer, self._volume(layer)) for layer in layers]
            self._start(decision_steps(images, self.classifier.read()), self._show)

    def explain(self) -> None:
        """Add a layer of what speaks for the class of the chosen image."""
        with reported():
            layer, params = self._layer(), self.hiding.params()
            assert isinstance(params, OcclusionParams)
            volume, stand = self._volume(layer), worlds(self._viewer)
            steps = speaking_steps(volume, self.classifier.read(), params, stand, layer.name)
            self._start(steps, lambda layers: self._add(layers, layer))

    def show_training_image(self, number: int) -> None:
        """Open the training image of a row, if the table of Compare is the one that the classifier was trained on."""
        with reported():
            digest = self.classifier.read().card["data"]["table_sha256"]
            steps = _training_image(self._compare.table.needed(), digest, number)
            self._start(steps, lambda layers: self._add(layers, None))

    def _start(self, steps: Steps, done: Callable[[Any], object]) -> None:
        if self.bar.busy:
            raise HounsfieldError("something runs already: wait for it, or cancel it")
        self.bar.start(steps, done)

    def _layer(self) -> Layer:
        layer = self.image.chosen()
        assert layer is not None
        return layer

    def _volume(self, layer: Layer) -> Volume:
        volume = read_at(layer, None, self._viewer.dims.current_step)
        assert isinstance(volume, Volume)
        return volume

    def _figures(self, params: TrainImagesParams) -> Comparison | None:
        """The comparison, where it is of this model and recipe."""
        comparison = self._compare.comparison
        if comparison is None or params.model not in comparison.record["models"]:
            return None
        fits: bool = comparison.record["parameters"]["recipe"] == params.recipe.model_dump(mode="json")
        return comparison if fits else None

    def _trained(self, classifier: ImageClassifier) -> None:
        name = session_of(self._viewer).keep(classifier, f"{classifier.kind} of {', '.join(classifier.classes)}")
        pooled = classifier.card["figures"].get("crossvalidation", {}).get("pooled")
        worth = f"accuracy {pooled['accuracy']:.3f} by cross-validation" if pooled else "no figures: it was not compared"
        self.said.value = f"{name}: trained on {classifier.card['data']['images']} images; {worth}"
        tell(f"{name} is trained")

    def _show(self, found: Sequence[Decided]) -> None:
        show_decisions(self._viewer, found)
        at_hand = next((each for each in found if each.layer == self.image.value), found[0])
        self.said.value = "<br>".join([f"<b>{at_hand.layer.name}: {at_hand.line}</b>", *_likely(at_hand.decision)])
        self.nearest.show_decision(at_hand.decision)

    def _add(self, layers: list[LayerTuple], on: Layer | None) -> None:
        add(self._viewer, in_units_of(layers, on))


def _likely(decision: ImageDecision | None) -> list[str]:
    if decision is None:
        return []
    ranked = sorted(decision.probabilities.items(), key=lambda pair: -pair[1])
    unlike = f"unlikeness {decision.unlikeness:.2f} (above 1: unlike the training images)"
    return [", ".join(f"{name} {value:.3f}" for name, value in ranked), unlike]


def _training(path: Path, comparison: Comparison | None, params: TrainImagesParams) -> Steps:
    yield Progress(0, "reading the table")
    table = read_image_table(path)
    return (yield from train_images.steps(table, comparison, params))


def _training_image(path: Path, digest: str, number: int) -> Steps:
    """Layer of the image of a row of a table of that digest."""
    yield Progress(0, "reading the image")
    table = read_image_table(path)
    entry = next((entry for entry in table.entries if entry.row == number), None)
    if entry is None or table.digest != digest:
        raise ModelError(f"{path.name}: is not the table that it was trained on, or not all of its images can be read")
    return [image_layer(entry.path, f"row {number}: {entry.label}")]
