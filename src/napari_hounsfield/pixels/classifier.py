"""A trained pixel classifier, and the one file that holds it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield._version import __version__
from napari_hounsfield.bp import BPNetwork
from napari_hounsfield.bp_course import Course
from napari_hounsfield.errors import FormatError, ModelError
from napari_hounsfield.feature_stack import FeatureParams
from napari_hounsfield.volume import Record

from .calibration import HIGHEST_TEMPERATURE, LOWEST_TEMPERATURE, tempered
from .classifiers import rebuilt
from .recogniser import Recogniser
from .train_params import TrainParams

METADATA_KEY = "napari-hounsfield"
KIND = "pixel classifier"
SCHEMA = 2
"""Schema 1 had no temperature and no loss curve."""
READABLE = (1, SCHEMA)
LARGEST_FILE = 512 * 2**20


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
        Of the image it was trained on.
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
        from safetensors.numpy import save

        from napari_hounsfield.formats.atomic import atomic_path

        tensors = {name: np.ascontiguousarray(t) for name, t in self.recogniser.tensors().items()}
        card = {
            "kind": KIND,
            "schema": SCHEMA,
            "version": __version__,
            "parameters": self.params.model_dump(mode="json"),
            "classes": [{"label": value, "name": name} for value, name in self.classes.items()],
            "unit": self.unit,
            "modality": self.modality,
            "counts": self.counts,
            "figures": self.figures,
            "temperature": self.temperature,
            "course": self.course.to_json(),
            "sha256": _digest(tensors),
        }
        target = Path(path)
        with atomic_path(target, overwrite) as temporary:
            temporary.write_bytes(save(tensors, {METADATA_KEY: json.dumps(card, sort_keys=True, allow_nan=False)}))
            load_model(temporary)
        return target


def _digest(tensors: Mapping[str, NDArray[Any]]) -> str:
    digest = hashlib.sha256()
    for name in sorted(tensors):
        tensor = tensors[name]
        digest.update(f"{name} {tensor.dtype.str} {tensor.shape}\n".encode())
        digest.update(tensor.tobytes())
    return digest.hexdigest()


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
    tensors, metadata = _open(path)
    try:
        card = json.loads(metadata[METADATA_KEY])
        kind, schema = card["kind"], card["schema"]
    except (KeyError, TypeError, ValueError, RecursionError):
        raise ModelError(f"{path.name}: not a model of napari-hounsfield") from None
    if kind != KIND:
        raise ModelError(f"{path.name}: holds a {str(kind)[:40]!r}, not a {KIND}")
    if schema not in READABLE:
        raise ModelError(f"{path.name}: written by another version (schema {str(schema)[:8]}, this one reads up to {SCHEMA})")
    if card.get("sha256") != _digest(tensors):
        raise ModelError(f"{path.name}: damaged, its tensors do not have the hash that was recorded")
    if not all(np.isfinite(t).all() for t in tensors.values()):
        raise ModelError(f"{path.name}: holds values that are not finite")
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


def _open(path: Path) -> tuple[dict[str, NDArray[Any]], dict[str, str]]:
    from safetensors import SafetensorError, safe_open

    try:
        if path.stat().st_size > LARGEST_FILE:
            raise ModelError(f"{path.name}: larger than any pixel classifier ({LARGEST_FILE >> 20} MiB)")
        with safe_open(path, framework="numpy") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118
    except OSError as error:
        raise FormatError(f"{path.name}: {error.strerror or 'cannot be read'}") from None
    except (SafetensorError, TypeError) as error:
        raise FormatError(f"{path.name}: not a safetensors file ({str(error)[:80]})") from None
