"""Recognition of a whole volume by a trained classifier."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace

import numpy as np

from napari_hounsfield.channels import Channels, as_channels
from napari_hounsfield.errors import ModelError, ParameterError
from napari_hounsfield.feature_stack import feature_source
from napari_hounsfield.operation import Params, Progress, operation, part
from napari_hounsfield.results import Features, Segmentation
from napari_hounsfield.volume import Volume

from .classifier import PixelClassifier
from .slab_recognition import class_numbers, recognise_maps
from .train_params import needed_kinds


class SegmentParams(Params):
    """What to give beside the labels."""

    probabilities: bool = False
    """Give the probability of every class."""
    sureness: bool = False
    """Give how far each voxel is from a tie between two classes."""


def channels_for(classifier: PixelClassifier, image: Volume | Channels) -> Channels:
    """The channels that a classifier was trained on, in its order.

    Raises
    ------
    ModelError
        If one is missing or of another unit or modality, or there are more.
    """
    channels = as_channels(image)
    main = channels.main
    if classifier.unit != main.unit:
        raise ModelError(
            f"{main.name or 'image'}: unit is {main.unit or 'unknown'!r}, "
            f"the classifier was trained on {classifier.unit or 'unknown'!r}"
        )
    if classifier.modality and main.modality and classifier.modality != main.modality:
        raise ModelError(
            f"{main.name or 'image'}: modality is {main.modality!r}, the classifier was trained on {classifier.modality!r}"
        )
    try:
        return channels.matched(classifier.recipe.channels)
    except ParameterError as error:
        raise ModelError(f"the classifier was trained on other channels: {error}") from None


def assumed(classifier: PixelClassifier, volume: Volume) -> tuple[str, ...]:
    """What recognition has to take for granted of an image that does not say all of what it is."""
    if classifier.modality and not volume.modality:
        name, unit = volume.name or "image", f" in {classifier.unit}" if classifier.unit else ""
        return (f"{name}: does not say its modality, and is taken as {classifier.modality}{unit}, as the classifier learned it",)
    return ()


@operation("segment", SegmentParams)
def segment(
    volume: Volume | Channels, classifier: PixelClassifier, features: Features | None = None, *, params: SegmentParams
) -> Generator[Progress, None, Segmentation]:
    """Recognise every voxel of a volume.

    Parameters
    ----------
    volume
        One scalar image of the unit that the classifier was trained on; its spacing may differ, features are in mm. The channels
        that it was trained on, in any order, where it was trained on several.
    classifier
        What `train` gave, or `load_model` read.
    features
        Features of the volume by the classifier's recipe, where they are already there.
    params
        What to give beside the labels.

    Returns
    -------
    Segmentation
        Labels keep the numbers of the classes; a class named `background`, and padding, is 0. It warns of an image that does not
        say its modality.

    Raises
    ------
    ModelError
        If the classifier was trained on another unit or modality, or on other channels.
    ParameterError
        If a filter of its recipe does not fit the image, or other features are given.
    """
    image = channels_for(classifier, volume)
    volume = image.frame
    recipe = classifier.recipe.resolve(image)
    needed = recipe if features is not None else needed_kinds(recipe, classifier.params.kept)
    source = feature_source(image, needed, features)
    taken = [source.names.index(name) for name in classifier.params.kept]
    shape = volume.array.shape
    numbers = class_numbers(classifier)
    labels = np.zeros(shape, numbers.dtype)
    maps_of = np.zeros((len(numbers), *shape), np.float32) if params.probabilities else None
    sureness = np.zeros(shape, np.float32) if params.sureness else None
    for first, last in source.slabs():
        maps = np.empty((len(source.names), last - first, *shape[1:]), np.float32)
        middle = (first + last) / 2
        yield from part(source.slab(first, last, maps), first / shape[0], middle / shape[0])
        some = maps if len(taken) == len(maps) else maps[taken]
        found = yield from part(recognise_maps(classifier, some), middle / shape[0], last / shape[0])
        labels[first:last] = found.labels
        if maps_of is not None:
            maps_of[:, first:last] = found.probabilities
        if sureness is not None:
            sureness[first:last] = found.sureness
    for array in (labels, maps_of, sureness):
        if array is not None and volume.valid is not None:
            array[..., ~volume.valid] = 0
    trained = replace(volume, history=(*volume.history, *classifier.history))
    names = dict(zip(numbers.tolist(), classifier.classes.values(), strict=True))
    probabilities = None
    if maps_of is not None:
        probabilities = Features.of(
            trained, maps_of, list(classifier.classes.values()), classifier.params.model_dump(mode="json")
        )
    return Segmentation(trained.label_map(labels, names), probabilities, sureness, assumed(classifier, volume))
