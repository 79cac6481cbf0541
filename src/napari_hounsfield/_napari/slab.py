"""Thick slices: the maximum, minimum or mean over some millimetres around the slice that is shown, by napari's own projection.

napari shows the slices whose centres lie within margins to both sides. Where a margin ends between two slices it takes now one
more, now one less, so that margins are set to whole slices.
"""

from __future__ import annotations

from math import floor
from typing import TYPE_CHECKING, Any

from magicgui.widgets import ComboBox, Container, FloatSpinBox, Label

from .bridge import millimetres
from .layout import rows
from .listening import LayerListener
from .windowing.images import is_windowed, target

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Image

OFF = "off"
MODES = {"maximum (MIP)": "max", "minimum (MinIP)": "min", "mean": "mean"}
"""napari's projections by the names of the field."""
ROUNDING = 1e-6


def set_slab(viewer: ViewerModel, mode: str, thickness: float) -> int:
    """Show all images of one number a voxel as a slab, along whichever axis is sliced.

    Parameters
    ----------
    viewer
        Its labels stay those of the shown slice.
    mode
        `off`, or one of `MODES`.
    thickness
        In mm: of the chosen image, slices within half of it on both sides are taken.

    Returns
    -------
    int
        How many slices are taken along the axis that is sliced now.
    """
    image = target(viewer)
    slices = [0] * viewer.dims.ndim
    if image is not None and mode in MODES:
        for layer in viewer.layers:
            if is_windowed(layer):
                layer.projection_mode = MODES[mode]
        spatial = slice(viewer.dims.ndim - min(image.ndim, 3), None)
        slices[spatial] = [floor(thickness / 2 / size + ROUNDING) for size in _spacing(image)]
    steps = [0.0] * viewer.dims.ndim if image is None else [0.0] * (viewer.dims.ndim - image.ndim) + list(map(float, image.scale))
    margins = tuple(count * step for count, step in zip(slices, steps, strict=True))
    if viewer.dims.margin_left != margins:
        viewer.dims.margin_left = viewer.dims.margin_right = margins
    sliced = [axis for axis in viewer.dims.not_displayed if axis >= viewer.dims.ndim - 3]
    return 2 * slices[sliced[-1]] + 1 if sliced else 1


def _spacing(image: Image) -> list[float]:
    """Voxel size in mm along the last three axes."""
    used = min(image.ndim, 3)
    return [float(size) * millimetres(unit) for size, unit in zip(image.scale[-used:], image.units[-used:], strict=True)]


class SlabPanel(Container[Any]):
    """Mode and thickness; images that come later join."""

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = viewer
        self.mode = ComboBox(
            name="mode",
            choices=[OFF, *MODES],
            tooltip="What is shown of the slices of a slab; labels stay those of the middle one",
        )
        self.thickness = FloatSpinBox(
            name="thickness", label="thickness (mm)", value=10.0, min=0.0, max=2000.0, step=1.0, tooltip="Around the shown slice"
        )
        self.taken = Label(value="1 slice")
        super().__init__(
            name="slab", widgets=[Label(value="<b>Slab</b>"), rows([self.mode, self.thickness]), self.taken], labels=False
        )
        self.margins = (0, 0, 0, 0)
        self.mode.changed.connect(self.apply)
        self.thickness.changed.connect(self.apply)
        self._listener = LayerListener(viewer, self.apply, self.native)
        self._axes = _AxesListener(viewer, self)

    def apply(self, *_: Any) -> None:
        """Show what is set."""
        count = set_slab(self._viewer, self.mode.value, self.thickness.value)
        self.taken.value = f"{count} slices" if count > 1 else "1 slice"


class _AxesListener:
    """Counts anew when another axis is sliced; a plain object, since napari looks into what is connected."""

    def __init__(self, viewer: ViewerModel, panel: SlabPanel) -> None:
        self._dims, self._panel = viewer.dims, panel
        self._dims.events.order.connect(self.on_event)
        panel.native.destroyed.connect(self.stop)

    def on_event(self, event: Any = None) -> None:
        """Count anew."""
        self._panel.apply()

    def stop(self, *_: Any) -> None:
        """Let go of the viewer."""
        self._dims.events.order.disconnect(self.on_event)
