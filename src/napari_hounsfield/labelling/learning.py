"""From painted voxels of any number of images to a classifier."""

from __future__ import annotations

from collections.abc import Generator, Mapping

import numpy as np

from napari_hounsfield.errors import LabelError
from napari_hounsfield.operation import Progress
from napari_hounsfield.pixels.classifier import PixelClassifier
from napari_hounsfield.pixels.classifiers import fitted
from napari_hounsfield.pixels.train_params import TrainParams
from napari_hounsfield.volume import Volume

from .stroke_features import Painted


def learned(
    painted: Painted, names: Mapping[int, str], params: TrainParams, image: Volume, last: PixelClassifier | None
) -> Generator[Progress, None, PixelClassifier]:
    """Train a classifier.

    Parameters
    ----------
    painted
        Features and classes of painted voxels.
    names
        Of the classes.
    params
        Resolved.
    image
        Whose unit and modality the classifier is for.
    last
        Classifier to go on from; None: from the beginning.

    Raises
    ------
    LabelError
        If fewer than two classes are painted.
    """
    values = [int(value) for value in np.unique(painted.values)]
    if len(values) < 2:
        what = f"only {names.get(values[0], values[0])!r} is painted" if values else "nothing is painted"
        raise LabelError(f"{what}: paint at least two classes")
    targets = np.searchsorted(values, painted.values).astype(np.int64)
    recogniser = yield from fitted(params.classifier, painted.rows, targets, len(values), params.bp, params.forest, params.seed)
    classes = {value: names.get(value, f"label {value}") for value in values}
    counts = {"train": {classes[v]: int((painted.values == v).sum()) for v in values}}
    return PixelClassifier(params, classes, recogniser, image.unit, image.modality, counts)
