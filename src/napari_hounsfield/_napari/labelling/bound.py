"""An image of a session and the layers that show it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import ref

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield._napari.bridge import add, in_units_of, worlds
from napari_hounsfield._napari.editor.adopted import LayerEditing
from napari_hounsfield._napari.editor.frame import frame_of
from napari_hounsfield._napari.layers import layer_tuples
from napari_hounsfield.labelling.classes import names
from napari_hounsfield.labelling.images import SessionImage
from napari_hounsfield.labelling.plane import LabelledPlane
from napari_hounsfield.operation import Progress
from napari_hounsfield.volume import LabelMap, Segmentation

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
    planes
        Version of the classifier by which each plane of the result was recognised.
    """

    def __init__(self, viewer: ViewerModel, layer: Layer, editing: LayerEditing, image: SessionImage) -> None:
        self._viewer, self._layer = ref(viewer), ref(layer)
        self._result: Any = lambda: None
        self.doubt: DoubtLayer | None = None
        self.image, self.editing = image, editing
        self.planes: dict[int, int] = {}

    @property
    def layer(self) -> Layer | None:
        """The image's layer; None when it is gone."""
        return _still(self._viewer(), self._layer())

    @property
    def result(self) -> Labels | None:
        """The layer of what is recognised; None where there is none."""
        return _still(self._viewer(), self._result())

    @property
    def strokes(self) -> Labels | None:
        """The layer that is painted on; None when it is gone."""
        return _still(self._viewer(), self.editing._layer())

    def show_plane(self, plane: LabelledPlane, session: LabellingSession, version: int) -> None:
        """Write a recognised plane, and draw it if it is seen; in the main thread."""
        layer = self.result or self._make_result(session)
        array = self.stored()
        array[plane.z] = plane.labels
        self.planes[plane.z] = version
        if self.doubt is not None:
            self.doubt.write(plane.z, plane.sureness, self._valid(plane.z))
        at = self.editing.looked_at()
        if at is None or at.axis or at.index == plane.z:
            layer.refresh(highlight=False, extent=False, thumbnail=False)
            if self.doubt is not None:
                self.doubt.draw()

    def show_doubt(self, on: bool) -> None:
        """Make the layer of uncertainty, whose planes are filled as they are recognised, or take it away."""
        viewer, doubt = self._viewer(), self.doubt
        self.doubt = None
        if doubt is not None:
            doubt.remove()
        if on and viewer is not None:
            self.doubt = DoubtLayer(viewer, self.image.volume, self.strokes)
            self.planes.clear()  # to be recognised anew

    def _valid(self, z: int) -> Any:
        valid = self.image.volume.valid
        return None if valid is None else valid[z]

    def write_steps(self, result: Segmentation) -> Generator[Progress, None, None]:
        """Write a recognised image plane by plane; may run beside the interface."""
        array = self.stored()
        for z, plane in enumerate(result.labels.array):
            array[z] = plane
            if self.doubt is not None and result.sureness is not None:
                self.doubt.write(z, result.sureness[z], self._valid(z))
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
        self.planes.clear()
        return layer


def _still(viewer: ViewerModel | None, layer: Any) -> Any:
    """A layer, unless it has left the viewer."""
    return layer if viewer is not None and layer is not None and layer in viewer.layers else None
