"""The feature engine: what a classifier sees of every voxel, whole or slab by slab."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from functools import partial
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from .channels import Channels, as_channels
from .errors import GridError, ParameterError
from .feature_maps import KINDS
from .feature_maps.image import FeatureImage
from .feature_maps.slab import Slab
from .feature_params import FeatureParams
from .memory import available_memory
from .operation import Progress, operation, part
from .results import Features
from .volume import Volume

__all__ = ["FeatureEngine", "FeatureParams", "FeatureSource", "StoredFeatures", "feature_source", "features", "features_into"]

SLAB_VOXELS = 4_000_000
"""Voxels of a slab times maps: 16 MB of float32, so that a step of a long pass stays short."""


Steps = Generator[Progress, None, None]


class FeatureEngine:
    """Features of one image, or of several channels one after the other, made slab by slab so that memory stays bounded.

    Parameters
    ----------
    image
        One scalar image, or channels.
    params
        Resolved parameters.

    Attributes
    ----------
    volume
        The image; of channels the main one, valid where all are.

    Raises
    ------
    ParameterError
        If the channels are not those of the parameters.
    """

    def __init__(self, image: Volume | Channels, params: FeatureParams) -> None:
        channels = as_channels(image).matched(params.channels)
        self.volume, self.params = channels.frame, params
        self.names = params.names
        recipes = (params, *(channel.features for channel in params.channels))
        self._channels = [_ChannelMaps(volume, recipe) for volume, recipe in zip(channels.volumes, recipes, strict=True)]

    @property
    def reach(self) -> int:
        """Slices beyond a slice that its features depend on; the place in the body, found once, is not counted."""
        return max((kind.reach for channel in self._channels for kind, _ in channel.kinds), default=0)

    def slab(self, first: int, last: int, out: NDArray[np.float32]) -> Generator[Progress, None, None]:
        """Write the maps of slices `first` to `last` into `out` (maps, last - first, y, x)."""
        for maps, compute in self.groups(first, last):
            yield from part(compute(out[maps]), maps.start / len(out), maps.stop / len(out))

    def groups(self, first: int, last: int) -> Iterator[tuple[slice, Callable[[NDArray[np.float32]], Steps]]]:
        """For each kind its range of maps, and what writes them, of slices `first` to `last`, into an array of their own."""
        start = 0
        for channel in self._channels:
            slab = Slab(channel.image, first, last)
            for kind, count in channel.kinds:
                if not kind.derives:
                    slab = Slab(channel.image, first, last)  # what was kept is needed no more
                yield slice(start, start + count), partial(kind.compute, slab)
                start += count

    def slabs(self) -> Iterator[tuple[int, int]]:
        """Ranges of slices that keep a slab's features small."""
        return _slabs(self.volume.array.shape, len(self.names))

    def at(self, mask: NDArray[np.bool_]) -> Generator[Progress, None, NDArray[np.float32]]:
        """Features (n, maps) of the voxels of a mask (z, y, x), in the array's order; only their slices are computed."""
        slices = np.flatnonzero(mask.any(axis=(1, 2)))
        rows = []
        out = np.empty((len(self.names), 1, *mask.shape[1:]), np.float32)
        for done, z in enumerate(slices):
            yield from part(self.slab(int(z), int(z) + 1, out), done / len(slices), (done + 1) / len(slices))
            rows.append(out[:, 0][:, mask[z]].T.copy())
        return np.concatenate(rows) if rows else np.empty((0, len(self.names)), np.float32)


class _ChannelMaps:
    """An image and the kinds of maps that are computed of it, each with the number of its maps."""

    def __init__(self, volume: Volume, params: FeatureParams) -> None:
        self.image = FeatureImage(volume)
        counts = [(kind, len(kind.names(params))) for kind in KINDS]
        self.kinds = [(kind(self.image, params), count) for kind, count in counts if count]


