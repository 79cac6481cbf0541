"""Where in the body a voxel lies."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.operation import Progress, part

from .body import Body, body_of
from .image import FeatureImage
from .kind import MapKind
from .slab import Slab

if TYPE_CHECKING:
    from napari_hounsfield.feature_params import FeatureParams


class Position(MapKind):
    """Distance to the skin in mm (negative outside), and the place in the box around the body, each from 0 to 1.

    The box is the patient's, whatever way the image is stored: 0 is right, front and feet, 1 left, back and head.
    """

    derives = False

    def __init__(self, image: FeatureImage, params: FeatureParams) -> None:
        super().__init__(image, params)
        self._body: Body | None = None

    @staticmethod
    def names(params: FeatureParams) -> list[str]:
        """Four maps."""
        if not params.position:
            return []
        return ["distance to skin", "position right to left", "position front to back", "position foot to head"]

    def compute(self, slab: Slab, out: NDArray[np.float32]) -> Generator[Progress, None, None]:
        """Write the maps of a slab; the body is found once, in the whole volume."""
        if self._body is None:
            self._body = yield from part(body_of(self.image), 0.0, 0.9)
        body, affine = self._body, self.image.grid.affine
        extent = body.upper - body.lower
        _, rows, columns = self.image.shape
        for row, z in enumerate(range(slab.first, slab.last)):
            out[0, row] = body.depth_of(z, rows, columns)
            for axis in range(3):
                place = affine[axis, 3] + affine[axis, 0] * z + affine[axis, 1] * np.arange(rows)[:, None]
                place = place + affine[axis, 2] * np.arange(columns) - body.lower[axis]
                out[1 + axis, row] = np.clip(place / extent[axis], 0, 1) if extent[axis] > 0 else 0.5
            yield Progress(0.9 + 0.1 * (row + 1) / (slab.last - slab.first), "features")
