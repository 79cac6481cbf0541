"""Parameters of training a pixel classifier."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, Self

from pydantic import Field

from napari_hounsfield.bp import BPParams
from napari_hounsfield.feature_stack import FeatureParams, recipe_of
from napari_hounsfield.operation import Params, number
from napari_hounsfield.volume import Features, Volume

from .classifiers import ForestParams


class TrainParams(Params):
    """Features, classifier and the part of the strokes that is held back."""

    presets: ClassVar[dict[str, dict[str, Any]]] = {
        "seed": {"classifier": "bp", "features": FeatureParams.presets["seed"], "bp": BPParams.presets["seed"]}
    }

    classifier: Literal["bp", "forest"] = "bp"
    """The BP network, or a random forest to compare it with."""
    features: FeatureParams = Field(default_factory=FeatureParams)
    """What the classifier sees of every voxel."""
    bp: BPParams = Field(default_factory=BPParams)
    """The BP network and its training."""
    forest: ForestParams = Field(default_factory=ForestParams)
    """The random forest."""
    holdout: float = number(0.25, 0.0, 0.9)
    """Part of each class's strokes held back for figures, where no test samples are given; a stroke is divided only if alone."""
    seed: int = number(0, 0, 2**31 - 1)
    """Of the initial weights, the forest and the strokes held back."""

    def resolve(self, *data: Any) -> Self:
        """Fill the features' blanks from the volume, or take the recipe of features that are given."""
        volume: Volume = data[0]
        given = next((d for d in data if isinstance(d, Features)), None)
        if given is not None and self.features == FeatureParams():
            return self.model_copy(update={"features": recipe_of(given)})
        return self.model_copy(update={"features": self.features.resolve(volume)})
