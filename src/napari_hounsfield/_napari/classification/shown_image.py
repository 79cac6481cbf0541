"""The image at hand as one layer of the viewer: read beside the interface, the next one ahead of time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_hounsfield._napari.bridge import add
from napari_hounsfield._napari.layers import LayerTuple, layer_tuples
from napari_hounsfield._napari.worker import Job, Steps
from napari_hounsfield.grid import axial_affine
from napari_hounsfield.images.table import ImageEntry
from napari_hounsfield.operation import Progress
from napari_hounsfield.volume import Volume

from .image_layer import image_layer

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

KEPT = 3
"""Images that are kept in memory: the one at hand, the next, and the last."""
NOTHING = Volume(np.zeros((1, 64, 64), np.uint8), axial_affine((1, 1, 1)))
"""Stands for an image that cannot be read, so that its keys are still there."""


class ShownImage:
    """One layer whose image changes.

    Parameters
    ----------
    viewer
        Where it is.
    keys
        What keys do while the layer is active; napari's own for other layers stay as they are.
    arrived
        Called when an image is there to be seen: with nothing, or why it cannot be read.
    """

    def __init__(self, viewer: ViewerModel, keys: Mapping[str, Callable[[], None]], arrived: Callable[[str], None]) -> None:
        self._viewer, self._keys, self._arrived = viewer, keys, arrived
        self._layer: Layer | None = None
        self._bound = False
        self._read: dict[ImageEntry, LayerTuple | str] = {}
        self._wanted: tuple[ImageEntry, str, ImageEntry] | None = None
        self._seen: tuple[ImageEntry, str] | None = None
        self.job: Job | None = None

    @property
    def layer(self) -> Layer | None:
        """The layer; None where there is none, or the user has removed it."""
        return self._layer if self._layer in self._viewer.layers else None

    def show(self, entry: ImageEntry, title: str, ahead: ImageEntry) -> None:
        """Show an image under a title as soon as it is read, then read another one ahead."""
        self._wanted = entry, title, ahead
        self._go_on()

    def move(self, slices: int) -> None:
        """Go some slices on, or back."""
        dims = self._viewer.dims
        axis = dims.order[0]
        dims.set_current_step(axis, dims.current_step[axis] + slices)

    def listen(self, listening: bool) -> None:
        """Bind the keys, or give them back to napari."""
        layer = self.layer
        if layer is not None and listening != self._bound:
            for key, act in self._keys.items():
                layer.bind_key(key, _acting(act) if listening else None, overwrite=True)
            self._bound = listening

    def stop(self) -> None:
        """Let go of the viewer; the layer stays."""
        if self.job is not None:
            self.job.cancel()
        self.listen(False)

    def _begin(self, entry: ImageEntry) -> None:
        def keep(what: LayerTuple | str) -> None:
            self._read[entry] = what
            self._go_on()

        self.job = Job(_steps(entry), keep, lambda message: keep(message.removeprefix(f"{entry.path.name}: ")))

    def _go_on(self) -> None:
        """Show what is wanted if it is read, and read what is not: first what is wanted, then what comes next."""
        if self._wanted is None:
            return
        entry, title, ahead = self._wanted
        if entry in self._read:
            self._put(entry, title)
            self._forget({entry, ahead})
        missing = next((each for each in (entry, ahead) if each not in self._read), None)
        if missing is not None and (self.job is None or self.job.finished):
            self._begin(missing)

    def _put(self, entry: ImageEntry, title: str) -> None:
        """Show an image that is read, unless it is seen already: how the user has zoomed stays."""
        what = self._read[entry]
        if self.layer is None or self._seen != (entry, title):
            (shown,) = layer_tuples(NOTHING) if isinstance(what, str) else (what,)
            if self.layer is None:
                self._layer, self._bound = add(self._viewer, [shown])[0], False
            assert self._layer is not None
            _fill(self._layer, shown, title)
            self._layer.visible = True
            self._layer.help = ""  # napari's own keys, of which some are classes now
            self._viewer.layers.selection.active = self._layer
            self._viewer.dims.set_current_step(0, self._viewer.dims.nsteps[0] // 2)
            self._viewer.reset_view()
            self.listen(True)
            self._seen = entry, title
        self._arrived(what if isinstance(what, str) else "")

    def _forget(self, needed: set[ImageEntry]) -> None:
        spare = [entry for entry in self._read if entry not in needed]
        for entry in spare[: max(len(self._read) - KEPT, 0)]:
            del self._read[entry]


def _steps(entry: ImageEntry) -> Steps:
    yield Progress(0, "reading")
    return image_layer(entry.path)


def _fill(layer: Layer, shown: LayerTuple, title: str) -> None:
    """Let a layer show another image; what is the same is left alone, since the viewer draws anew for each that is set."""
    array, arguments, _ = shown
    layer.data = array
    placed = {"translate": (0, 0, 0), "affine": np.eye(4), **arguments}
    for name in ("scale", "translate", "affine", "contrast_limits"):
        if not np.array_equal(getattr(layer, name), placed[name]):
            setattr(layer, name, placed[name])
    if layer.colormap.name != arguments["colormap"]:
        layer.colormap = arguments["colormap"]
    if (1 * layer.units[-1]).check("[length]") != (arguments["units"][-1] == "mm"):
        layer.units = arguments["units"]
    layer.metadata, layer.name = arguments["metadata"], title


def _acting(act: Callable[[], None]) -> Callable[[Any], None]:
    """A plain function of the layer, as napari takes it."""
    return lambda layer: act()
