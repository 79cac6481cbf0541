"""A trained classifier of whole images, and the one file that holds it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from napari_hounsfield.errors import ModelError
from napari_hounsfield.formats.tensor_file import TensorFile
from napari_hounsfield.volume import Record

from .familiar import Familiar
from .models.model import ImageModel
from .models.registry import KINDS, kind_of
from .recipe import ImageRecipe

FILE = TensorFile("image classifier", 1, (1,), 1024 * 2**20)
MODEL, FAMILIAR = "model.", "familiar."
"""Begin the names of tensors."""
MOST_CLASSES = 1000


@dataclass(frozen=True, eq=False)
class ImageClassifier:
    """What training on whole images gives.

    Attributes
    ----------
    kind
        Name of the kind of model.
    model
        Trained.
    classes
        Names, in the order of its outputs.
    recipe
        How images are prepared.
    familiar
        The images that it learned from, as it sees them.
    card
        What it is for and what it is worth, JSON-ready: `data`, `figures`, `intended_use`, `limits`.
    history
        How it came about.
    """

    kind: str
    model: ImageModel = field(repr=False)
    classes: tuple[str, ...]
    recipe: ImageRecipe = field(repr=False)
    familiar: Familiar = field(repr=False)
    card: Mapping[str, Any] = field(repr=False)
    history: tuple[Record, ...] = field(default=(), repr=False)

    def with_record(self, record: Record) -> Self:
        """The same, with how it came about."""
        return replace(self, history=(*self.history, record))

    def save(self, path: str | Path, overwrite: bool = False) -> Path:
        """Write one file (.safetensors); it is read back before it gets its name.

        Raises
        ------
        WriteError
            If the file exists and `overwrite` is False, or cannot be written.
        """
        tensors = {MODEL + name: tensor for name, tensor in self.model.tensors().items()}
        tensors |= {FAMILIAR + name: tensor for name, tensor in self.familiar.tensors().items()}
        card = {
            "model": self.kind,
            "classes": list(self.classes),
            "recipe": self.recipe.model_dump(mode="json"),
            "card": dict(self.card),
            "history": [[record.operation, dict(record.parameters), record.version] for record in self.history],
        }
        return FILE.write(path, tensors, card, overwrite, load_image_classifier)


def load_image_classifier(path: str | Path) -> ImageClassifier:
    """Read a classifier of whole images that `ImageClassifier.save` wrote; nothing in the file is executed.

    Raises
    ------
    FormatError
        If the file is missing or is no safetensors file.
    ModelError
        If it is of another kind, is damaged, or comes from a newer version.
    """
    path = Path(path)
    tensors, card = FILE.read(path)
    try:
        name, classes = str(card["model"]), tuple(str(each) for each in card["classes"])
        if name not in KINDS:
            raise ModelError(f"holds a model of the unknown kind {name[:40]!r}")
        if not 2 <= len(classes) <= MOST_CLASSES or len(set(classes)) != len(classes):
            raise ModelError("its classes are not two or more different names")
        recipe = ImageRecipe(**card["recipe"])
        return ImageClassifier(
            name,
            kind_of(name).rebuild(_named(tensors, MODEL), recipe, len(classes)),
            classes,
            recipe,
            Familiar.from_tensors(_named(tensors, FAMILIAR), len(classes)),
            dict(card["card"]),
            tuple(Record(str(operation), dict(parameters), str(version)) for operation, parameters, version in card["history"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        reason = str(error) if isinstance(error, ModelError) else "its description is incomplete"
        raise ModelError(f"{path.name}: {reason}") from None


def _named(tensors: Mapping[str, Any], begin: str) -> dict[str, Any]:
    return {name.removeprefix(begin): tensor for name, tensor in tensors.items() if name.startswith(begin)}
