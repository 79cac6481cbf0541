"""Two studies side by side or blended."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from napari_hounsfield._napari.layers import KEY, Shown

from .view import View

if TYPE_CHECKING:
    from napari.layers import Layer

    from .desk import Desk

NAME = "Compare"
SIDE_BY_SIDE, BLENDED = "side by side", "blended"
MODES = (SIDE_BY_SIDE, BLENDED)


def frames(layers: Iterable[Layer]) -> set[str]:
    """Frames of reference of layers; empty text for one that has none."""
    said = [layer.metadata.get(KEY) for layer in layers]
    return {how.placement.grid.frame_of_reference if isinstance(how, Shown) else "" for how in said}


def alignment(ones: set[str], others: set[str]) -> str:
    """How far two groups of layers, by their frames of reference, can be trusted to lie over each other."""
    if not ones or not others:
        return "Tick the layers of the other study."
    if len(ones | others) == 1 and "" not in ones:
        return "Aligned: one frame of reference."
    if "" in ones | others:
        return "Aligned only by position: a frame of reference is not known. Not registered."
    return "Aligned only by position: the frames of reference differ. Not registered."


def opacities(images: Sequence[Layer], ticked: set[Layer], share: float) -> dict[Layer, float]:
    """Opacity of every image, lowest first, such that the ticked ones make up `share` (0 to 1) of the picture."""
    return {image: 1.0 if index == 0 else share if image in ticked else 1 - share for index, image in enumerate(images)}


class ComparedView(View):
    """Shows chosen layers, whether the main canvas does or not, in its plane and at its centre and zoom."""

    paired = True

    def __init__(self, desk: Desk, chosen: set[Layer]) -> None:
        super().__init__(desk.main.model, desk.main.plane, desk.dropped)
        self.chosen = chosen
        self._following = False
        dims, camera = self.study.dims.events, self.study.scene.camera.events
        self._heard = [dims.order, dims.ndisplay, camera.center, camera.zoom, camera.orientation]
        for event in self._heard:
            event.connect(self.follow)
        mine = self.model.scene.camera.events
        for event in (mine.center, mine.zoom):
            event.connect(self.lead)

    @property
    def caption(self) -> str:
        """Names of the images it shows, to tell it from the main canvas."""
        return ", ".join(layer.name for layer in self.model.layers if layer._type_string == "image")

    @property
    def own(self) -> frozenset[str]:
        """It does not hide what the main canvas hides."""
        return frozenset({"visible"})

    def wants(self, layer: Layer) -> bool:
        """Whether it is chosen."""
        return layer in self.chosen

    def keeps(self, layer: Layer) -> bool:
        """Whether it still is."""
        return layer in self.chosen

    def add(self, twins: Any) -> None:
        """Show a copy, visibly."""
        super().add(twins)
        self.model.layers[-1].visible = True
        self.follow()

    def fit(self) -> None:
        """As the main canvas is."""
        self.follow()

    def follow(self, event: Any = None) -> None:
        """Show the same part as the main canvas; 3D is not followed."""
        if self._following or self.study.dims.ndisplay != 2:
            return
        before, self._following = self._following, True
        try:
            theirs, mine = self.study.scene.camera, self.model.scene.camera
            ndim = self.model.dims.ndim
            order = [axis - self.study.dims.ndim + ndim for axis in self.study.dims.order]
            mine.orientation = theirs.orientation
            if len(self.model.layers):
                self.model.dims.order = tuple(axis for axis in order if axis >= 0)
            mine.center, mine.zoom = theirs.center, theirs.zoom
        finally:
            self._following = before

    def lead(self, event: Any = None) -> None:
        """Take the main canvas along."""
        if self._following or self.busy or self.study.dims.ndisplay != 2:
            return
        before, self._following = self._following, True
        try:
            theirs, mine = self.study.scene.camera, self.model.scene.camera
            theirs.center, theirs.zoom = mine.center, mine.zoom
        finally:
            self._following = before

    def close(self) -> None:
        """Let go of the main canvas too."""
        for event in self._heard:
            event.disconnect(self.follow)
        super().close()


class Comparison:
    """What is compared, and how the layers looked before.

    Attributes
    ----------
    mode
        `side by side`, `blended`, or empty when nothing is compared.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._viewer = desk.main.model
        self._before: dict[Layer, tuple[bool, float]] = {}
        self.mode = ""

    def start(self, layers: Iterable[Layer], mode: str, share: float = 0.5) -> View | None:
        """Compare these layers with the others; returns the view that shows them where there is one.

        Side by side they are hidden elsewhere; blended they make up `share` of the picture.
        """
        self.stop()
        ticked = {layer for layer in layers if layer in self._viewer.layers}
        if not ticked:
            return None
        self._before = {layer: (layer.visible, layer.opacity) for layer in self._viewer.layers}
        self.mode = mode
        if mode == SIDE_BY_SIDE:
            view = self._desk.join(NAME, ComparedView(self._desk, ticked))
            for layer in ticked:
                layer.visible = False
            return view
        for layer in ticked:
            layer.visible = True
        self.blend(ticked, share)
        return None

    def blend(self, ticked: set[Layer], share: float) -> None:
        """Change how much of the picture the ticked layers make up."""
        images = [layer for layer in self._viewer.layers if layer.visible and layer._type_string == "image"]
        for image, opacity in opacities(images, ticked, share).items():
            image.opacity = opacity

    def stop(self) -> None:
        """Let the layers look as before."""
        if self.mode == SIDE_BY_SIDE and NAME in self._desk.views:
            self._desk.close(NAME)
        for layer, (visible, opacity) in self._before.items():
            if layer in self._viewer.layers:
                layer.visible, layer.opacity = visible, opacity
        self._before = {}
        self.mode = ""
