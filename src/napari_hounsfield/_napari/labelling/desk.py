"""A session at work in a viewer: which layers belong to it, and what follows what."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from threading import current_thread, main_thread
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, ref

import numpy as np
from napari.utils.colormaps import DirectLabelColormap
from psygnal import Signal
from qtpy.QtCore import QTimer

from napari_hounsfield._napari.bridge import add, in_units_of, worlds
from napari_hounsfield._napari.editor.register import editing_of
from napari_hounsfield._napari.inputs import read_at
from napari_hounsfield._napari.layers import is_aside, layer_tuples
from napari_hounsfield._napari.notices import reported, tell
from napari_hounsfield._napari.onlookers import onlookers_of
from napari_hounsfield._napari.places import bring_into_sight
from napari_hounsfield.channels import Channels, as_channels
from napari_hounsfield.errors import HounsfieldError, LabelError
from napari_hounsfield.labelling.classes import names, recoloured
from napari_hounsfield.labelling.images import blank
from napari_hounsfield.labelling.session import LabellingSession
from napari_hounsfield.volume import LabelMap, Volume

from .bound import BoundImage
from .left import LeftStrokes
from .live import Live
from .mark import Mark
from .work import Work

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Labels, Layer

FIRST_CLASSES = {1: "background", 2: "structure"}
BRUSH = 5


class SessionDesk(Work):
    """The session of one viewer.

    Attributes
    ----------
    session
        What is shown.
    bound
        Its images with their layers.
    message
        What there is to say; empty: nothing.
    """

    changed = Signal()
    """Anything that is shown of the session; in the main thread."""
    interrupted = Signal()
    """An image is gone: what is computed on it is of no use."""

    def __init__(self, viewer: ViewerModel, session: LabellingSession | None = None) -> None:
        self._viewer = ref(viewer)
        self.bound: list[BoundImage] = []
        self._left = LeftStrokes()
        self.message = ""
        self.session = session or LabellingSession()
        self.mark = Mark(viewer)
        self.live = Live(self.session, self.seen, self._say, self._on_live)
        self.session.changed.connect(self._on_session)
        viewer.dims.events.current_step.connect(self.live.follow)
        viewer.dims.events.order.connect(self.live.follow)
        viewer.dims.events.ndisplay.connect(self.live.follow)
        onlookers_of(viewer).changed.connect(self.live.follow)
        viewer.layers.events.removed.connect(self._on_removed)

    @property
    def viewer(self) -> ViewerModel:
        """The viewer; HounsfieldError when it is gone."""
        viewer = self._viewer()
        if viewer is None:
            raise HounsfieldError("the viewer is gone")
        return viewer

    def take(self, layer: Layer, strokes: Labels | None = None, image: Channels | None = None) -> BoundImage:
        """Take an image into the session, with the strokes that it left with, or a new layer for some, unless one is given.

        Parameters
        ----------
        image
            The layer's image with further channels (`align_steps`); None: the image alone.

        Raises
        ------
        HounsfieldError
            If the image cannot be recognised, or the strokes do not lie on its grid.
        """
        layer = getattr(layer, "__wrapped__", layer)
        if any(one.layer is layer for one in self.bound):
            raise HounsfieldError(f"{layer.name}: is in the session already")
        if strokes is not None and any(one.strokes is strokes for one in self.bound):
            raise HounsfieldError(f"{strokes.name}: are strokes of another image of the session")
        if layer not in self.viewer.layers:
            raise HounsfieldError(f"{layer.name}: is gone")
        image = self.session.fitting(image or as_channels(self.volume(layer)))
        made = False
        if strokes is None:
            strokes, made = self._own_strokes(layer, image.main)
        return self._bind(layer, image, strokes, made)

    def _bind(self, layer: Layer, channels: Channels, strokes: Labels, made: bool = False) -> BoundImage:
        editing = editing_of(strokes, self.viewer)
        assert editing is not None
        image = self.session.add(channels, editing.editor)
        bound = BoundImage(self.viewer, layer, editing, image, made)
        editing.changed.connect(self._on_editing)
        for event in (strokes.events.colormap, strokes.events.selected_label):
            event.connect(self._on_look)
        layer.events.data.connect(self._on_voxels)
        layer.events.name.connect(self._on_look)
        self.bound.append(bound)
        self.viewer.layers.selection.active = strokes
        strokes.mode = "paint"
        bring_into_sight(self.viewer, strokes)
        self.changed.emit()
        self.live.follow()
        return bound

    def leave(self, bound: BoundImage) -> None:
        """Let go of an image; its layers stay, except that of its uncertainty."""
        self.live.cancel()
        self.interrupted.emit()
        self._left.remember(bound)
        self._let_go(bound)

    def _let_go(self, bound: BoundImage) -> None:
        bound.editing.changed.disconnect(self._on_editing, missing_ok=True)
        layer, strokes = bound._layer(), bound.editing._layer()
        if strokes is not None:
            for event in (strokes.events.colormap, strokes.events.selected_label):
                event.disconnect(self._on_look)
        if layer is not None:
            layer.events.data.disconnect(self._on_voxels)
            layer.events.name.disconnect(self._on_look)
        self.bound.remove(bound)
        bound.show_doubt(False)
        self.session.remove(bound.image)

    def turn_to(self, bound: BoundImage) -> None:
        """Look at an image, and paint on it."""
        if bound.strokes is not None:
            for layer in (bound.layer, bound.strokes):
                layer.visible = True  # type: ignore[union-attr]
            self.viewer.layers.selection.active = bound.strokes
            bring_into_sight(self.viewer, bound.strokes)
            self.live.follow()

    def show_doubt(self, on: bool) -> None:
        """Show how unsure the classifier is of the images, or no longer."""
        for bound in self.bound:
            bound.show_doubt(on)
        self.live.follow()

    def _own_strokes(self, layer: Layer, volume: Volume) -> tuple[Labels, bool]:
        """Strokes that an image left with, else new ones; and whether their layer was made for them."""
        left = self._left.given_back(layer, volume, self.viewer)
        if isinstance(left, tuple) and all(one.strokes is not left[0] for one in self.bound):
            left[0].visible = True
            return left
        return self._new_strokes(layer, volume, left if isinstance(left, LabelMap) else None), True

    def _new_strokes(self, layer: Layer, volume: Volume, labels: LabelMap | None = None) -> Labels:
        classes = names(self.session.classes) or FIRST_CLASSES
        labels = labels or blank(volume, dict(classes))
        tuples = layer_tuples(labels, worlds(self.viewer), f"{volume.name} strokes".strip())
        (strokes,) = add(self.viewer, in_units_of(tuples, layer))
        strokes.opacity, strokes.brush_size = 1.0, BRUSH
        strokes.selected_label = next(iter(classes))
        own = {one.value: one.colour for one in self.session.classes if one.colour}
        if own:
            strokes.colormap = DirectLabelColormap(color_dict={**strokes.colormap.color_dict, **own})
        return strokes

    def images(self) -> dict[Volume, Layer]:
        """Images that a session could be of: those that are open, with their layers."""
        found: dict[Volume, Layer] = {}
        for layer in self.viewer.layers:
            if layer._type_string == "image" and not layer.rgb and not is_aside(layer):
                volume = read_at(layer, None, self.viewer.dims.current_step)
                if isinstance(volume, Volume) and volume.axes == "zyx":
                    found[volume] = layer
        return found

    def replace(self, session: LabellingSession, images: Mapping[Volume, Layer]) -> None:
        """Show another session, one that was read for the images given, with new layers for its strokes.

        Layers of the session before go: what was recognised, and strokes on a layer that was made for them. Strokes that are in
        no file stay as a hidden layer; a layer of the user's stays as it is.
        """
        self.live.cancel()
        self._left.forget()
        saved = self.saved
        kept = [layer for bound in list(self.bound) if (layer := self._clear(bound, saved)) is not None]
        if kept:
            tell(f"not saved, so kept as hidden layers: strokes of the session before ({', '.join(one.name for one in kept)})")
        ours = self.session
        ours.classes, ours.params = session.classes, session.params
        for image in session.images:
            layer = images[image.volume]
            strokes = self._new_strokes(layer, image.volume, image.strokes)
            self._bind(layer, image.channels, strokes, made=True)
        ours.history.clear()
        ours.resume(session.classifier, session.outdated, session.warm)
        self.saved_edits = ours.edits
        self.changed.emit()

    def begin_anew(self) -> None:
        """Show a session in which nothing is; layers of the one before go as in `replace`."""
        self.interrupted.emit()
        self.mark.remove()
        self.replace(LabellingSession(), {})

    def _clear(self, bound: BoundImage, saved: bool) -> Labels | None:
        """Let go of an image and its layers; what is kept of them though it was made here: strokes that are in no file."""
        strokes, result = bound.strokes, bound.result
        self._let_go(bound)
        if result is not None:
            self.viewer.layers.remove(result)
        if strokes is None or not bound.made:
            return None
        if not saved and bound.image.strokes.array.any():
            strokes.visible = False
            return strokes
        self.viewer.layers.remove(strokes)
        return None

    def catch_up(self) -> None:
        """Show what was computed beside the interface, and go on following."""
        self.mark.follow(self.session.version)
        self.live.follow()

    def redraw(self) -> None:
        """Draw strokes again that were written to beside the interface."""
        for bound in self.bound:
            bound.editing.refresh(None)
        self.live.follow()

    def seen(self) -> BoundImage | None:
        """The image whose layers are looked at: of the active layer, else the uppermost that is visible."""
        viewer = self._viewer()
        here = [one for one in self.bound if viewer is not None and one.strokes is not None and one.layer is not None]
        if not here or viewer is None:
            return None
        active = viewer.layers.selection.active
        for one in here:
            if active is not None and active in (one.layer, one.strokes, one.result):
                return one
        visible = [one for one in here if one.strokes is not None and one.strokes.visible]
        return max(visible or here, key=lambda one: viewer.layers.index(one.strokes))

    def shown(self) -> BoundImage:
        """Like `seen`; LabelError where there is none."""
        bound = self.seen()
        if bound is None:
            raise LabelError("no image yet: choose one and press Add image")
        return bound

    # What follows what

    def _on_session(self, what: str) -> None:
        if current_thread() is not main_thread():
            return  # told again when the job ends
        if what == "strokes":
            self.mark.remove()
        self.mark.follow(self.session.version)
        if what in ("strokes", "classes", "params", "classifier"):
            self.live.follow()
        if what == "classes":
            for bound in self.bound:
                bound.dress(self.session)
        self.changed.emit()

    def _on_live(self) -> None:
        """A job of the live labels has ended."""
        self.mark.follow(self.session.version)
        self.changed.emit()

    def _on_editing(self) -> None:
        """What was done beside the interface is done, or counted."""
        self.catch_up()
        self.changed.emit()

    def _on_look(self, event: Any = None) -> None:
        """Strokes have other colours, another class is painted with, or an image has another name."""
        for bound in self.bound:
            bound.dress(self.session)
        self.changed.emit()

    def _on_voxels(self, event: Any) -> None:
        """An image has other voxels: what is painted on it stays, where it fits."""
        for bound in [one for one in self.bound if one.layer is event.source]:
            self.live.cancel()
            self.interrupted.emit()
            with reported():
                try:
                    self.session.renew(bound.image, self.volume(event.source))
                except HounsfieldError as error:
                    self._let_go(bound)
                    raise type(error)(f"{bound.title} has left the session, its strokes stay as a layer: {error}") from None
        self.live.follow()

    def _on_removed(self, event: Any) -> None:
        gone = event.value
        for bound in [one for one in self.bound if gone in (one._layer(), one.editing._layer())]:
            layer, painted = bound._layer(), int(np.count_nonzero(bound.image.strokes.array))
            self.leave(bound)
            if gone is not layer and layer is not None and painted:
                QTimer.singleShot(0, partial(self._tell_lost, layer, painted))  # the image may be about to go too

    def _tell_lost(self, layer: Layer, painted: int) -> None:
        viewer = self._viewer()
        if viewer is not None and layer in viewer.layers:
            tell(f"{layer.name} has left the session with {painted} painted voxels: add the image again to have them back")

    def _say(self, message: str) -> None:
        if message != self.message:
            self.message = message
            self.changed.emit()

    def keep_colours(self) -> None:
        """Write the colours that classes are shown in into the session."""
        strokes = next((one.strokes for one in self.bound if one.strokes is not None), None)
        if strokes is not None:
            for one in self.session.classes:
                red, green, blue = (round(255 * float(part)) for part in strokes.get_color(one.value)[:3])
                self.session.classes = recoloured(self.session.classes, one.value, f"#{red:02x}{green:02x}{blue:02x}")


_desks: WeakKeyDictionary[Any, SessionDesk] = WeakKeyDictionary()


def desk_of(viewer: ViewerModel) -> SessionDesk:
    """The session of a viewer, made at the first call."""
    viewer = getattr(viewer, "__wrapped__", viewer)  # plugins are handed a proxy
    found = _desks.get(viewer)
    if found is None:
        found = _desks[viewer] = SessionDesk(viewer)
    return found
