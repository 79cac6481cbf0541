"""Maps of one slice, computed while parameters change: shown as one temporary layer, and measured."""

from __future__ import annotations

import math
import time
from collections.abc import Generator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.gabor_bank import GaborParams, filled, map_names
from napari_hounsfield.operation import Progress
from napari_hounsfield.results import Features
from napari_hounsfield.volume import Volume

from .bridge import in_units_of
from .layers import KEY, LayerTuple, Shown, layer_tuples, shown
from .placement import WORLD_OF_PATIENT

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Image, Layer

TITLE = "Gabor preview"
LIVE_BYTES = 2**26
"""Most memory for the maps of the slice; where they would take more, the map that is looked at is computed alone."""


class Source:
    """The image of a layer, made ready for filters once."""

    def __init__(self, layer: Layer, volume: Volume) -> None:
        self.layer, self.volume = layer, volume

    @cached_property
    def image(self) -> NDArray[Any]:
        """Array (z, y, x) without padding; in the preview's thread."""
        return filled(self.volume)

    @property
    def world(self) -> Any:
        """The viewer's world from patient mm."""
        how = self.layer.metadata.get(KEY)
        return how.placement.world if isinstance(how, Shown) else WORLD_OF_PATIENT

    @property
    def shown_spacing(self) -> tuple[float, ...]:
        """Voxel size in mm along the viewer's axes (S, P, L)."""
        how, spacing = self.layer.metadata.get(KEY), self.volume.grid.spacing
        return tuple(spacing[axis] for axis in how.placement.axes) if isinstance(how, Shown) else tuple(spacing)

    def slice_at(self, point: tuple[float, ...]) -> int:
        """Index of the stored slice at a point of the viewer."""
        index = np.asarray(self.layer.world_to_data(np.asarray(point)[-self.layer.ndim :]))
        depth = self.volume.grid.shape[0]
        if len(index) < 3:
            return 0
        how, along = self.layer.metadata.get(KEY), 0
        if isinstance(how, Shown):
            along = how.placement.axes.index(0)
        at = round(float(index[-3:][along]))
        if isinstance(how, Shown) and along in how.placement.flips:
            at = depth - 1 - at
        return min(max(at, 0), depth - 1)


@dataclass(frozen=True)
class SliceMaps:
    """Maps (maps, y, x) of one slice, and how long they took."""

    array: NDArray[np.float32]
    slice: int
    prepared: float
    """Seconds that were spent once."""
    seconds: float
    """Seconds that each slice takes."""


def slice_maps(source: Source, params: GaborParams, at: int) -> Generator[Progress, None, SliceMaps]:
    """Filter one slice by the method that the whole volume would be filtered by.

    Raises
    ------
    HounsfieldError
        If the image or the filters are not usable, as of `gabor`.
    """
    from napari_hounsfield.gabor_filtering import Bank, compiled_passes

    start = time.perf_counter()
    source.volume.require_scalar()
    bank = Bank(source.volume.grid, params)
    if any(bank.separable):
        yield from compiled_passes()
    yield Progress(0)
    image = source.image
    out = np.empty((len(map_names(params)), 1, *image.shape[1:]), np.float32)
    begin = time.perf_counter()
    yield from bank.filter(image, out, at, at + 1)
    return SliceMaps(out[:, 0], at, begin - start, time.perf_counter() - begin)


def preview_tuple(source: Source, one: NDArray[np.float32], at: int, name: str) -> LayerTuple:
    """Layer of the map (y, x) of slice `at` at its place."""
    affine = source.volume.affine.copy()
    affine[:3, 3] += at * affine[:3, 0]
    volume = replace(
        source.volume, array=one[np.newaxis], affine=affine, valid=None, unit="", modality="", window=None, inverted=False
    )
    worlds = {volume.frame_of_reference: source.world}
    ((array, arguments, kind),) = in_units_of(layer_tuples(volume, worlds, TITLE), source.layer)
    arguments["metadata"] = marked(volume, name)
    low, high = (float(p) for p in np.percentile(one[::2, ::2], (0.5, 99.5)))
    return array, {**arguments, "colormap": "viridis", "contrast_limits": (low, high if high > low else low + 1)}, kind


def marked(volume: Volume, name: str = "kernel") -> dict[str, Any]:
    """Metadata of a layer that is a map and no scan, so that no form offers it as an image."""
    return {KEY: shown(Features.of(volume, np.zeros((1, 1, 1, 1), np.float32), [name], {}), {})}


class Temporary:
    """One layer that is shown for a while: made at the first picture, changed in place, gone when asked."""

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = viewer
        self._layer: Image | None = None
        self._limits: tuple[float, ...] = ()
        self._stands: list[Any] = []
        self._array: Any = None

    @property
    def layer(self) -> Image | None:
        """The layer, unless it or the user has removed it."""
        return self._layer if self._layer is not None and self._layer in self._viewer.layers else None

    def show(self, tuple_: LayerTuple, above: Layer | None = None) -> None:
        """Show a picture, just above a layer or on top; what the user has set of the layer's look stays."""
        array, arguments, _ = tuple_
        layer = self.layer
        stands = [array.ndim, arguments["units"], [round(step, 9) for step in arguments["scale"]]]
        if layer is not None and stands != self._stands:
            self.remove()
            layer = None
        self._stands = stands
        if layer is None:
            self._add(tuple_, above)
            return
        limits = arguments.get("contrast_limits")
        layer.metadata = arguments["metadata"]
        if "translate" in arguments and not np.allclose(layer.translate, arguments["translate"]):
            layer.translate = arguments["translate"]
        if "affine" in arguments:
            layer.affine = arguments["affine"]
        if array is not self._array:  # every setting of data is drawn
            layer.data = self._array = array
        if limits is not None and np.allclose(layer.contrast_limits, self._limits):
            layer.contrast_limits_range = limits
            layer.contrast_limits = self._limits = limits

    def _add(self, tuple_: LayerTuple, above: Layer | None) -> None:
        from napari.layers import Layer

        layers = self._viewer.layers
        active = layers.selection.active
        self._array = tuple_[0]
        self._limits = tuple(tuple_[1].get("contrast_limits", ()))
        self._layer = made = Layer.create(*tuple_)
        layers.insert(layers.index(above) + 1 if above is not None and above in layers else len(layers), made)
        if active is not None and active in layers:
            layers.selection.active = active

    def remove(self) -> None:
        """Take the layer out of the viewer."""
        layer, self._layer = self.layer, None
        if layer is not None:
            self._viewer.layers.remove(layer)


def fits_live(params: GaborParams, volume: Volume) -> bool:
    """Whether all maps of a slice are computed at once: they share work in the plane, and room is needed for them."""
    return params.planes == "axial" and 4 * len(map_names(params)) * math.prod(volume.grid.shape[1:]) <= LIVE_BYTES
