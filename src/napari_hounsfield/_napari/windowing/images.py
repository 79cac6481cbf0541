"""Which image a window is for, and what its numbers mean."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_hounsfield._napari.layers import KEY, Declared, Shown, contrast_limits
from napari_hounsfield._napari.preferences import preferences
from napari_hounsfield.volume import Volume
from napari_hounsfield.window_presets import Limits, WindowPreset, limits_of, sample

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Image, Layer
    from numpy.typing import NDArray

COMPARABLE = ("HU", "SUV")
"""Units in which a number means the same in every image, so that images can share a window."""


def is_windowed(layer: Layer | None) -> bool:
    """Whether a layer is an image of one number a voxel."""
    return layer is not None and layer._type_string == "image" and not layer.rgb


def target(viewer: ViewerModel) -> Image | None:
    """The image that a window is for: the active layer, else the uppermost visible image, scans before maps made of them."""
    active = viewer.layers.selection.active
    if is_windowed(active):
        return active
    visible = [layer for layer in reversed(viewer.layers) if layer.visible and is_windowed(layer)]
    return min(visible, key=lambda layer: not unit_of(layer), default=None)


def volume_of(layer: Layer) -> Volume | None:
    """What an image layer of ours shows, without voxels."""
    how = layer.metadata.get(KEY)
    return how.template if isinstance(how, Shown) and isinstance(how.template, Volume) else None


def unit_of(layer: Layer) -> str:
    """Unit of an image layer's values; empty where nothing is known."""
    volume, said = volume_of(layer), layer.metadata.get(KEY)
    if volume is not None:
        return volume.unit
    return said.unit if isinstance(said, Declared) else ""


def alike(viewer: ViewerModel, layer: Layer) -> list[Image]:
    """Images whose numbers mean the same as those of `layer`, itself first."""
    unit = unit_of(layer)
    if unit not in COMPARABLE:
        return [layer]
    return [layer, *(other for other in viewer.layers if other is not layer and is_windowed(other) and unit_of(other) == unit)]


def preset_limits(preset: WindowPreset, layer: Image) -> Limits:
    """Limits of a preset for the values of a layer."""
    return limits_of(preset, _array(layer), valid_of(layer))


def first_limits(layer: Image) -> Limits:
    """Limits that a layer is shown within when it is opened, by a sample of its values, which takes a moment at most."""
    values = sample(_array(layer), valid_of(layer))
    if not values.size:
        return 0.0, 1.0
    volume = volume_of(layer) or Volume(values[np.newaxis, np.newaxis], np.eye(4), unit=unit_of(layer) or "stored value")
    judged = replace(volume, array=values[np.newaxis, np.newaxis], axes="zyx", valid=None)
    return contrast_limits(judged, preferences().window)


def _array(layer: Image) -> NDArray[Any]:
    array: NDArray[Any] = layer.data[-1] if layer.multiscale else layer.data
    return array.view(np.uint8) if array.dtype.kind == "b" else array


def valid_of(layer: Layer) -> NDArray[np.bool_] | None:
    """Where the scanner measured, in the layer's own axes; None: everywhere."""
    how, volume = layer.metadata.get(KEY), volume_of(layer)
    if volume is None or volume.valid is None or not isinstance(how, Shown):
        return None
    return how.placement.shown(volume.valid)
