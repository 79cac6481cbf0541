"""Training a pixel classifier on what was painted."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.channels import Channels, as_channels
from napari_hounsfield.errors import LabelError
from napari_hounsfield.feature_stack import feature_source
from napari_hounsfield.operation import Progress, operation, part
from napari_hounsfield.results import Features, Samples
from napari_hounsfield.volume import LabelMap, Volume

from .classifier import PixelClassifier
from .learning import PaintedSamples, learn
from .stroke_parts import stroke_numbers
from .train_params import TrainParams

__all__ = ["TrainParams", "train"]


@operation("train", TrainParams)
def train(
    volume: Volume | Channels,
    strokes: LabelMap,
    test: LabelMap | None = None,
    features: Features | None = None,
    *,
    params: TrainParams,
) -> Generator[Progress, None, PixelClassifier]:
    """Train a classifier of voxels on strokes.

    Parameters
    ----------
    volume
        One scalar image, or several channels of a patient.
    strokes
        Painted voxels: 0 is unlabelled, every class, background too, has its own positive number.
    test
        Labelled voxels for the figures; without it, the test part of `Samples`, or a part of the strokes that is held back.
    features
        Features of the volume, where they are already there.
    params
        Features and classifier.

    Returns
    -------
    PixelClassifier
        With the figures on the test samples; padding is never trained on.

    Raises
    ------
    LabelError
        If nothing is painted, or only one class.
    GridError
        If the strokes do not lie on the image's grid.
    """
    samples, classes = yield from part(painted_samples(volume, strokes, test, features, params), 0.0, 0.4)
    main = as_channels(volume).main
    return (yield from part(learn(samples, classes, params, main.unit, main.modality), 0.4, 1.0))


def painted_samples(
    image: Volume | Channels, strokes: LabelMap, test: LabelMap | None, features: Features | None, params: TrainParams
) -> Generator[Progress, None, tuple[PaintedSamples, dict[int, str]]]:
    """Samples of an image, for `learn`, `cross_validate` and `importance`, and the names of their classes.

    Arguments and errors are those of `train`; `params` are resolved (`params.resolve(volume)`).
    """
    volume = as_channels(image).frame
    if test is None and isinstance(strokes, Samples):
        test = strokes.test
    name = strokes.name or "strokes"
    yield Progress(0.0, "strokes")
    painted = _painted(strokes, volume)
    if not painted.any():
        raise LabelError(f"{name}: no painted voxels" + (" inside the scanned field" if strokes.array.any() else ""))
    values = [int(v) for v in np.unique(painted) if v > 0]
    if len(values) < 2:
        raise LabelError(f"{name}: only one class is painted ({strokes.class_name(values[0])!r}), at least two are needed")
    names = [strokes.class_name(value) for value in values]
    if len(set(names)) < len(names):
        raise LabelError(f"{name}: two classes have the same name")
    classes = dict(zip(values, names, strict=True))
    used = painted > 0
    testing = None
    if test is not None:
        tested_on = np.where(used, 0, _numbered_as(strokes, test, _painted(test, volume)))
        tested_on[~np.isin(tested_on, values)] = 0
        testing = (tested_on > 0)[used | (tested_on > 0)]
        painted = np.where(used, painted, tested_on)
        used = painted > 0
    source = feature_source(image, params.features if features is not None else params.needed, features)
    rows = yield from source.at(used)
    taken = [source.names.index(name) for name in params.kept]
    some = rows if len(taken) == rows.shape[1] else np.ascontiguousarray(rows[:, taken])
    slices = np.broadcast_to(np.arange(len(painted))[:, None, None], painted.shape)[used]
    return PaintedSamples(some, painted[used], stroke_numbers(painted)[used], testing, slices), classes


def _painted(strokes: LabelMap, volume: Volume) -> NDArray[Any]:
    """Labels on the volume's grid, without those in the padding."""
    array = strokes.on(volume.grid).array
    if array.min() < 0:
        raise LabelError(f"{strokes.name or 'strokes'}: negative labels")
    return array if volume.valid is None else np.where(volume.valid, array, 0)


def _numbered_as(strokes: LabelMap, test: LabelMap, array: NDArray[Any]) -> NDArray[Any]:
    """Test labels with the strokes' numbers, where both maps name their classes."""
    number = {name: value for value, name in strokes.classes.items()}
    if not number or not test.classes:
        return array
    renumbered = np.zeros(array.shape, strokes.array.dtype)
    for value in test.values():
        if value > 0:
            renumbered[array == value] = number.get(test.class_name(value), 0)
    return renumbered
