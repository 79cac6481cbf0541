"""The best of the support vector machines, by images left out of the training images in turn."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.errors import ModelError
from napari_hounsfield.images.prepared import PreparedImages
from napari_hounsfield.images.recipe import ImageRecipe
from napari_hounsfield.operation import Progress, part

from .described import DescribedModel
from .model import ModelKind
from .svm_gabor import GaborSVM
from .svm_hog import HogSVM
from .svm_pixels import PixelSVM

MACHINES = (GaborSVM(), HogSVM(), PixelSVM())


class BestSVM(ModelKind):
    """The support vector machine whose description suits the images."""

    name = "svm"
    title = "SVM"
    volumes = True

    def learn(self, images: PreparedImages, recipe: ImageRecipe, seed: int) -> Generator[Progress, None, DescribedModel]:
        """Learn from images; see `ModelKind.learn`."""
        best, highest = None, -1.0
        for number, machine in enumerate(MACHINES):
            steps = machine.learn_judged(images, seed)
            model, accuracy = yield from part(steps, number / len(MACHINES), (number + 1) / len(MACHINES))
            if accuracy > highest:
                best, highest = model, accuracy
        assert best is not None
        return best

    def rebuild(self, tensors: Mapping[str, NDArray[Any]], recipe: ImageRecipe, classes: int) -> DescribedModel:
        """Rebuild a model; see `ModelKind.rebuild`."""
        name = tensors.get("kind", np.empty(0, np.uint8)).tobytes()
        machine = next((one for one in MACHINES if one.name.encode() == name), None)
        if machine is None:
            raise ModelError(f"the tensors are not those of a {self.title}")
        return machine.rebuild(tensors, recipe, classes)
