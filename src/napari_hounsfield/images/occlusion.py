"""Where an image's class comes from: how much less probable it is when a part of the image is hidden."""

from __future__ import annotations

from collections.abc import Generator

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.errors import ParameterError
from napari_hounsfield.operation import Params, Progress, number, operation, part
from napari_hounsfield.results import Features
from napari_hounsfield.volume import Volume

from .classifier import ImageClassifier
from .preparing import prepared
from .shrinking import in_matrix

TOGETHER = 64
"""Hidden parts that are asked about in one go."""


class OcclusionParams(Params):
    """Which parts are hidden, one after the other."""

    size: float = number(0.2, 0.02, 1.0)
    """Side of the part that is hidden, in terms of the image's."""
    steps: int = number(12, 2, 64)
    """Places along rows and columns."""
    label: str = ""
    """Class whose probability is followed; blank: the most probable one."""


@operation("occlusion", OcclusionParams)
def occlusion(volume: Volume, classifier: ImageClassifier, params: OcclusionParams) -> Generator[Progress, None, Features]:
    """Show where an image's class comes from, for any kind of model.

    A square of the image's mean is laid over it in one place after the other; the map is how much the probability of the class
    falls, averaged over the squares that hide a voxel: above 0 where the image speaks for the class, below where against it.

    Returns
    -------
    Features
        One map (1, z, y, x) on the image's grid; of an image that is recognised by its middle slice all slices are alike.

    Raises
    ------
    ParameterError
        If there is no class of that name.

    References
    ----------
    Zeiler, Fergus: Visualizing and Understanding Convolutional Networks, 2014.
    """
    image = prepared(volume, classifier.recipe.prepare)
    likely = yield from part(classifier.model.steps(image[None]), 0, 0.05)
    target = int(likely[0].argmax())
    if params.label:
        if params.label not in classifier.classes:
            raise ParameterError(f"label: {params.label!r} is none of the classes {', '.join(classifier.classes)}")
        target = classifier.classes.index(params.label)
    drops = yield from part(_drops(classifier, image, target, float(likely[0, target]), params), 0.05, 1)
    planes = drops if drops.ndim == 3 else drops[None]
    depth, *size = volume.grid.shape
    resized = in_matrix(planes, (len(planes), *size))
    whole = np.repeat(resized, depth, axis=0) if len(resized) == 1 else resized[_nearest(len(resized), depth)]
    name = f"speaks for {classifier.classes[target]}"
    return Features.of(volume, whole[None], (name,), params.model_dump(mode="json"))


def _nearest(planes: int, depth: int) -> NDArray[np.intp]:
    return np.minimum(((np.arange(depth) + 0.5) * planes / depth).astype(np.intp), planes - 1)


def _drops(
    classifier: ImageClassifier, image: NDArray[np.float32], target: int, before: float, params: OcclusionParams
) -> Generator[Progress, None, NDArray[np.float64]]:
    rows, columns = image.shape[-2:]
    high, wide = max(1, round(params.size * rows)), max(1, round(params.size * columns))
    tops = np.unique(np.linspace(0, rows - high, params.steps).astype(int))
    lefts = np.unique(np.linspace(0, columns - wide, params.steps).astype(int))
    places = [(int(top), int(left)) for top in tops for left in lefts]
    total, times = np.zeros(image.shape), np.zeros(image.shape)
    for start in range(0, len(places), TOGETHER):
        some = places[start : start + TOGETHER]
        hidden = np.repeat(image[None], len(some), axis=0)
        for one, (top, left) in zip(hidden, some, strict=True):
            one[..., top : top + high, left : left + wide] = image.mean()
        done = (start / len(places), min(1.0, (start + TOGETHER) / len(places)))
        likely = yield from part(classifier.model.steps(hidden), *done)
        for found, (top, left) in zip(likely, some, strict=True):
            hole = (..., slice(top, top + high), slice(left, left + wide))
            total[hole] += before - float(found[target])
            times[hole] += 1
    drops: NDArray[np.float64] = total / np.maximum(times, 1)
    return drops
