"""The Gabor bank."""

from __future__ import annotations

from collections.abc import Generator
from functools import cached_property
from typing import TYPE_CHECKING

from numpy.typing import NDArray

from napari_hounsfield.gabor_bank import map_names
from napari_hounsfield.operation import Progress

from .kind import MapKind
from .slab import Slab

if TYPE_CHECKING:
    import numpy as np

    from napari_hounsfield.feature_params import FeatureParams
    from napari_hounsfield.gabor_filtering import Bank


class Texture(MapKind):
    """Responses of the Gabor bank to the intensity in the window."""

    derives = False

    @staticmethod
    def names(params: FeatureParams) -> list[str]:
        """As `gabor` names its maps."""
        return map_names(params.gabor) if params.texture else []

    @cached_property
    def _bank(self) -> Bank:
        from napari_hounsfield.gabor_filtering import Bank

        return Bank(self.image.grid, self.params.gabor)

    @property
    def reach(self) -> int:
        """Of the widest filter; all slices where the image is taken to wrap around."""
        return self.image.shape[0] if self.params.gabor.boundary == "wrap" else self._bank.reach

    def compute(self, slab: Slab, out: NDArray[np.float32]) -> Generator[Progress, None, None]:
        """Write the maps of a slab; how the image goes on beyond its ends is the bank's own affair."""
        low, high = max(0, slab.first - self.reach), min(self.image.shape[0], slab.last + self.reach)
        windowed = self.image.windowed(low, high, self.params.main_range)
        yield from self._bank.filter(windowed, out, slab.first - low, slab.last - low)
