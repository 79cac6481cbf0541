"""What a model of whole images is: a kind that learns, and what it has learned."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from numpy.typing import NDArray

from napari_hounsfield.images.prepared import PreparedImages
from napari_hounsfield.images.recipe import ImageRecipe
from napari_hounsfield.operation import Progress

from .loss_point import LossPoint

if TYPE_CHECKING:
    import numpy as np


class ImageModel(Protocol):
    """A trained model."""

    @property
    def course(self) -> Sequence[LossPoint]:
        """How the loss fell; empty where there is none."""

    def steps(self, array: NDArray[np.float32]) -> Generator[Progress, None, NDArray[np.float32]]:
        """Class probabilities (n, classes), summing to 1, of images (n, y, x) or (n, z, y, x)."""

    def embedding_steps(self, array: NDArray[np.float32]) -> Generator[Progress, None, NDArray[np.float32]]:
        """What it sees of images, as features (n, k): of a network those before its last layer."""

    def tensors(self) -> dict[str, NDArray[Any]]:
        """Everything to save, by name."""


class ModelKind(ABC):
    """A kind of models: how one is learned, and rebuilt from what was saved. What a kind remembers changes no result."""

    name: ClassVar[str]
    """On the command line and in files."""
    title: ClassVar[str]
    """For people."""
    volumes: ClassVar[bool] = False
    """Whether it takes volumes (n, z, y, x) too."""

    @abstractmethod
    def learn(self, images: PreparedImages, recipe: ImageRecipe, seed: int) -> Generator[Progress, None, ImageModel]:
        """Learn from images, each of a known class, by nothing but them: scaling, choices and early stopping too.

        The same images, recipe and seed give the same model on the same machine.
        """

    @abstractmethod
    def rebuild(self, tensors: Mapping[str, NDArray[Any]], recipe: ImageRecipe, classes: int) -> ImageModel:
        """Rebuild a model from its tensors.

        Raises
        ------
        ModelError
            If the tensors are not those of the kind.
        """
