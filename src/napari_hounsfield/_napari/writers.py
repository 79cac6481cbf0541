"""napari's writers: one layer to one file, the format by its suffix."""

from __future__ import annotations

from typing import Any


def write_layer(path: str, data: Any, meta: dict[str, Any]) -> list[str]:
    """Write an image or labels layer; napari has asked before an existing file is replaced.

    Raises
    ------
    RuntimeError
        With the reason if it cannot be written: napari takes a ValueError, as ours are, for a writer that is missing.
    """
    from napari import current_viewer
    from napari.layers import Layer

    from napari_hounsfield import write
    from napari_hounsfield.errors import HounsfieldError

    from .bridge import from_layer
    from .drawn_on import drawn_on

    kind = "labels" if "colormap" in meta and "contrast_limits" not in meta else "image"
    layer = Layer.create(data, meta, kind)
    viewer = current_viewer()
    try:
        labelled = from_layer(layer, None if viewer is None else drawn_on(layer, viewer.layers))
        return [str(write(path, labelled, overwrite=True))]
    except HounsfieldError as error:
        raise RuntimeError(str(error)) from None
