"""A canvas with its viewer model: the main one, or one of a linked view, and where things are on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield._napari.layers import KEY, Shown

from .letters import Edges, axis_letters, common, edge_letters
from .planes import Plane, plane_across

if TYPE_CHECKING:
    from napari.components import ViewerModel

    from napari_hounsfield.grid import Affine


class Pane:
    """What is common to the main canvas and the linked views.

    Attributes
    ----------
    model
        Its viewer.
    study
        The main viewer, which has all layers.
    native
        Qt widget that is drawn on.
    """

    busy = False
    """Whether the program is at work on it, so that nothing it tells was done by the user."""
    paired = False
    """Whether centre and zoom are those of the main canvas."""

    def __init__(self, model: ViewerModel, canvas: Any, study: ViewerModel) -> None:
        self.model = model
        self.study = study
        self._canvas = canvas
        self.native = canvas.native

    @property
    def caption(self) -> str:
        """What is said below the name of the plane."""
        return ""

    @property
    def flat(self) -> bool:
        """Whether it shows a plane, not 3D."""
        return bool(self.model.dims.ndisplay == 2)

    @property
    def plane(self) -> Plane | None:
        """Plane that is shown; None in 3D and without depth."""
        return plane_across(self.model.dims.order) if self.flat else None

    @property
    def size(self) -> tuple[float, float]:
        """Height and width in mm; in 3D of the plane through the centre."""
        zoom = self.model.scene.camera.zoom
        return self.native.height() / zoom, self.native.width() / zoom

    def on_canvas(self, points: Sequence[Sequence[float]] | NDArray[np.float64]) -> NDArray[np.float64]:
        """Pixels (x, y) on the widget, (n, 2), of world points (n, ndim)."""
        known, displayed = np.asarray(points, float), list(self.model.dims.displayed)
        if len(displayed) < self.model.dims.ndisplay:  # no layers, in 3D
            displayed = [-3, -2, -1]
        shown = known[:, displayed][:, ::-1]
        padded = np.zeros((len(shown), 4))
        padded[:, : shown.shape[1]] = shown
        padded[:, 3] = 1
        view = self._canvas.view
        mapped: NDArray[np.float64] = np.asarray((view.transform * view.scene.transform).map(padded))
        pixels: NDArray[np.float64] = mapped[:, :2] / mapped[:, 3:]
        return pixels

    @property
    def worlds(self) -> list[Affine]:
        """How the patient stands in the world, for each visible layer that knows."""
        said = [layer.metadata.get(KEY) for layer in (self.model if self.flat else self.study).layers if layer.visible]
        return [how.placement.world for how in said if isinstance(how, Shown)]

    @property
    def extent(self) -> NDArray[np.float64]:
        """Least and greatest world coordinates of the study along the last three axes, (2, 3)."""
        extent: NDArray[np.float64] = self.study.layers.extent.world[:, -3:]
        return extent

    @property
    def edges(self) -> Edges:
        """Letters at its edges; none in 3D, and where the layers do not say how the patient lies."""
        dims = self.model.dims
        first = dims.ndim - 3
        displayed = [axis - first for axis in dims.displayed]
        if not self.flat or not self.worlds or min(displayed) < 0:
            return Edges()
        return common(edge_letters(world, displayed, self.model.scene.camera.orientation2d) for world in self.worlds)

    @property
    def ends(self) -> tuple[tuple[str, str], ...]:
        """Letters at both ends of the world axes, where all layers agree."""
        found = {axis_letters(world) for world in self.worlds}
        return found.pop() if len(found) == 1 else (("", ""),) * 3

    def on_resize(self) -> None:
        """Take note of another size of the canvas."""

    def fit(self) -> None:
        """Show all of it."""
        if len(self.model.layers):
            self.model.reset_view()
