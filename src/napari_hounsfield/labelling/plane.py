"""Recognition of one slice from its feature maps."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.operation import Progress
from napari_hounsfield.pixels.classifier import PixelClassifier
from napari_hounsfield.volume import Volume, is_background


@dataclass(frozen=True, eq=False)
class LabelledPlane:
    """What was recognised in a slice.

    Attributes
    ----------
    labels
        (y, x) class numbers; background and padding are 0.
    sureness
        (y, x) float32, from 0 (a tie between two classes) to 1; 0 in the padding.
    """

    z: int
    labels: NDArray[np.uint8]
    sureness: NDArray[np.float32]


def labelled_plane(
    volume: Volume, classifier: PixelClassifier, maps: NDArray[np.float32], z: int
) -> Generator[Progress, None, LabelledPlane]:
    """Recognise a slice of an image.

    Parameters
    ----------
    maps
        Its features (maps, y, x).
    """
    shape = maps.shape[1:]
    found = yield from classifier.recogniser.steps(maps.reshape(len(maps), -1).T)
    numbers = np.array([0 if is_background(name) else value for value, name in classifier.classes.items()], np.uint8)
    best = np.partition(found, -2, axis=1)[:, -2:]
    labels, sureness = numbers[found.argmax(axis=1)].reshape(shape), (best[:, 1] - best[:, 0]).reshape(shape)
    if volume.valid is not None:
        labels[~volume.valid[z]], sureness[~volume.valid[z]] = 0, 0
    return LabelledPlane(z, labels, sureness)
