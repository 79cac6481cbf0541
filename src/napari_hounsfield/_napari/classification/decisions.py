"""What a classifier says of layers: found in a thread, written to their metadata, shown over the canvas."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_hounsfield._napari import overlay
from napari_hounsfield._napari.layers import Worlds, layer_tuples
from napari_hounsfield._napari.notices import warn
from napari_hounsfield._napari.worker import Steps
from napari_hounsfield.errors import HounsfieldError
from napari_hounsfield.images.classification import UNLIKE, ImageDecision, classify
from napari_hounsfield.images.classifier import ImageClassifier
from napari_hounsfield.images.occlusion import OcclusionParams, occlusion
from napari_hounsfield.operation import Progress, part
from napari_hounsfield.volume import Volume

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

SAID = "classification"
"""Key in a layer's metadata: label, probabilities, unlikeness and nearest training images, JSON-ready."""


FOR_AND_AGAINST = {
    "name": "for, against",
    "colors": [[0.1, 0.45, 1, 0.8], [0.1, 0.45, 1, 0], [1, 0.25, 0, 0], [1, 0.25, 0, 0.8]],
    "controls": [0, 0.5, 0.5, 1],
}
"""Blue where an image speaks against its class, red where for it; where it says nothing the image is seen."""


@dataclass(frozen=True, eq=False)
class Decided:
    """What is said of a layer: a decision, or why there is none."""

    layer: Layer
    decision: ImageDecision | None
    trouble: str = ""

    @property
    def line(self) -> str:
        """In a line."""
        return self.decision.summary if self.decision is not None else self.trouble


def decision_steps(images: Sequence[tuple[Layer, Volume]], classifier: ImageClassifier) -> Steps:
    """Classify images, one after the other; one that cannot be classified does not keep the others from it."""
    found = []
    for place, (layer, volume) in enumerate(images):
        try:
            done = yield from part(classify.steps(volume, classifier), place / len(images), (place + 1) / len(images))
            found.append(Decided(layer, done.decisions[0]))
        except HounsfieldError as error:
            found.append(Decided(layer, None, str(error)))
    return found


def show_decisions(viewer: ViewerModel, found: Sequence[Decided]) -> None:
    """Write what is said into the layers' metadata and over the canvas, and warn of what is unlike the training images."""
    there = [each for each in found if each.layer in viewer.layers]
    for each in there:
        if each.decision is not None:
            each.layer.metadata = {**each.layer.metadata, SAID: each.decision.to_json()}
    if len(there) == 1:
        overlay.show(viewer, there[0].layer.name, [there[0].line], there[0].layer)
    elif there:
        overlay.show(viewer, "recognised:", [f"{each.layer.name}: {each.line}" for each in there])
    unlike = [each.layer.name for each in there if each.decision is not None and each.decision.unlike]
    warn([f"{name}: {UNLIKE}, so that its label means little" for name in unlike])
    warn([f"{each.layer.name}: {each.trouble}" for each in there if each.trouble])


def speaking_steps(volume: Volume, classifier: ImageClassifier, params: OcclusionParams, worlds: Worlds, title: str) -> Steps:
    """The layer of what speaks for an image's class: red where it does, blue where it speaks against it."""
    features = yield from occlusion.steps(volume, classifier, params)
    yield Progress(1, "layer")
    one = Volume(features.array[0], features.affine, frame_of_reference=features.frame_of_reference, history=features.history)
    ((array, arguments, kind),) = layer_tuples(one, worlds, f"{title}: {features.names[0]}")
    reach = float(np.abs(array).max()) or 1.0
    look = {"colormap": FOR_AND_AGAINST, "contrast_limits": (-reach, reach), "blending": "translucent", "opacity": 1.0}
    return [(array, {**arguments, **look}, kind)]
