"""What data look like in the viewer: pure functions from what the core computes to napari's layer tuples."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_hounsfield.lazy import LazyArray
from napari_hounsfield.results import Features, Segmentation
from napari_hounsfield.volume import LabelMap, Volume

from .colours import label_colours
from .lazy_layers import levels, overview
from .placement import Placement, place

if TYPE_CHECKING:
    from napari_hounsfield.grid import Affine

KEY = "hounsfield"
"""The one key in a layer's metadata that is ours."""

FUNCTIONAL = ("PT", "NM")
"""Modalities that are shown in colour over others."""

LayerTuple = tuple[Any, dict[str, Any], str]
Worlds = Mapping[str, "Affine"]
"""napari world from patient mm, by frame of reference; what is shown decides it for what comes; "" is of files without."""


@dataclass(frozen=True, eq=False, repr=False)
class Shown:
    """What a layer shows and how: everything the array itself does not say.

    Its representation holds no UIDs and no paths, so that neither reaches a log or a saved session by accident.
    """

    template: Volume | LabelMap | Features
    """The data without their voxels."""
    placement: Placement
    draft: Segmentation | None = None
    """Of labels that came with a sureness: as they were before anybody painted on them."""
    lazy: LazyArray | None = None
    """The voxels, where they are on the disk."""
    partial: bool = False
    """Whether the array is still being filled, so that nothing may compute on it."""
    aside: bool = False
    """Whether it only says something of another layer, so that no form offers it."""

    def __repr__(self) -> str:
        return f"{type(self.template).__name__} on {self.placement.grid}"

    def __deepcopy__(self, memo: dict[int, Any]) -> Shown:
        return self  # a duplicated layer shows the same thing


@dataclass(frozen=True)
class Declared:
    """What the user has said of a layer that is not ours."""

    unit: str


def shown(data: Volume | LabelMap | Features, worlds: Worlds) -> Shown:
    """Describe how `data` will be shown."""
    array = np.broadcast_to(data.array.dtype.type(0), data.array.shape)  # takes no memory
    lazy = data.array if isinstance(data.array, LazyArray) else None
    return Shown(replace(data, array=array), place(data.grid, _world(data, worlds)), lazy=lazy)


def _world(data: Volume | LabelMap | Features, worlds: Worlds) -> Affine | None:
    """The world that data join: that of their frame of reference; of files that do not say it, the one that is shown already."""
    if data.frame_of_reference:
        return worlds.get(data.frame_of_reference)
    own = place(data.grid).world
    return own if any(np.allclose(own, world, atol=1e-6) for world in worlds.values()) else worlds.get("")


def layer_tuples(
    data: Volume | LabelMap | Features | Segmentation, worlds: Worlds | None = None, title: str = "", preset: str = "auto"
) -> list[LayerTuple]:
    """Layers that show `data`; may take a moment for large arrays, so operations call it in their thread.

    Parameters
    ----------
    data
        What to show.
    worlds
        Of the layers that are shown already.
    title
        Name of the layer; empty: the data's own name.
    preset
        Window whose limits become the contrast limits of an image.
    """
    worlds = worlds or {}
    if isinstance(data, Segmentation):
        return _segmentation(data, worlds, title)
    if isinstance(data, LabelMap):
        return [_labels(data, worlds, title)]
    if isinstance(data, Features):
        return [_features(data, worlds, title)]
    if isinstance(data, Volume):
        return [_image(data, worlds, title, preset)]
    raise TypeError(f"nothing to show for {type(data).__name__}: give a Volume, LabelMap, Features or Segmentation")


def partial_layer(volume: Volume, worlds: Worlds, preset: str = "auto") -> LayerTuple:
    """Layer of a volume whose array is still being filled, its middle plane first, by which the contrast is judged."""
    array, arguments, kind = _image(volume, worlds, f"{volume.name} (reading…)".lstrip(), preset, middle_plane(volume))
    return array, {**arguments, "metadata": {KEY: replace(arguments["metadata"][KEY], partial=True)}}, kind


def aside(layer: LayerTuple) -> LayerTuple:
    """A layer of ours that only says something of another: how unsure a classifier is, or what a feature sees."""
    array, arguments, kind = layer
    return array, {**arguments, "metadata": {KEY: replace(arguments["metadata"][KEY], aside=True)}}, kind


def is_aside(layer: Any) -> bool:
    """Whether a layer is one that no form offers."""
    how = layer.metadata.get(KEY)
    return isinstance(how, Shown) and how.aside


