"""A trained pixel classifier, and the one file that holds it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from numpy.typing import NDArray

from napari_hounsfield.bp import BPNetwork
from napari_hounsfield.bp_course import Course
from napari_hounsfield.errors import ModelError
from napari_hounsfield.feature_stack import FeatureParams
from napari_hounsfield.formats.tensor_file import TensorFile
from napari_hounsfield.volume import Record

from .calibration import HIGHEST_TEMPERATURE, LOWEST_TEMPERATURE, tempered
from .classifiers import rebuilt
from .recogniser import Recogniser
from .train_params import TrainParams

if TYPE_CHECKING:
    import numpy as np

SCHEMA = 3
"""Schema 1 had no temperature and no loss curve, schema 2 no channels."""
FILE = TensorFile("pixel classifier", SCHEMA, (1, 2, SCHEMA), 512 * 2**20)


@dataclass(frozen=True, eq=False)
class PixelClassifier:
    """What training gives: features by their recipe, then a recogniser of classes.

    Attributes
    ----------
    params
        Resolved parameters of the training; the features of another image are computed by its recipe, in mm.
    classes
        Label value and name of each class, in the order of the recogniser's outputs.
    recogniser
        The trained BP network, or the forest.
    unit, modality
        Of the image it was trained on; of further channels they are in the recipe.
    counts
        Training and test samples of each class: `{"train": {name: n}, "test": {name: n}}`.
    figures
        Of the test samples, as `evaluate` gives them; empty where there were none.
    """

    params: TrainParams
    classes: Mapping[int, str]
    recogniser: Recogniser = field(repr=False)
    unit: str = ""
    modality: str = ""
    counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    figures: Mapping[str, Any] = field(default_factory=dict, repr=False)
    temperature: float = 1.0
    """Probabilities p become p ** (1 / temperature), scaled to sum to 1; above 1 makes them less sure. See `calibration`."""
    history: tuple[Record, ...] = field(default=(), repr=False)

    @property
    def recipe(self) -> FeatureParams:
        """How the features are computed."""
        return self.params.features

    @property
    def course(self) -> Course:
        """How the loss fell while the BP network was trained; of other classifiers it is empty."""
        return self.recogniser.course if isinstance(self.recogniser, BPNetwork) else Course()

    def calibrated(self, probabilities: NDArray[np.float32]) -> NDArray[np.float32]:
        """Probabilities (n, classes) of the recogniser at this classifier's temperature."""
        return tempered(probabilities, self.temperature)

    def with_record(self, record: Record) -> Self:
        """Return a copy whose history ends with `record`."""
        return replace(self, history=(*self.history, record))

    def save(self, path: str | Path, overwrite: bool = False) -> Path:
        """Write the classifier to one safetensors file.

        Raises
        ------
        WriteError
            If the file exists and `overwrite` is False, or cannot be written; nothing is left behind.
        """
        card = {
            "parameters": self.params.model_dump(mode="json"),
            "classes": [{"label": value, "name": name} for value, name in self.classes.items()],
            "unit": self.unit,
            "modality": self.modality,
            "counts": self.counts,
            "figures": self.figures,
            "temperature": self.temperature,
            "course": self.course.to_json(),
        }
        return FILE.write(path, self.recogniser.tensors(), card, overwrite, load_model)


def load_model(path: str | Path) -> PixelClassifier:
    """Read a classifier that `PixelClassifier.save` wrote.

    Nothing in the file is executed; shapes, finite values and the hash are checked.

    Raises
    ------
    FormatError
        If the file is missing or is no safetensors file.
    ModelError
        If it is no pixel classifier, is damaged, or comes from a newer version.
    """
    path = Path(path)
    tensors, card = FILE.read(path)
    try:
        params = TrainParams(**card["parameters"])
        classes = {int(c["label"]): str(c["name"]) for c in card["classes"]}
        if not all(0 < label < 2**31 for label in classes):
            raise ModelError("its class numbers are not positive")
        recogniser = rebuilt(params.classifier, tensors, params.chosen, params.seed)
        if isinstance(recogniser, BPNetwork) and "course" in card:
            recogniser = replace(recogniser, course=Course.from_json(card["course"]))
        temperature = float(card.get("temperature", 1.0))
        if not LOWEST_TEMPERATURE <= temperature <= HIGHEST_TEMPERATURE:
            raise ModelError("its temperature is out of range")
        model = PixelClassifier(
            params,
            classes,
            recogniser,
            str(card["unit"]),
            str(card["modality"]),
            dict(card["counts"]),
            dict(card["figures"]),
            temperature,
            (Record("train", params.model_dump(mode="json"), str(card["version"])),),
        )
    except (KeyError, TypeError, ValueError) as error:
        reason = str(error) if isinstance(error, ModelError) else "its description is incomplete"
        raise ModelError(f"{path.name}: {reason}") from None
    if recogniser.outputs != len(classes) or recogniser.inputs != len(params.kept):
        raise ModelError(f"{path.name}: its network does not fit its classes and features")
    return model
