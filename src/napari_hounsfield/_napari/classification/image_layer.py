"""The layer of an image file of any kind, as classifiers read it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from napari_hounsfield._napari.layers import LayerTuple, layer_tuples
from napari_hounsfield.images.reading import is_picture, read_image


def image_layer(path: Path, title: str = "") -> LayerTuple:
    """Read an image: its layer, under a title and never under the file's name, since readers may be blind.

    Raises
    ------
    FormatError, DicomError, IntensityError
        As `read_image`.
    """
    ((array, arguments, kind),) = layer_tuples(replace(read_image(path), name=title))
    if is_picture(path):
        arguments["units"] = ["pixel"] * 3  # it says nothing of millimetres
    return array, arguments, kind
