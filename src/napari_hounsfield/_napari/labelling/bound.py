"""An image of a session and the layers that show it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import ref

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield._napari.bridge import add, in_units_of, worlds
from napari_hounsfield._napari.editor.adopted import LayerEditing
from napari_hounsfield._napari.editor.features import write_classes
from napari_hounsfield._napari.editor.frame import frame_of
from napari_hounsfield._napari.layers import layer_tuples
from napari_hounsfield._napari.onlookers import onlookers_of
from napari_hounsfield.editing.near import Plane
from napari_hounsfield.labelling.classes import names
from napari_hounsfield.labelling.images import SessionImage
from napari_hounsfield.labelling.plane import LabelledPlane, in_plane
from napari_hounsfield.operation import Progress
from napari_hounsfield.results import Segmentation
from napari_hounsfield.volume import LabelMap

from .doubt import DoubtLayer

if TYPE_CHECKING:
    from collections.abc import Generator

    from napari.components import ViewerModel
    from napari.layers import Labels, Layer

    from napari_hounsfield.labelling.session import LabellingSession

THROUGH = 0.4
"""Opacity of labels that follow the brush: the image is painted on, and must be seen."""


class BoundImage:
    """Layers of one image: itself, the strokes, and what is recognised, which is made when there is something to show.

    Attributes
    ----------
    image
        The session's.
    editing
        Of the strokes.
    made
        Whether the layer of the strokes was made for them; else it is the user's.
    versions
        Of the classifier, by which the result shows each plane; of the whole, where all were recognised at once.
    """

    def __init__(self, viewer: ViewerModel, layer: Layer, editing: LayerEditing, image: SessionImage, made: bool) -> None:
        self._viewer, self._layer = ref(viewer), ref(layer)
        self._result: Any = lambda: None
        self.doubt: DoubtLayer | None = None
        self.image, self.editing, self.made = image, editing, made
        self.versions: dict[Plane | None, int] = {}

    @property
    def layer(self) -> Layer | None:
        """The image's layer; None when it is gone."""
        return _still(self._viewer(), self._layer())

    @property
    def title(self) -> str:
        """Name of the image, and what its further channels are."""
        layer = self._layer()
        names = [self.image.volume.name if layer is None else layer.name, *self.image.channels.names[1:]]
        return " + ".join(names)

    @property
    def result(self) -> Labels | None:
        """The layer of what is recognised; None where there is none."""
        return _still(self._viewer(), self._result())

    @property
    def strokes(self) -> Labels | None:
        """The layer that is painted on; None when it is gone."""
        return _still(self._viewer(), self.editing._layer())

    def seen(self) -> list[Plane]:
        """Planes that are looked at, that of the main canvas first; none in 3D."""
        viewer = self._viewer()
        dims = [] if viewer is None else [viewer.dims, *onlookers_of(viewer).dims]
        found = [self.editing.looked_at(one) for one in dims]
        return list(dict.fromkeys(at for at in found if at is not None))

    def plane(self) -> Plane:
        """The plane that is looked at on the main canvas; in 3D the middle slice."""
        return self.editing.looked_at() or Plane(0, self.image.volume.grid.shape[0] // 2)

    def slice(self) -> int:
        """The slice that is looked at; where planes across the slices are, the middle one."""
        at = self.plane()
        return self.image.volume.grid.shape[0] // 2 if at.axis else at.index

    def shows(self, at: Plane, version: int) -> bool:
        """Whether the result shows a plane as this version of the classifier recognises it."""
        return self.result is not None and version in (self.versions.get(at), self.versions.get(None))

    def show_plane(self, plane: LabelledPlane, session: LabellingSession, version: int) -> None:
        """Write a recognised plane, and draw it if it is seen; in the main thread."""
        layer, written = self.result or self._make_result(session), plane.at
        in_plane(self.stored(), written)[...] = plane.labels
        self.versions[written] = version
        if self.doubt is not None:
            self.doubt.write(written, plane.sureness, self._valid(written))
        at = self.editing.looked_at()
        if at is None or at.axis != written.axis or at.index == written.index:
            layer.refresh(highlight=False, extent=False, thumbnail=False)
            if self.doubt is not None:
                self.doubt.draw()

    def dress(self, session: LabellingSession) -> None:
        """Give the result the colours and names that the strokes have now."""
        result, strokes = self.result, self.strokes
        if result is not None and strokes is not None:
            if result.colormap is not strokes.colormap:  # napari cannot compare them
                result.colormap = strokes.colormap
            write_classes(result, names(session.classes), None)

    def show_doubt(self, on: bool) -> None:
        """Make the layer of uncertainty, whose planes are filled as they are recognised, or take it away."""
        viewer, doubt = self._viewer(), self.doubt
        self.doubt = None
        if doubt is not None:
            doubt.remove()
        if on and viewer is not None:
            self.doubt = DoubtLayer(viewer, self.image.volume, self.strokes)
            self.versions.clear()  # to be recognised anew

    def show_whole(self, version: int) -> None:
        """Draw what `write_steps` has written; in the main thread."""
        self.versions = {None: version}
        layer = self.result
        if layer is not None:
            layer.refresh()
        if self.doubt is not None:
            self.doubt.draw()

    def _valid(self, at: Plane) -> Any:
        valid = self.image.channels.valid
        return None if valid is None else in_plane(valid, at)

    def write_steps(self, result: Segmentation) -> Generator[Progress, None, None]:
        """Write a recognised image plane by plane; may run beside the interface."""
        array = self.stored()
        self.versions.clear()  # a mixture, should it be given up
        for z, plane in enumerate(result.labels.array):
            array[z] = plane
            if self.doubt is not None and result.sureness is not None:
                self.doubt.write(Plane(0, z), result.sureness[z], self._valid(Plane(0, z)))
            yield Progress((z + 1) / len(array), "layer")

    def stored(self) -> NDArray[Any]:
        """The result's array in the order of the image."""
        layer = self.result
        assert layer is not None
        return frame_of(layer).stored(layer.data)

    def make_sure_of_result(self, session: LabellingSession) -> None:
        """Make the layer of what is recognised, where there is none."""
        if self.result is None:
            self._make_result(session)

    def _make_result(self, session: LabellingSession) -> Labels:
        viewer, strokes = self._viewer(), self.strokes
        assert viewer is not None
        volume = self.image.volume
        empty: LabelMap = volume.label_map(np.zeros(volume.grid.shape, np.uint8), names(session.classes))
        active = viewer.layers.selection.active
        tuples = in_units_of(layer_tuples(empty, worlds(viewer), f"{volume.name} labels".strip()), strokes)
        (layer,) = add(viewer, tuples)
        layer.opacity = THROUGH
        layer.editable = False
        if strokes is not None:  # the brush stays where it is, and the strokes above what they teach
            layer.colormap = strokes.colormap
            viewer.layers.move(viewer.layers.index(layer), viewer.layers.index(strokes))
        viewer.layers.selection.active = active
        self._result = ref(getattr(layer, "__wrapped__", layer))
        self.versions.clear()
        return layer


def _still(viewer: ViewerModel | None, layer: Any) -> Any:
    """A layer, unless it has left the viewer."""
    return layer if viewer is not None and layer is not None and layer in viewer.layers else None
