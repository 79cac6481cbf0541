"""Parameters of comparing models by cross-validation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from pydantic import Field, field_validator

from napari_hounsfield.errors import LabelError, ParameterError
from napari_hounsfield.operation import Params, number

from .recipe import ImageRecipe

if TYPE_CHECKING:
    from .table import ImageTable


class CrossValidateParams(Params):
    """Which models are compared, on which folds."""

    models: str = "dl-cnn,cnn,svm,rnn"
    """Models to compare, separated by commas; each trains and is tested on the same folds."""
    folds: int = number(10, 2, 100)
    """Parts that are left out in turn; classes are in all of them as in the whole, and no patient is divided."""
    seed: int = number(0, 0, 2**31 - 1)
    """Of the folds and of training."""
    positive: str = ""
    """The class that sensitivity is of; blank: of two classes the second, of more the mean over all, each against the rest."""
    locked: float = number(0.0, 0.0, 0.5)
    """Share of the patients that is kept out of all folds and scored once, at the end; 0: none."""
    recipe: ImageRecipe = Field(default_factory=ImageRecipe)
    """How images are prepared and learned."""

    @field_validator("models")
    @classmethod
    def _known_models(cls, text: str) -> str:
        from .models.registry import KINDS

        names = [name.strip() for name in text.split(",") if name.strip()]
        if not names:
            raise ValueError(f"none is named; there are {', '.join(KINDS)}")
        if unknown := [name for name in names if name not in KINDS]:
            raise ValueError(f"{unknown[0]!r} is not one of {', '.join(KINDS)}")
        return ",".join(dict.fromkeys(names))

    @property
    def model_names(self) -> tuple[str, ...]:
        """The models, each once."""
        return tuple(self.models.split(","))

    def resolve(self, *data: Any) -> Self:
        """Name the positive class of two."""
        table: ImageTable = data[0]
        classes = table.classes
        if len(classes) < 2:
            raise LabelError("all images are of one class; there is nothing to tell apart")
        if self.positive and self.positive not in classes:
            raise ParameterError(f"positive: {self.positive!r} is none of the classes {', '.join(classes)}")
        if self.positive or len(classes) > 2:
            return self
        return self.model_copy(update={"positive": classes[1]})
