"""From painted voxels of any number of images to a classifier."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import replace

import numpy as np

from napari_hounsfield.bp import BPNetwork
from napari_hounsfield.errors import LabelError
from napari_hounsfield.operation import Progress
from napari_hounsfield.pixels.classifier import PixelClassifier
from napari_hounsfield.pixels.learning import PaintedSamples, catch_up, learn
from napari_hounsfield.pixels.train_params import TrainParams
from napari_hounsfield.volume import Volume

LIVE_MOST = 3000
"""Voxels, or little more, that are learned from while one paints: within a stroke neighbours say much the same."""
MUCH_MORE = 1.2
"""Voxels, in terms of those that were painted when strokes were held back last, after which they are held back again."""


def checked(painted: PaintedSamples, names: Mapping[int, str]) -> dict[int, str]:
    """Names of the classes that are painted.

    Raises
    ------
    LabelError
        If fewer than two are.
    """
    values = [int(value) for value in np.unique(painted.values)]
    if len(values) < 2:
        what = f"only {names.get(values[0], values[0])!r} is painted" if values else "nothing is painted"
        raise LabelError(f"{what}: paint at least two classes")
    return {value: names.get(value, f"label {value}") for value in values}


def taken(painted: PaintedSamples, names: list[str], kept: list[str]) -> PaintedSamples:
    """The same voxels with the maps that a classifier takes."""
    if names == kept:
        return painted
    return replace(painted, rows=np.ascontiguousarray(painted.rows[:, [names.index(name) for name in kept]]))


def thinned(painted: PaintedSamples, most: int = LIVE_MOST) -> PaintedSamples:
    """Every so manieth voxel of each stroke, and of every stroke at least one, where there are more than `most` voxels."""
    count = len(painted.values)
    if count <= most:
        return painted
    order = np.argsort(painted.strokes, kind="stable")
    _, starts, sizes = np.unique(painted.strokes[order], return_index=True, return_counts=True)
    rank = np.arange(count) - np.repeat(starts, sizes)
    taken = np.floor(rank * most / count) > np.floor((rank - 1) * most / count)
    return painted.some(np.sort(order[taken]))


def learned(
    painted: PaintedSamples, names: Mapping[int, str], params: TrainParams, image: Volume
) -> Generator[Progress, None, PixelClassifier]:
    """Train a classifier from the beginning, by all that is painted.

    Parameters
    ----------
    painted
        Painted voxels with the maps that the classifier takes.
    names
        Of the classes.
    params
        Resolved.
    image
        Whose unit and modality the classifier is for.

    Raises
    ------
    LabelError
        If fewer than two classes are painted.
    """
    return (yield from learn(painted, checked(painted, names), params, image.unit, image.modality))


class WarmLearning:
    """Trainings while one paints: each goes on from the last, by some of the voxels (`thinned`).

    Strokes are held back, for figures and calibration, only when much more is painted than the last time; in between the network
    just goes on learning, which takes half as long.
    """

    def __init__(self) -> None:
        self._judged: tuple[PixelClassifier, int] | None = None
        """The last classifier, and how many voxels were painted when strokes were held back."""

    def learned(
        self, painted: PaintedSamples, names: Mapping[int, str], params: TrainParams, image: Volume, last: PixelClassifier
    ) -> Generator[Progress, None, PixelClassifier]:
        """Go on from a classifier; parameters as of `learned`."""
        some, classes, count = thinned(painted), checked(painted, names), len(painted.values)
        known, judged = self._judged or (None, 0)
        alike = known is last and last.params == params and last.classes == classes and isinstance(last.recogniser, BPNetwork)
        if alike and params.refit and judged <= count <= MUCH_MORE * judged:
            classifier = yield from catch_up(some, last)
        else:
            classifier, judged = (yield from learn(some, classes, params, image.unit, image.modality, last)), count
        self._judged = classifier, judged
        return classifier
