"""Recognition of a plane, or of some slices, whose features are there: what a live view does after every stroke."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.errors import ModelError
from napari_hounsfield.operation import Progress, finish
from napari_hounsfield.volume import is_background

from .classifier import PixelClassifier

BLOCK = 16384
"""Voxels judged in one go, so that they stay in the cache."""


@dataclass(frozen=True, eq=False)
class Recognised:
    """What a classifier finds in some slices.

    Attributes
    ----------
    labels
        (z, y, x) numbers of the classes; a class named `background` is 0.
    probabilities
        float32 (classes, z, y, x), in the order of the classifier's classes, summing to 1.
    sureness
        float32 (z, y, x): from 0 (a tie between two classes) to 1, the margin between the two most probable classes.
    """

    labels: NDArray[np.unsignedinteger]
    probabilities: NDArray[np.float32]
    sureness: NDArray[np.float32]

    @property
    def entropy(self) -> NDArray[np.float32]:
        """(z, y, x): from 0 (sure) to 1 (all classes alike), the entropy of the probabilities by its largest value."""
        return entropy(self.probabilities)


def recognise_maps(classifier: PixelClassifier, maps: NDArray[np.float32]) -> Generator[Progress, None, Recognised]:
    """Recognise slices from their feature maps, in steps.

    Parameters
    ----------
    classifier
        A trained classifier.
    maps
        Features (maps, z, y, x) by the classifier's recipe (`classifier.recipe.names`) or only those that it takes
        (`classifier.params.kept`), float32 or float16; C-contiguous ones are used as they lie.

    Raises
    ------
    ModelError
        If the number of maps is another.
    """
    kept = classifier.params.kept
    if len(maps) != len(kept):
        names = classifier.recipe.names
        if len(maps) != len(names):
            raise ModelError(f"{len(maps)} feature maps, the classifier was trained on {len(names)}")
        maps = maps[[names.index(name) for name in kept]]
    found = yield from classifier.recogniser.steps(maps.reshape(len(maps), -1).T)
    probabilities = np.ascontiguousarray(classifier.calibrated(found).T)
    numbers = class_numbers(classifier)
    labels, sureness = best_of(probabilities, numbers)
    shape = maps.shape[1:]
    return Recognised(labels.reshape(shape), probabilities.reshape(-1, *shape), sureness.reshape(shape))


def recognise_plane(classifier: PixelClassifier, maps: NDArray[np.float32]) -> Recognised:
    """Recognise slices from their feature maps at once (`recognise_maps`); by the BP network in some milliseconds a plane."""
    return finish(recognise_maps(classifier, maps))


def class_numbers(classifier: PixelClassifier) -> NDArray[np.unsignedinteger]:
    """Number of each class in results: that of the strokes, and 0 for a background."""
    numbers = [0 if is_background(name) else value for value, name in classifier.classes.items()]
    return np.array(numbers, np.min_scalar_type(max(numbers)))


def best_of(
    probabilities: NDArray[np.float32], numbers: NDArray[np.unsignedinteger]
) -> tuple[NDArray[np.unsignedinteger], NDArray[np.float32]]:
    """Label (n,) and margin between the two most probable classes (n,), of probabilities (classes, n); the first wins a tie."""
    size = probabilities.shape[1]
    labels, margin = np.empty(size, numbers.dtype), np.empty(size, np.float32)
    higher, lower = np.empty(BLOCK, bool), np.empty(BLOCK, np.float32)
    best, second = np.empty(BLOCK, np.float32), np.empty(BLOCK, np.float32)
    for start in range(0, size, BLOCK):
        block = probabilities[:, start : start + BLOCK]
        n = block.shape[1]
        chosen = labels[start : start + n]
        best[:n], second[:n], chosen[...] = block[0], 0, numbers[0]
        for value, number in zip(block[1:], numbers[1:], strict=True):
            np.greater(value, best[:n], out=higher[:n])
            np.copyto(chosen, number, where=higher[:n])
            np.minimum(value, best[:n], out=lower[:n])
            np.maximum(second[:n], lower[:n], out=second[:n])
            np.maximum(value, best[:n], out=best[:n])
        np.subtract(best[:n], second[:n], out=margin[start : start + n])
    return labels, margin


def entropy(probabilities: NDArray[np.float32]) -> NDArray[np.float32]:
    """Entropy of probabilities (classes, ...) by its largest value: from 0 (sure) to 1 (all classes alike)."""
    total = np.zeros(probabilities.shape[1:], np.float32)
    for value in probabilities:
        total -= value * np.log(np.maximum(value, np.float32(1e-12)))
    total /= np.float32(np.log(len(probabilities)))
    return total
