"""Layers that arrive while their files are still being read: shown at once, refreshed as they fill, completed or removed."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

import numpy as np

from .bridge import add
from .layers import FUNCTIONAL, KEY, LayerTuple, Shown

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

    from napari_hounsfield.operation import Progress

    from .opening import Arrival

DRAW_EVERY = 0.25
"""Seconds between two looks at what has been filled."""
HALF = 0.5
"""Opacity of PET over an image, which it would outshine."""


class Landing:
    """Takes what one job reads to the viewer; in the main thread.

    Parameters
    ----------
    viewer
        Where the layers go.
    give_up
        Called when the user removes a layer that is still being read.
    """

    def __init__(self, viewer: ViewerModel, give_up: Callable[[], None]) -> None:
        self._viewer = getattr(viewer, "__wrapped__", viewer)  # plugins are handed a proxy
        self._give_up = give_up
        self._known = WeakSet(self._viewer.layers)
        """Layers that were there before, or are of this job."""
        self._partial: Layer | None = None
        self._as_given: tuple[Any, Any] = ("", ())
        self._drawn = 0.0
        self._viewer.layers.events.removed.connect(self._on_removed)
        warnings.filterwarnings("ignore", "Non-orthogonal slicing", UserWarning)  # `opening` tells it, once and in plain words

    def progressed(self, at: Progress) -> None:
        """Show what has come, or, now and then, what has been filled since."""
        if at.result is not None:
            self._receive(at.result)
        elif self._partial is not None and time.monotonic() - self._drawn >= DRAW_EVERY:
            self._draw()

    def _receive(self, arrival: Arrival) -> None:
        if not arrival.complete:
            (self._partial,) = self._add(arrival.layers)
            self._as_given = self._partial.name, _limits(self._partial)
            if len(self._viewer.layers) == 1:
                _turn_to_middle(self._viewer, self._partial)
            self._drawn = time.monotonic()
            return
        partial, self._partial = self._partial, None
        layers = arrival.layers
        if partial is not None and layers and same_memory(partial.data, layers[0][0]):
            self._complete(partial, layers[0])
            layers = layers[1:]
        elif partial is not None:
            self._viewer.layers.remove(partial)
        self._add(layers)

    def _draw(self) -> None:
        """Draw what has been filled; not in 3D, where drawing means all of it."""
        if self._partial is not None and self._viewer.dims.ndisplay == 2:
            self._partial.refresh(thumbnail=False, highlight=False, extent=False)
        self._drawn = time.monotonic()

    def close(self) -> None:
        """End: what is not complete goes, and the viewer is let go of."""
        self._viewer.layers.events.removed.disconnect(self._on_removed)
        partial, self._partial = self._partial, None
        if partial is not None and partial in self._viewer.layers:
            self._viewer.layers.remove(partial)

    def _add(self, tuples: list[LayerTuple]) -> list[Layer]:
        added = [getattr(layer, "__wrapped__", layer) for layer in add(self._viewer, tuples)]
        self._known.update(added)
        for layer in added:
            _fuse(self._viewer, layer)
            self._sink(layer)
        return added

    def _sink(self, layer: Layer) -> None:
        """Put an image below labels that were opened after it, but read sooner."""
        layers = self._viewer.layers
        later = [n for n, other in enumerate(layers) if other._type_string == "labels" and other not in self._known]
        if layer._type_string == "image" and later and later[0] < layers.index(layer):
            layers.move(layers.index(layer), later[0])

    def _complete(self, layer: Layer, final: LayerTuple) -> None:
        """Give a layer that is filled its name, contrast and description, unless the user has changed them."""
        arguments = final[1]
        name, limits = self._as_given
        if layer.name == name:
            layer.name = arguments["name"]
        if "contrast_limits" in arguments and _limits(layer) == limits:
            layer.contrast_limits = arguments["contrast_limits"]
        layer.metadata = {**layer.metadata, **arguments["metadata"]}
        layer.refresh(highlight=False, extent=False)

    def _on_removed(self, event: Any) -> None:
        if self._partial is not None and event.value is self._partial:
            self._partial = None
            self._give_up()


def _limits(layer: Layer) -> tuple[float, ...]:
    return tuple(layer.contrast_limits or ())


def same_memory(shown: Any, final: Any) -> bool:
    """Whether two arrays are the same voxels, not copies."""
    return bool(shown.shape == final.shape and shown.dtype == final.dtype and np.may_share_memory(shown, final))


def _turn_to_middle(viewer: ViewerModel, layer: Layer) -> None:
    """Show the plane that is filled first, the middle one of the first time point, where the slider runs along planes."""
    how: Shown = layer.metadata[KEY]
    leading = layer.ndim - 3
    planes, along = how.placement.grid.shape[0], how.placement.axes.index(0)
    middle = planes // 2
    viewer.dims.set_current_step(leading + along, planes - 1 - middle if along in how.placement.flips else middle)
    for axis in range(leading):
        viewer.dims.set_current_step(axis, 0)


def _fuse(viewer: ViewerModel, layer: Layer) -> None:
    """Let an image that has just been added, and PET of the same frame of reference, be seen together: PET above, half clear."""
    modality, frame = _kind(layer)
    if layer._type_string != "image" or not frame:
        return
    functional = modality in FUNCTIONAL
    partners = [
        other
        for other in viewer.layers
        if other._type_string == "image" and _kind(other)[1] == frame and (_kind(other)[0] in FUNCTIONAL) != functional
    ]
    if partners and functional:
        layer.opacity = HALF
    elif partners and viewer.layers.index(partners[0]) < viewer.layers.index(layer):
        viewer.layers.move(viewer.layers.index(layer), viewer.layers.index(partners[0]))


def _kind(layer: Layer) -> tuple[str, str]:
    """Modality and frame of reference of a layer of ours."""
    how = layer.metadata.get(KEY)
    if not isinstance(how, Shown):
        return "", ""
    return getattr(how.template, "modality", ""), how.placement.grid.frame_of_reference
