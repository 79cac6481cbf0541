"""Surfaces of labels as napari's own surface layers: named and coloured as the classes, where the labels are."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from .layers import KEY, Shown
from .placement import WORLD_OF_PATIENT
from .surface_light import light

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Labels, Layer, Surface

    from napari_hounsfield.meshes.mesh import Surface as SurfaceOfClass

MARK = "hounsfield surface"
"""Key in the metadata of a surface layer of ours: the labels layer's name and the value of the class."""


def in_world(labels: Layer, part: SurfaceOfClass) -> SurfaceOfClass:
    """A surface with its vertices in the world that its labels are shown in; takes a moment, so not in the main thread."""
    how = labels.metadata.get(KEY)
    world = how.placement.world if isinstance(how, Shown) else WORLD_OF_PATIENT
    return replace(part, vertices=(part.vertices @ world[:3, :3].T + world[:3, 3]).astype(np.float32))


def surface_layers(viewer: ViewerModel, labels: Labels) -> dict[int, Surface]:
    """Surfaces of a labels layer that are there, by the value of the class."""
    return {layer.metadata[MARK][1]: layer for layer in viewer.layers if layer.metadata.get(MARK, ("",))[0] == labels.name}


def show_surface(viewer: ViewerModel, labels: Labels, part: SurfaceOfClass) -> Surface:
    """Show the surface of one class, placed by `in_world`, in the layer that is there for it or in a new one."""
    from napari.layers import Surface

    shape, colour = (part.vertices, part.faces), _colour(labels, part.label)
    before = surface_layers(viewer, labels).get(part.label)
    if before is not None:
        before.data = shape
        before.colormap = colour
        return before
    layer = Surface(
        shape,
        name=f"{labels.name}: {part.name}",
        colormap=colour,
        contrast_limits=(0, 1),
        shading="smooth",
        units=labels.units[-3:],
        axis_labels=labels.axis_labels[-3:],
        metadata={MARK: (labels.name, part.label)},
    )
    layer.visible = viewer.dims.ndisplay == 3
    viewer.add_layer(layer)
    _only_in_3d(viewer, layer)
    light(viewer, layer)
    return layer


def _colour(labels: Labels, value: int) -> Any:
    """One colour, that of the class, from end to end."""
    from napari.utils.colormaps import Colormap

    found = labels.get_color(value)
    colour = np.array([0.5, 0.5, 0.5, 1.0] if found is None else found, np.float32)
    colour[3] = 1
    return Colormap([colour, colour], name=f"class {value}")


def _only_in_3d(viewer: ViewerModel, layer: Layer) -> None:
    """Hide a surface while slices are shown: napari would cut it anew at every step, to show next to nothing."""
    wanted = True
    layer.visible = viewer.dims.ndisplay == 3

    def on_ndisplay(event: Any = None) -> None:
        nonlocal wanted
        if layer not in viewer.layers:
            viewer.dims.events.ndisplay.disconnect(on_ndisplay)
        elif viewer.dims.ndisplay == 3:
            layer.visible = wanted
        else:
            wanted, layer.visible = layer.visible, False

    viewer.dims.events.ndisplay.connect(on_ndisplay)
