"""Training a pixel classifier on what was painted."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.errors import LabelError
from napari_hounsfield.feature_stack import feature_source
from napari_hounsfield.operation import Progress, operation, part
from napari_hounsfield.volume import Features, LabelMap, Samples, Volume

from .classifier import PixelClassifier
from .classifiers import fitted
from .train_params import TrainParams

__all__ = ["TrainParams", "train"]


@operation("train", TrainParams)
def train(
    volume: Volume,
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
        One scalar image.
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
    if test is None:
        trained_on, tested_on = hold_back(painted, params.holdout, np.random.default_rng(params.seed))
    else:
        trained_on, tested_on = painted, np.where(painted > 0, 0, _numbered_as(strokes, test, _painted(test, volume)))
        tested_on[~np.isin(tested_on, values)] = 0

    source = feature_source(volume, params.features, features)
    used = (trained_on > 0) | (tested_on > 0)
    rows = yield from part(source.at(used), 0.0, 0.4)
    truth, testing = np.where(trained_on > 0, trained_on, tested_on)[used], (tested_on > 0)[used]
    targets = np.searchsorted(values, truth)
    recogniser = yield from part(
        fitted(params.classifier, rows[~testing], targets[~testing], len(values), params.bp, params.forest, params.seed),
        0.4,
        0.95,
    )
    classes = dict(zip(values, names, strict=True))
    figures: dict[str, Any] = {}
    if testing.any():
        from napari_hounsfield.evaluation.figures import figures_of, macro_means

        predicted = (yield from part(recogniser.steps(rows[testing]), 0.95, 1.0)).argmax(axis=1)
        of_classes = figures_of(np.asarray(values)[predicted], truth[testing], classes)
        figures = {"classes": [c.to_json() for c in of_classes], "macro": macro_means(of_classes)}
    counts = {
        part_name: {classes[v]: int((truth[chosen] == v).sum()) for v in values}
        for part_name, chosen in (("train", ~testing), ("test", testing))
    }
    return PixelClassifier(params, classes, recogniser, volume.unit, volume.modality, counts, figures)


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


def hold_back(painted: NDArray[Any], share: float, random: np.random.Generator) -> tuple[NDArray[Any], NDArray[Any]]:
    """Divide strokes into a training and a test part, whole strokes each.

    Parameters
    ----------
    painted
        (z, y, x) labels, 0 unlabelled. A stroke is a connected part of one class in one slice.
    share
        Part of each class's voxels for the test, reached with whole strokes, at least one of them; a class of one stroke gives
        its last part.
    """
    from scipy.ndimage import label

    in_slice = np.zeros((3, 3, 3), bool)
    in_slice[1] = True
    test = np.zeros(painted.shape, painted.dtype)
    for value in np.unique(painted[painted > 0]):
        strokes, count = label(painted == value, in_slice)
        places = np.flatnonzero(strokes)
        stroke_of = strokes.ravel()[places]
        wanted = int(share * len(places))
        if count == 1:
            test.reshape(-1)[places[len(places) - wanted :]] = value
            continue
        sizes = np.bincount(stroke_of, minlength=count + 1)
        chosen: list[int] = []
        for stroke in random.permutation(np.arange(1, count + 1)):
            if sizes[stroke] <= wanted - sizes[chosen].sum():
                chosen.append(int(stroke))
        if share and not chosen:
            chosen = [1 + int(sizes[1:].argmin())]
        test.reshape(-1)[places[np.isin(stroke_of, chosen)]] = value
    return np.where(test > 0, 0, painted), test
