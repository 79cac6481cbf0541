"""Training on all images of a table: a classifier to use, with a card that says what it is worth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator
from typing import Any

import numpy as np
from pydantic import Field, field_validator

from napari_hounsfield.errors import ParameterError
from napari_hounsfield.operation import Params, Progress, number, operation, part

from .classifier import ImageClassifier
from .comparison import Comparison
from .crossvalidation import check_classes
from .familiar import Familiar
from .models.registry import KINDS, kind_of
from .preparing import Preparation, prepare
from .recipe import ImageRecipe
from .table import ImageTable

INTENDED_USE = "Research on images like those that it was trained on. Not for diagnosis."
LIMITS = (
    "Images of other scanners, protocols, ages or diseases may be classified wrongly without a sign of it.",
    "Its probabilities are those of a set with the training set's shares of the classes.",
)


class TrainImagesParams(Params):
    """Which model is trained, and how."""

    model: str = "dl-cnn"
    """Kind of model."""
    seed: int = number(0, 0, 2**31 - 1)
    """Of training."""
    recipe: ImageRecipe = Field(default_factory=ImageRecipe)
    """How images are prepared and learned."""

    @field_validator("model")
    @classmethod
    def _known_model(cls, name: str) -> str:
        if name not in KINDS:
            raise ValueError(f"{name!r} is not one of {', '.join(KINDS)}")
        return name


DEFAULTS = TrainImagesParams()


@operation("train_images", TrainImagesParams)
def train_images(
    table: ImageTable, comparison: Comparison | None = None, params: TrainImagesParams = DEFAULTS
) -> Generator[Progress, None, ImageClassifier]:
    """Train a classifier of whole images on all images of a table.

    Parameters
    ----------
    table
        From `read_image_table`.
    comparison
        What `crossvalidate` found on the same table: its figures go onto the classifier's card.
    params
        Model and recipe.

    Raises
    ------
    LabelError
        If there is one class alone.
    ParameterError
        If the model takes no volumes, or the comparison is of another model, recipe or table.
    """
    kind = kind_of(params.model)
    figures = _figures(comparison, table, params)
    prepared = yield from part(prepare(table, params.recipe.prepare), 0, 0.1)
    images = prepared.images
    check_classes(images)
    if images.volumes and not kind.volumes:
        raise ParameterError(f"model: {kind.name} takes images, not volumes; slices 0 takes the middle slice of each")
    model = yield from part(kind.learn(images, params.recipe, params.seed), 0.1, 0.9)
    embeddings = yield from part(model.embedding_steps(images.array), 0.9, 1.0)
    rows = np.array([entry.row for entry in prepared.entries], np.int64)
    familiar = Familiar(embeddings, images.targets, rows)
    card = {
        "data": _data(prepared),
        "figures": figures,
        "intended_use": INTENDED_USE,
        "limits": list(LIMITS),
    }
    return ImageClassifier(kind.name, model, tuple(images.classes), params.recipe, familiar, card)


def _data(prepared: Preparation) -> dict[str, Any]:
    """What it was trained on, without a name of a file or patient."""
    images = prepared.images
    counts = Counter(images.targets.tolist())
    return {
        "images": len(images),
        "patients": len(np.unique(images.patients)),
        "classes": [{"name": name, "images": counts[place]} for place, name in enumerate(images.classes)],
        "unreadable": len(prepared.unreadable),
        "table_sha256": prepared.table,
    }


def _figures(comparison: Comparison | None, table: ImageTable, params: TrainImagesParams) -> dict[str, Any]:
    """Figures of the cross-validation of the same model; empty where there is none."""
    if comparison is None:
        return {}
    record = comparison.record
    if params.model not in record["models"]:
        raise ParameterError(f"comparison: has no model {params.model}, but {', '.join(record['models'])}")
    if record["parameters"]["recipe"] != params.recipe.model_dump(mode="json"):
        raise ParameterError("comparison: was made by another recipe")
    if list(table.classes) != list(record["classes"]):
        raise ParameterError("comparison: is of other classes")
    kept = ("folds", "seed", "positive", "locked")
    pooled = record["models"][params.model]["pooled"]
    return {"crossvalidation": {**{name: record["parameters"][name] for name in kept}, "pooled": pooled}}
