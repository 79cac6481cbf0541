"""What recognition of voxels is measured on: textures of the phantom, tissues, lungs and organs of real CT."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

import napari_hounsfield as nh
from napari_hounsfield.demo.phantom import PhantomParams, chest_phantom
from napari_hounsfield.demo.strokes import StrokeParams, draw_strokes
from napari_hounsfield.pixels.learning import PaintedSamples
from napari_hounsfield.pixels.stroke_parts import stroke_numbers

from .real_ct import data_folder, lung_case, organ_case

JUDGED = 60_000
"""Voxels that are not painted, drawn by chance, on which everything is judged."""


@dataclass(frozen=True, eq=False)
class Case:
    """An image, its reference, and its features."""

    name: str
    volume: nh.Volume
    reference: nh.LabelMap
    """Every class by a positive number; 0 is unknown."""
    features: nh.Features

    @cached_property
    def params(self) -> nh.FeatureParams:
        """Recipe of the features."""
        return nh.FeatureParams(**self.features.recipe)

    def strokes(self, voxels: int, seed: int, slices: int = 5) -> np.ndarray:
        """Painted labels; many voxels are painted with a wider brush."""
        brush = {"width": 3, "length": 20} if voxels > 5000 else {}
        return draw_strokes(self.reference, StrokeParams(slices=slices, voxels=voxels, seed=seed, **brush)).array

    def samples(self, painted: np.ndarray) -> PaintedSamples:
        """Samples of what is painted."""
        used = painted > 0
        slices = np.broadcast_to(np.arange(len(painted))[:, None, None], painted.shape)[used]
        rows = np.ascontiguousarray(self.features.array[:, used].T)
        return PaintedSamples(rows, painted[used], stroke_numbers(painted)[used], None, slices)

    def judged(self, painted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Features and labels of voxels that are not painted."""
        known = (self.reference.array > 0) & (painted == 0)
        places = np.sort(np.random.default_rng(0).choice(np.flatnonzero(known), JUDGED, replace=False))
        maps = self.features.array.reshape(len(self.features.array), -1)
        return np.ascontiguousarray(maps[:, places].T), self.reference.array.reshape(-1)[places]


def cases(*names: str) -> Iterator[Case]:
    """The cases of some names, or all."""
    makers = {"texture": _texture, "tissues": _tissues, "lungs": _lungs, "organs": _organs}
    for name in names or tuple(makers):
        volume, reference, chosen = makers[name]()
        yield Case(name, volume, _positive(volume, reference), nh.features(volume, chosen))


def _texture() -> tuple[nh.Volume, nh.LabelMap, nh.FeatureParams]:
    phantom = chest_phantom(PhantomParams(slices=48))
    return phantom.volume, phantom.reference, nh.FeatureParams()


def _lungs() -> tuple[nh.Volume, nh.LabelMap, nh.FeatureParams]:
    return (*lung_case(data_folder()), nh.FeatureParams())


def _organs() -> tuple[nh.Volume, nh.LabelMap, nh.FeatureParams]:
    return (*organ_case(data_folder()), nh.FeatureParams(position=True))


def _tissues() -> tuple[nh.Volume, nh.LabelMap, nh.FeatureParams]:
    volume, _ = organ_case(data_folder())
    return volume, nh.classes(volume, nh.ClassesParams(method="table")).labels, nh.FeatureParams()


def _positive(volume: nh.Volume, reference: nh.LabelMap) -> nh.LabelMap:
    """A background as a class with a number of its own; padding is unknown."""
    array, classes = reference.array.astype(np.uint8), dict(reference.classes)
    if classes.pop(0, None):
        background = max(classes) + 1
        array[array == 0] = background
        classes[background] = "rest"
    if volume.valid is not None:
        array[~volume.valid] = 0
    return replace(reference, array=array, classes=classes)
