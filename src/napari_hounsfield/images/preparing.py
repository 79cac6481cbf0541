"""From a volume, or a picture, to the array that models see."""

from __future__ import annotations

from napari_hounsfield.operation import Params, number


class PrepareParams(Params):
    """What models see of an image."""

    matrix: int = number(96, 8, 1024)
    """Rows and columns that images are resampled to."""
    slices: int = number(0, 0, 512, lowest="images")
    """Slices that volumes are resampled to; 0: images, of a volume its middle slice."""
