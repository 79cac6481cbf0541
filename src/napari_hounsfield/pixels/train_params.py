"""Parameters of training a pixel classifier."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, ClassVar, Self

from pydantic import Field

from napari_hounsfield.bp_params import BPParams
from napari_hounsfield.channels import Channels
from napari_hounsfield.errors import ParameterError
from napari_hounsfield.feature_stack import FeatureParams, recipe_of
from napari_hounsfield.operation import Params, number
from napari_hounsfield.results import Features
from napari_hounsfield.volume import Volume

from .boosting import BoostingParams
from .classifiers import Kind
from .forest import ForestParams
from .logistic import LogisticParams
from .svm import SVMParams

KIND_SWITCHES = ("intensity", "smooth", "gradient", "laplacian", "structure", "hessian", "position", "texture")


class TrainParams(Params):
    """Features, classifier and the part of the strokes that is held back."""

    presets: ClassVar[dict[str, dict[str, Any]]] = {
        "seed": {
            "classifier": "bp",
            "features": FeatureParams.presets["seed"],
            "bp": BPParams.presets["seed"],
            "calibrate": False,
        },
        "live": {"bp": BPParams.presets["live"], "refit": True},
    }

    classifier: Kind = "bp"
    """The BP network, or a classifier of scikit-learn to compare it with."""
    features: FeatureParams = Field(default_factory=FeatureParams)
    """What the classifier sees of every voxel."""
    keep: str = ""
    """Names of the maps that the classifier takes, separated by semicolons; empty: all of them."""
    bp: BPParams = Field(default_factory=BPParams)
    """The BP network and its training."""
    forest: ForestParams = Field(default_factory=ForestParams)
    """The random forest."""
    svm: SVMParams = Field(default_factory=SVMParams)
    """The support vector machine."""
    logistic: LogisticParams = Field(default_factory=LogisticParams)
    """The logistic regression."""
    boosting: BoostingParams = Field(default_factory=BoostingParams)
    """The gradient boosting."""
    holdout: float = number(0.25, 0.0, 0.9)
    """Part of each class's strokes held back for figures, where no test samples are given; a stroke is divided only if alone."""
    calibrate: bool = True
    """Make probabilities as frequent as they say, on what is held back."""
    refit: bool = False
    """Learn from the strokes held back too, after the figures were found on them."""
    seed: int = number(0, 0, 2**31 - 1)
    """Of the initial weights, the forest and the strokes held back."""

    @property
    def chosen(self) -> Params:
        """Parameters of the classifier that is chosen.

        Where the classifier sees the position, the better inputs of the BP network are the standardised ones: strokes held back
        cannot tell, since they lie where the others are, and decorrelated positions are carried on too far from there.
        """
        params: Params = getattr(self, self.classifier)
        if isinstance(params, BPParams) and params.inputs == "better" and self.needed.position:
            return params.model_copy(update={"inputs": "standardised"})
        return params

    @property
    def kept(self) -> list[str]:
        """Names of the maps that the classifier takes, in their order, once the features are resolved."""
        wanted = self._wanted
        return [name for name in self.features.names if not wanted or name in wanted]

    @property
    def _wanted(self) -> list[str]:
        return [name.strip() for name in self.keep.split(";") if name.strip()]

    @property
    def needed(self) -> FeatureParams:
        """The features without the kinds of which no map is taken."""
        return needed_kinds(self.features, self.kept)

    def resolve(self, *data: Any) -> Self:
        """Fill the features' blanks from the volume, or take the recipe of features that are given.

        Raises
        ------
        ParameterError
            If the features do not fit the image, or a map to keep is not among them.
        """
        volume: Volume | Channels = data[0]
        given = next((d for d in data if isinstance(d, Features)), None)
        known = given is not None and self.features == FeatureParams()
        features = recipe_of(given) if known and given is not None else self.features.resolve(volume)
        unknown = [name for name in self._wanted if name not in features.names]
        if unknown:
            raise ParameterError(f"keep: {unknown[0]!r} is not a map of these features, which are {'; '.join(features.names)}")
        return self.model_copy(update={"features": features})


def needed_kinds(features: FeatureParams, names: Collection[str]) -> FeatureParams:
    """Resolved parameters with every kind switched off of which no map is among the names."""
    for kind in KIND_SWITCHES:
        without = features.model_copy(update={kind: False})
        if getattr(features, kind) and not (set(features.names) - set(without.names)) & set(names):
            features = without
    needed = [c.model_copy(update={"features": needed_kinds(c.features, c.own(names))}) for c in features.channels]
    return features.model_copy(update={"channels": tuple(needed)}) if needed else features
