"""napari's writers: one layer to one file, the format by its suffix."""

from __future__ import annotations

from typing import Any


def write_layer(path: str, data: Any, meta: dict[str, Any]) -> list[str]:
    """Write an image or labels layer; napari has asked before an existing file is replaced."""
    from napari.layers import Layer

    from napari_hounsfield import write

    from .bridge import from_layer

    kind = "labels" if "colormap" in meta and "contrast_limits" not in meta else "image"
    layer = Layer.create(data, meta, kind)
    return [str(write(path, from_layer(layer), overwrite=True))]