def middle_plane(volume: Volume) -> Volume:
    """One plane (1, y, x) that is filled: the middle one of the first time point or of the middle one."""
    array = volume.array
    if volume.axes.startswith("t"):
        middle = array[len(array) // 2]
        array = middle if middle[len(middle) // 2].any() else array[0]
    at = len(array) // 2
    return replace(volume, array=array[at : at + 1], axes=volume.axes.removeprefix("t"), valid=None)


def world_of(layer: LayerTuple) -> Affine:
    """How the world of a layer of ours comes from patient mm."""
    how: Shown = layer[1]["metadata"][KEY]
    return how.placement.world


def _common(data: Volume | LabelMap | Features, worlds: Worlds, title: str, leading: int) -> tuple[Any, dict[str, Any]]:
    how = shown(data, worlds)
    units = ["pixel"] * leading + ["mm"] * 3
    names = ["map" if isinstance(data, Features) else "t"] * leading + ["z", "y", "x"]
    arguments = {
        "name": title or data.name or type(data).__name__.lower(),
        "metadata": {KEY: how},
        "units": units,
        "axis_labels": names,
        **how.placement.transform(leading),
    }
    if not isinstance(data, LabelMap):  # else napari takes three or four columns for colours
        arguments["rgb"] = isinstance(data, Volume) and data.axes.endswith("c")
    if how.lazy is None:
        return how.placement.shown(data.array, leading), arguments
    several = levels(how.lazy, how.placement, leading)
    arguments["multiscale"] = len(several) > 1
    return several if len(several) > 1 else several[0], arguments


def _image(volume: Volume, worlds: Worlds, title: str, preset: str, judged: Volume | None = None) -> LayerTuple:
    rgb = volume.axes.endswith("c")
    array, arguments = _common(volume, worlds, title, volume.axes.index("z"))
    if rgb:
        return array, arguments, "image"
    look = {"colormap": "gray_r" if volume.inverted else "gray"}
    if volume.modality in FUNCTIONAL:
        look = {"colormap": "inferno", "blending": "additive"}
    return array, {**arguments, **look, "contrast_limits": contrast_limits(judged or overview(volume), preset)}, "image"


def contrast_limits(volume: Volume, preset: str = "auto") -> tuple[float, float]:
    """Limits of a named window, those that the file asks for, or by modality; the full range where there is none of these."""
    from napari_hounsfield.errors import HounsfieldError
    from napari_hounsfield.intensity import WindowParams

    low, high = (float(volume.array.min()), float(volume.array.max())) if not volume.unit else (-1.0, -1.0)
    if low >= 0 and high <= 1:
        return 0.0, 1.0  # already windowed
    preset = preset if volume.unit == "HU" else "auto"
    if preset == "auto" and volume.window is not None and _shows(volume.window, volume.array):
        return volume.window
    try:
        window = WindowParams(preset=preset).resolve(volume)
    except HounsfieldError:  # NaN, a time series: still to be looked at
        finite = volume.array[np.isfinite(volume.array)]
        low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
        return low, high if high > low else low + 1
    return window.lower, window.upper


def _shows(window: tuple[float, float], array: Any) -> bool:
    """Whether something is to be seen in a window: files are found whose own one is of other values than theirs."""
    sample = array[..., ::4, ::4]
    with np.errstate(invalid="ignore"):
        return bool(((sample > window[0]) & (sample < window[1])).any())


def _labels(labels: LabelMap, worlds: Worlds, title: str) -> LayerTuple:
    from .table import label_table

    array, arguments = _common(labels, worlds, title, 0)
    lazy = isinstance(labels.array, LazyArray)
    labels = overview(labels)
    arguments["features"] = label_table(labels)
    arguments["opacity"] = 0.5  # the image must be seen through labels that cover it
    own = {value: "#{:02X}{:02X}{:02X}".format(*term.colour) for value, term in labels.terms.items() if term.colour}
    colours = label_colours(labels.values(), labels.classes, own)
    if colours is not None:
        arguments["colormap"] = colours
    return array if lazy else array.copy(), arguments, "labels"  # painting must not reach the data that others hold


def _features(features: Features, worlds: Worlds, title: str) -> LayerTuple:
    array, arguments = _common(features, worlds, title, 1)
    sample = array[:, ::4, ::4, ::4]
    low, high = (float(p) for p in np.nanpercentile(sample, (0.5, 99.5)))
    limits = (low, high if high > low else low + 1)
    return array, {**arguments, "colormap": "viridis", "contrast_limits": limits}, "image"


def _segmentation(result: Segmentation, worlds: Worlds, title: str) -> list[LayerTuple]:
    title = title or result.labels.name or "segmentation"
    hidden = {"contrast_limits": (0.0, 1.0), "visible": False, "blending": "additive"}
    tuples: list[LayerTuple] = []
    for index, name in enumerate(result.probabilities.names if result.probabilities else ()):
        assert result.probabilities is not None
        one = _map(result.labels, result.probabilities.array[index])
        array, arguments = _common(one, worlds, f"{title}: probability of {name}", 0)
        tuples.append((array, {**arguments, **hidden, "colormap": "magma"}, "image"))
    if result.sureness is not None:
        array, arguments = _common(_map(result.labels, result.sureness), worlds, f"{title}: sureness", 0)
        tuples.append((array, {**arguments, **hidden, "colormap": "cividis"}, "image"))
    array, arguments, kind = _labels(result.labels, worlds, title)
    if result.sureness is not None:
        how = arguments["metadata"][KEY]
        arguments["metadata"] = {KEY: replace(how, draft=replace(result, probabilities=None))}
    return [*tuples, (array, arguments, kind)]


def _map(labels: LabelMap, array: Any) -> Volume:
    return Volume(
        array, labels.affine, frame_of_reference=labels.frame_of_reference, source=labels.source, history=labels.history
    )


def blank_strokes(volume: Volume, classes: Mapping[int, str]) -> LabelMap:
    """Empty labels to paint on, on the grid of an image."""
    return LabelMap(
        np.zeros(volume.grid.shape, np.uint8),
        volume.affine,
        classes,
        frame_of_reference=volume.frame_of_reference,
        source=volume.source,
        name=f"{volume.name} strokes".strip(),
    )