def _slabs(shape: tuple[int, ...], maps: int) -> Iterator[tuple[int, int]]:
    depth, rows, columns = shape
    step = max(1, SLAB_VOXELS // (rows * columns * maps))
    for first in range(0, depth, step):
        yield first, min(first + step, depth)


class StoredFeatures:
    """Features that are already there, behind the same interface as the engine that computes them."""

    def __init__(self, features: Features, image: Volume | Channels) -> None:
        volume = as_channels(image).frame
        ours, theirs = volume.grid, features.grid
        if ours.shape != theirs.shape or not np.allclose(ours.affine, theirs.affine, atol=1e-3):
            raise GridError(f"features lie on another grid than the image: {theirs} against {ours}")
        self.volume, self.features = volume, features
        self.params = recipe_of(features)
        self.names = list(features.names)

    def slab(self, first: int, last: int, out: NDArray[np.float32]) -> Generator[Progress, None, None]:
        """Copy the maps of slices `first` to `last` into `out`."""
        out[...] = self.features.array[:, first:last]
        yield Progress(1.0, "features")

    def slabs(self) -> Iterator[tuple[int, int]]:
        """Ranges of slices that keep a slab's features small."""
        return _slabs(self.volume.array.shape, len(self.names))

    def at(self, mask: NDArray[np.bool_]) -> Generator[Progress, None, NDArray[np.float32]]:
        """Features (n, maps) of the voxels of a mask (z, y, x), in the array's order."""
        yield Progress(0.0, "features")
        return np.ascontiguousarray(self.features.array[:, mask].T)


def recipe_of(features: Features) -> FeatureParams:
    """Resolved parameters that computed features, as `features` records them.

    Raises
    ------
    ParameterError
        If these are maps of another kind.
    """
    try:
        params = FeatureParams(**features.recipe)
    except ValidationError:
        params = None
    if params is None or tuple(params.names) != tuple(features.names):
        raise ParameterError(f"{features.name or 'maps'}: not the features of a classifier, as `features` computes them")
    return params


FeatureSource = FeatureEngine | StoredFeatures


def feature_source(image: Volume | Channels, params: FeatureParams, features: Features | None) -> FeatureSource:
    """Stored features where they are given and made by the same recipe, otherwise an engine that computes them.

    Parameters
    ----------
    params
        Resolved parameters.

    Raises
    ------
    ParameterError
        If the stored features were computed by another recipe.
    GridError
        If they lie on another grid.
    """
    if features is None:
        return FeatureEngine(image, params)
    stored = StoredFeatures(features, image)
    if stored.params != params:
        raise ParameterError("the features given were computed with other parameters than asked for here")
    return stored


@operation("features", FeatureParams)
def features(volume: Volume | Channels, params: FeatureParams) -> Generator[Progress, None, Features]:
    """Compute the features of every voxel.

    Parameters
    ----------
    volume
        One scalar image, or several channels of a patient.
    params
        What to compute; blanks are filled by modality and voxel size.

    Returns
    -------
    Features
        float32 (c, z, y, x); `recipe` holds the resolved parameters.

    Raises
    ------
    IntensityError
        If the scanned field holds NaN.
    ParameterError
        If a filter does not fit the image, or the maps do not fit into memory.
    """
    frame = as_channels(volume).frame
    out = _room((len(params.names), *frame.grid.shape), frame.name or "image")
    yield from features_into(volume, params, out)
    return Features.of(frame, out, params.names, params.model_dump(mode="json"))


def _room(shape: tuple[int, ...], name: str) -> NDArray[np.float32]:
    """An array for all maps, where there is memory for it."""
    needed, available = 4 * math.prod(shape), available_memory()
    there = ""
    if available is not None:
        there = f", {available / 1e9:.3g} GB of memory are available"
    if available is None or needed <= available:
        with suppress(MemoryError):
            return np.empty(shape, np.float32)
    raise ParameterError(
        f"{name}: {shape[0]} maps take {needed / 1e9:.3g} GB{there}; "
        "choose fewer maps, or write them to a file as they are made, with features_into"
    )


class MapArray(Protocol):
    """Where maps can be written: a numpy array or memory map, a zarr array, or what else takes slices by assignment."""

    @property
    def shape(self) -> tuple[int, ...]: ...

    @property
    def dtype(self) -> Any: ...

    def __setitem__(self, key: Any, value: Any, /) -> None: ...


def features_into(
    volume: Volume | Channels, params: FeatureParams | None, out: MapArray
) -> Generator[Progress, None, FeatureParams]:
    """Compute the features of every voxel into an array that may be larger than memory.

    Parameters
    ----------
    volume
        One scalar image, or several channels of a patient.
    params
        What to compute; None: the defaults. `params.resolve(volume).names` tells the maps beforehand.
    out
        float32 or float16 (maps, z, y, x), written some slices of one map at a time, in the order of the slices. What float16
        cannot hold becomes its largest number.

    Returns
    -------
    FeatureParams
        The resolved parameters, which are the recipe of the maps.

    Raises
    ------
    IntensityError
        If the scanned field holds NaN.
    ParameterError
        If a filter does not fit the image, or `out` does not fit the maps.
    """
    params = (FeatureParams() if params is None else params).resolve(volume)
    engine = FeatureEngine(volume, params)
    shape = (len(engine.names), *engine.volume.grid.shape)
    kind = np.dtype(out.dtype)
    if tuple(out.shape) != shape or kind not in (np.float32, np.float16):
        raise ParameterError(
            f"{engine.volume.name or 'image'}: maps of shape {shape} (maps, z, y, x) in float32 or float16 do not go into "
            f"an array of shape {tuple(out.shape)} in {kind}"
        )
    for first, last in engine.slabs():
        for maps, compute in engine.groups(first, last):
            start, stop = ((first + (last - first) * at / shape[0]) / shape[1] for at in (maps.start, maps.stop))
            if isinstance(out, np.ndarray) and kind == np.float32:
                yield from part(compute(out[maps, first:last]), start, stop)
                continue
            computed = np.empty((maps.stop - maps.start, last - first, *shape[2:]), np.float32)
            yield from part(compute(computed), start, stop)
            for at, one in enumerate(computed, start=maps.start):
                out[at, first:last] = _converted(one, kind)
                yield Progress(stop, "features")
    return params


def _converted(values: NDArray[np.float32], kind: np.dtype[Any]) -> NDArray[Any]:
    """Values in another precision; what it cannot hold becomes its largest number."""
    limit = np.finfo(kind).max
    return values if kind == np.float32 else np.clip(values, -limit, limit, out=values).astype(kind)
