"""Any model of this package from its file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from .formats.tensor_file import kind_of_file

if TYPE_CHECKING:
    from .images.classifier import ImageClassifier
    from .pixels.classifier import PixelClassifier


def load_model(path: str | Path) -> PixelClassifier | ImageClassifier:
    """Read a model: a pixel classifier that `train` gave, or a classifier of whole images that `train_images` gave.

    Nothing in the file is executed; shapes, finite values and the hash are checked.

    Raises
    ------
    FormatError
        If the file is missing or is no safetensors file.
    ModelError
        If it is no model, is damaged, or comes from a newer version.
    """
    if kind_of_file(path) == "image classifier":
        from .images.classifier import load_image_classifier

        return load_image_classifier(path)
    from .pixels.classifier import load_model as load_pixel_classifier

    return load_pixel_classifier(path)
