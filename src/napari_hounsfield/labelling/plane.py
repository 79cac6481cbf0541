"""Recognition of one plane from its feature maps."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.editing.near import Plane
from napari_hounsfield.operation import Progress
from napari_hounsfield.pixels.classifier import PixelClassifier
from napari_hounsfield.pixels.slab_recognition import recognise_maps
from napari_hounsfield.volume import Volume


def in_plane(array: NDArray[Any], at: Plane) -> NDArray[Any]:
    """View of an array (z, y, x) in a plane."""
    plane: NDArray[Any] = np.moveaxis(array, at.axis, 0)[at.index]
    return plane


@dataclass(frozen=True, eq=False)
class LabelledPlane:
    """What was recognised in a plane.

    Attributes
    ----------
    at
        Which one.
    labels
        (y, x), (z, x) or (z, y) class numbers; background and padding are 0.
    sureness
        Of the same shape, float32, from 0 (a tie between two classes) to 1; 0 in the padding.
    """

    at: Plane
    labels: NDArray[np.unsignedinteger]
    sureness: NDArray[np.float32]


def labelled_plane(
    volume: Volume, classifier: PixelClassifier, maps: NDArray[np.float32], at: Plane
) -> Generator[Progress, None, LabelledPlane]:
    """Recognise a plane of an image.

    Parameters
    ----------
    maps
        Its features (maps, first axis, second axis).
    """
    found = yield from recognise_maps(classifier, maps[:, np.newaxis])
    labels, sureness = found.labels[0], found.sureness[0]
    if volume.valid is not None:
        padding = ~in_plane(volume.valid, at)
        labels[padding], sureness[padding] = 0, 0
    return LabelledPlane(at, labels, sureness)
