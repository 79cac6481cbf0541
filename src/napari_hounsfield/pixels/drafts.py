"""Drafts of one image, some slices or all of it, by as many methods and numbers of classes as one likes to compare."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.errors import ParameterError
from napari_hounsfield.feature_params import FeatureParams
from napari_hounsfield.feature_stack import FeatureSource, feature_source
from napari_hounsfield.intensity import is_hounsfield
from napari_hounsfield.operation import Progress, part
from napari_hounsfield.results import Features, Segmentation
from napari_hounsfield.volume import Volume

from .class_count import ClassCount, class_count
from .class_methods.found import Found, find_classes
from .class_methods.model import assign
from .class_methods.sample import ClassSample, draw_sample
from .class_methods.tissue_table import TABLES, by_table
from .class_params import ClassesParams, SuggestParams


class Drafts:
    """First classes of one image, found once and assigned where one looks.

    The sample is drawn once, classes are found once a method and number, and the features of the slices that were assigned last
    are kept: a second draft of the same slices takes some milliseconds a slice.

    Parameters
    ----------
    volume
        One scalar image.
    features
        Features of the recipe that drafts ask for, where they are already there.

    Raises
    ------
    IntensityError
        If nothing was scanned, or the scanned field holds NaN.
    """

    def __init__(self, volume: Volume, features: Features | None = None) -> None:
        volume.require_scanned()
        self.volume = volume
        self._features = features
        self._sources: dict[FeatureParams, FeatureSource] = {}
        self._samples: dict[tuple[FeatureParams, int], ClassSample] = {}
        self._found: dict[ClassesParams, Found] = {}
        self._counts: dict[SuggestParams, ClassCount] = {}
        self._maps: tuple[FeatureParams, int, int, NDArray[np.float32]] | None = None

    def suggest(self, params: SuggestParams | None = None) -> Generator[Progress, None, ClassCount]:
        """Suggest a number of classes, as `suggest_classes` does."""
        params = (params or SuggestParams()).resolve(self.volume)
        if params not in self._counts:
            sample = yield from part(self._sample(params.features, params.seed), 0.0, 0.4)
            self._counts[params] = yield from part(class_count(sample, params), 0.4, 1.0)
        return self._counts[params]

    def slab(self, first: int, last: int, params: ClassesParams | None = None) -> Generator[Progress, None, Segmentation]:
        """Draft of slices `first` to `last` alone, on a grid of its own: equal to that part of the whole.

        Raises
        ------
        ParameterError
            If there are no such slices.
        """
        depth = len(self.volume.array)
        if not 0 <= first < last <= depth:
            raise ParameterError(f"{self.volume.name or 'image'}: slices {first} to {last} of {depth}")
        params = (params or ClassesParams()).resolve(self.volume)
        found = yield from part(self._classes(params), 0.0, 0.7)
        return (yield from part(self._assigned(first, last, params, found, keep=True), 0.7, 1.0))

    def whole(self, params: ClassesParams | None = None) -> Generator[Progress, None, Segmentation]:
        """Draft of the image, as `classes` gives it."""
        params = (params or ClassesParams()).resolve(self.volume)
        found = yield from part(self._classes(params), 0.0, 0.4)
        return (yield from part(self._assigned(0, len(self.volume.array), params, found, keep=False), 0.4, 1.0))

    def _source(self, recipe: FeatureParams) -> FeatureSource:
        if recipe not in self._sources:
            self._sources = {recipe: feature_source(self.volume, recipe, self._features)}
        return self._sources[recipe]

    def _sample(self, recipe: FeatureParams, seed: int) -> Generator[Progress, None, ClassSample]:
        key = (recipe, seed)
        if key not in self._samples:
            self._samples = {key: (yield from draw_sample(self._source(recipe), seed))}
        return self._samples[key]

    def _classes(self, params: ClassesParams) -> Generator[Progress, None, Found | None]:
        """Classes of resolved parameters; None for the table, which needs no finding."""
        if params.method == "table":
            return None
        key = params.model_copy(update={"probabilities": False})
        if key in self._found:
            return self._found[key]
        sample = yield from part(self._sample(params.features, params.seed), 0.0, 0.6)
        if not params.count and params.method != "isodata":
            count = yield from part(self.suggest(params.suggestion), 0.6, 0.9)
            params = params.model_copy(update={"count": count.suggested})
        steps = find_classes(sample, params, is_hounsfield(self.volume))
        self._found[key] = yield from part(steps, 0.9, 1.0)
        return self._found[key]

    def _assigned(
        self, first: int, last: int, params: ClassesParams, found: Found | None, keep: bool
    ) -> Generator[Progress, None, Segmentation]:
        volume = self.volume
        shape = (last - first, *volume.array.shape[1:])
        labels, sureness = np.empty(shape, np.uint8), np.empty(shape, np.float32)
        shares = np.empty((len(found.model), *shape), np.float32) if found is not None and params.probabilities else None
        if found is None:
            tissues = TABLES[params.table]
            names = {value: tissue.name for value, tissue in enumerate(tissues, 1)}
            for z in range(first, last):
                labels[z - first], sureness[z - first] = by_table(volume.array[z], tissues)
                yield Progress((z + 1 - first) / shape[0], "tissue table")
        else:
            names = found.names
            for start, stop in self._slabs(first, last, params.features):
                into = slice(start - first, stop - first)
                ends = (start - first) / shape[0], (start + stop - 2 * first) / 2 / shape[0], (stop - first) / shape[0]
                maps = yield from part(self._slab_maps(start, stop, params.features, keep), ends[0], ends[1])
                assigned = yield from part(assign(found.model, maps, shares is not None), ends[1], ends[2])
                labels[into] = assigned.labels.reshape(-1, *shape[1:])
                sureness[into] = assigned.sureness.reshape(-1, *shape[1:])
                if shares is not None and assigned.shares is not None:
                    shares[:, into] = assigned.shares.reshape(len(shares), -1, *shape[1:])
        place = self._part(first, last)
        if place.valid is not None:
            for array in (labels, sureness, shares):
                if array is not None:
                    array[..., ~place.valid] = 0
        recipe = params.model_dump(mode="json")
        probabilities = None if shares is None else Features.of(place, shares, list(names.values()), recipe)
        return Segmentation(place.label_map(labels, names), probabilities, sureness)

    def _slabs(self, first: int, last: int, recipe: FeatureParams) -> list[tuple[int, int]]:
        """Ranges of slices that keep a slab's features small."""
        step = next(stop - start for start, stop in self._source(recipe).slabs())
        return [(start, min(start + step, last)) for start in range(first, last, step)]

    def _slab_maps(
        self, first: int, last: int, recipe: FeatureParams, keep: bool
    ) -> Generator[Progress, None, NDArray[np.float32]]:
        """Features (maps, n) of some slices; kept for the next draft of them."""
        if self._maps is not None and self._maps[:3] == (recipe, first, last):
            return self._maps[3]
        source = self._source(recipe)
        maps = np.empty((len(source.names), last - first, *self.volume.array.shape[1:]), np.float32)
        yield from source.slab(first, last, maps)
        flat = maps.reshape(len(maps), -1)
        if keep:
            self._maps = (recipe, first, last, flat)
        return flat

    def _part(self, first: int, last: int) -> Volume:
        """The image's slices, where they lie."""
        volume = self.volume
        if (first, last) == (0, len(volume.array)):
            return volume
        affine = volume.affine.copy()
        affine[:3, 3] += volume.affine[:3, 0] * first
        valid = None if volume.valid is None else volume.valid[first:last]
        return replace(volume, array=volume.array[first:last], affine=affine, valid=valid, source=None)
