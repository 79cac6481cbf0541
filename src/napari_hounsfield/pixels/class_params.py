"""How an image is divided into first classes, and how their number is suggested."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from napari_hounsfield.errors import ParameterError
from napari_hounsfield.feature_stack import FeatureParams
from napari_hounsfield.intensity import is_hounsfield
from napari_hounsfield.operation import Params, number
from napari_hounsfield.volume import Volume

from .class_methods.isodata import IsodataParams
from .class_methods.tissue_table import TABLES

Criterion = Literal["auto", "knee", "silhouette", "calinski_harabasz", "bic"]


class SuggestParams(Params):
    """Which numbers of classes are tried, and what they are judged by."""

    method: Literal["kmeans", "gmm"] = "kmeans"
    """Clusters or Gaussian mixture of the features."""
    fewest: int = number(2, 2, 32)
    """Smallest number that is tried."""
    most: int = number(12, 2, 32)
    """Largest number that is tried."""
    criterion: Criterion = "auto"
    """What the number is judged by; auto: the knee of the curve for kmeans, BIC for gmm."""
    features: FeatureParams = Field(default_factory=FeatureParams)
    """What is seen of every voxel."""
    seed: int = number(0, 0, 2**31 - 1)
    """Of the voxels that are looked at, and of the first centres."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.fewest > self.most:
            raise ValueError(f"fewest {self.fewest} lies above most {self.most}")
        _check_criterion(self.criterion, self.method)
        return self

    def resolve(self, *data: Any) -> Self:
        """Choose the criterion by the method, and fill the features' blanks."""
        return self.model_copy(
            update={
                "criterion": chosen_criterion(self.criterion, self.method),
                "features": self.features.resolve(data[0]),
            }
        )


class ClassesParams(Params):
    """How the image is divided into classes."""

    presets: ClassVar[dict[str, dict[str, Any]]] = {"seed": {"method": "table", "table": "seed"}}

    method: Literal["auto", "table", "kmeans", "isodata", "gmm"] = "auto"
    """Tissue table (HU only), clusters, ISODATA or Gaussian mixture; auto: the table for HU unless a number is given."""
    table: Literal["default", "seed"] = "default"
    """Tissues of the table: disjoint ranges, or the overlapping ones of the seed paper."""
    count: int = number(0, 0, 32)
    """Number of classes; 0: suggested by the criterion (kmeans, gmm), or found by splitting and merging (isodata)."""
    criterion: Criterion = "auto"
    """What the number is suggested by; auto: the knee of the curve for kmeans, BIC for gmm."""
    isodata: IsodataParams = Field(default_factory=IsodataParams)
    """When isodata splits and merges."""
    features: FeatureParams = Field(default_factory=FeatureParams)
    """What kmeans, isodata and gmm see of every voxel."""
    probabilities: bool = False
    """Give the probability of every class (gmm), or its membership by distance (kmeans, isodata)."""
    seed: int = number(0, 0, 2**31 - 1)
    """Of the voxels that the classes are found on, and of the first centres."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.method == "table" and self.count:
            raise ValueError(
                f"the tissue table has {len(TABLES[self.table])} classes: leave out count, or choose kmeans, isodata or gmm"
            )
        if self.method == "table" and self.probabilities:
            raise ValueError("the tissue table gives no probabilities: choose kmeans, isodata or gmm")
        if self.method in ("kmeans", "gmm"):
            _check_criterion(self.criterion, self.method)
        return self

    def resolve(self, *data: Any) -> Self:
        """Choose method and criterion, and fill the features' blanks.

        Raises
        ------
        ParameterError
            If the tissue table is asked for and the unit is not HU.
        """
        volume: Volume = data[0]
        by_table = is_hounsfield(volume) and not self.count and not self.probabilities
        method = self.method if self.method != "auto" else "table" if by_table else "kmeans"
        if method == "table" and not is_hounsfield(volume):
            raise ParameterError(
                f"{volume.name or 'image'}: the tissue table is in HU, the unit here is {volume.unit or 'unknown'!r}"
            )
        features = self.features if method == "table" else self.features.resolve(volume)
        criterion = chosen_criterion(self.criterion, method)
        return self.model_copy(update={"method": method, "criterion": criterion, "features": features})

    def settled(self, result: Any) -> Self:
        """Take in the number of classes that was found, so that these parameters repeat the result."""
        return self if self.method == "table" else self.model_copy(update={"count": len(result.labels.classes)})

    @property
    def suggestion(self) -> SuggestParams:
        """How the number is suggested where none is given; of resolved parameters."""
        return SuggestParams(
            method="gmm" if self.method == "gmm" else "kmeans", criterion=self.criterion, features=self.features, seed=self.seed
        )


def chosen_criterion(criterion: Criterion, method: str) -> Criterion:
    """The criterion that `auto` stands for with a method; of a method that suggests nothing, what is given."""
    usual: dict[str, Criterion] = {"kmeans": "knee", "gmm": "bic"}
    return usual.get(method, criterion) if criterion == "auto" else criterion


def _check_criterion(criterion: Criterion, method: str) -> None:
    if criterion == "bic" and method != "gmm":
        raise ValueError("criterion bic judges a mixture: choose gmm, or another criterion")
    if criterion == "knee" and method == "gmm":
        raise ValueError("criterion knee judges the variance explained by clusters: choose kmeans, or another criterion")
