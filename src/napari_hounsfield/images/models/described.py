"""Kinds that describe an image by numbers, and learn those by a classifier of scikit-learn."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.errors import ModelError
from napari_hounsfield.images.folds import stratified_folds
from napari_hounsfield.images.prepared import PreparedImages
from napari_hounsfield.images.recipe import ImageRecipe
from napari_hounsfield.operation import Params, Progress, part
from napari_hounsfield.pixels.sample_classifier import SampleClassifier

from .loss_point import LossPoint
from .model import ModelKind
from .remembered import Remembered

INNER_FOLDS = 3
"""Parts of the training images, by patient, on which parameters are chosen."""
Rows = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class DescribedModel:
    """A trained model.

    Attributes
    ----------
    kind
        How images are described.
    classifier
        Keeps its samples, and is learned again when it is first used.
    choice
        Place among the kind's `choices` of the parameters that were chosen.
    seed
        Of the classifier.
    """

    kind: DescribedKind
    classifier: SampleClassifier[Any]
    choice: int
    seed: int
    course: Sequence[LossPoint] = ()

    def steps(self, array: Rows) -> Generator[Progress, None, Rows]:
        """Class probabilities (n, classes) of images (n, y, x) or (n, z, y, x)."""
        rows = yield from part(self.embedding_steps(array), 0, 0.8)
        return (yield from part(self.classifier.steps(rows), 0.8, 1))

    def embedding_steps(self, array: Rows) -> Generator[Progress, None, Rows]:
        """Descriptions (n, features), as they are learned from."""
        return (yield from self.kind.remembered.steps(array))

    def tensors(self) -> dict[str, NDArray[Any]]:
        """Samples, choice, and the name of the kind."""
        choice = np.array([self.choice, self.seed], np.int64)
        name = np.frombuffer(self.kind.name.encode(), np.uint8)
        return {**self.classifier.tensors(), "choice": choice, "kind": name}


class DescribedKind(ModelKind):
    """Describe and learn; parameters are chosen on parts of the training images."""

    volumes = True
    classifier: ClassVar[type[SampleClassifier[Any]]]

    @cached_property
    def remembered(self) -> Remembered:
        """Descriptions, of which those of an image are made once."""
        return Remembered(self.describe)

    @property
    @abstractmethod
    def choices(self) -> Sequence[Params]:
        """Parameters of the classifier to choose from."""

    @abstractmethod
    def describe(self, array: Rows) -> Generator[Progress, None, Rows]:
        """Numbers (n, features) of images (n, y, x) or (n, z, y, x), each by itself."""

    def learn(self, images: PreparedImages, recipe: ImageRecipe, seed: int) -> Generator[Progress, None, DescribedModel]:
        """Learn from images; see `ModelKind.learn`."""
        model, _ = yield from self.learn_judged(images, seed)
        return model

    def learn_judged(self, images: PreparedImages, seed: int) -> Generator[Progress, None, tuple[DescribedModel, float]]:
        """The model, and the accuracy of its parameters on images left out in turn."""
        rows = yield from part(self.remembered.steps(images.array), 0, 0.5)
        choice, accuracy = yield from part(self._chosen(rows, images, seed), 0.5, 0.9)
        model = yield from part(self._fitted(rows, images.targets, choice, seed), 0.9, 1)
        return model, accuracy

    def _chosen(self, rows: Rows, images: PreparedImages, seed: int) -> Generator[Progress, None, tuple[int, float]]:
        """Place of the choice that is right most often, and how often; the first of equals."""
        folds = min(INNER_FOLDS, int(images.patients.max()) + 1, len(np.unique(images.patients)))
        if folds < 2 or len(self.choices) < 2:
            return 0, 0.0
        fold = stratified_folds(images.targets, images.patients, folds, seed).of
        right, total = np.zeros(len(self.choices)), folds * len(self.choices)
        for number in range(folds):
            learned, judged = fold != number, fold == number
            if len(np.unique(images.targets[learned])) < len(images.classes):
                continue
            for choice in range(len(self.choices)):
                done = number * len(self.choices) + choice
                steps = self._fitted(rows[learned], images.targets[learned], choice, seed)
                model = yield from part(steps, done / total, (done + 1) / total)
                found = model.classifier.probabilities(rows[judged])
                right[choice] += np.sum(found.argmax(axis=1) == images.targets[judged])
        return int(right.argmax()), float(right.max()) / len(rows)

    def _fitted(
        self, rows: Rows, targets: NDArray[np.int64], choice: int, seed: int
    ) -> Generator[Progress, None, DescribedModel]:
        classifier = self.classifier(np.ascontiguousarray(rows), targets, self.choices[choice], seed)
        yield from classifier.learned()
        return DescribedModel(self, classifier, choice, seed)

    def rebuild(self, tensors: Mapping[str, NDArray[Any]], recipe: ImageRecipe, classes: int) -> DescribedModel:
        """Rebuild a model; see `ModelKind.rebuild`."""
        choice = tensors.get("choice")
        if choice is None or choice.shape != (2,) or not 0 <= int(choice[0]) < len(self.choices):
            raise ModelError(f"the tensors are not those of a {self.title}")
        place, seed = (int(value) for value in choice)
        classifier = self.classifier.from_tensors(tensors, self.choices[place], seed)
        if classifier.outputs != classes:
            raise ModelError(f"the {self.title} knows {classifier.outputs} classes, not {classes}")
        return DescribedModel(self, classifier, place, seed)
