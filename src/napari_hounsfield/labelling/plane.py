"""Recognition of one slice from its feature maps."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.operation import Progress
from napari_hounsfield.pixels.classifier import PixelClassifier
from napari_hounsfield.pixels.slab_recognition import recognise_maps
from napari_hounsfield.volume import Volume


@dataclass(frozen=True, eq=False)
class LabelledPlane:
    """What was recognised in a slice.

    Attributes
    ----------
    z
        Which one.
    labels
        (y, x) class numbers; background and padding are 0.
    sureness
        (y, x) float32, from 0 (a tie between two classes) to 1; 0 in the padding.
    """

    z: int
    labels: NDArray[np.unsignedinteger]
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
    found = yield from recognise_maps(classifier, maps[:, np.newaxis])
    labels, sureness = found.labels[0], found.sureness[0]
    if volume.valid is not None:
        labels[~volume.valid[z]], sureness[~volume.valid[z]] = 0, 0
    return LabelledPlane(z, labels, sureness)
