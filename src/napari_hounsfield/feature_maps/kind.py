"""What a kind of feature maps is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator
from typing import TYPE_CHECKING, ClassVar

from numpy.typing import NDArray

from napari_hounsfield.operation import Progress

if TYPE_CHECKING:
    import numpy as np

    from napari_hounsfield.feature_params import FeatureParams

    from .image import FeatureImage
    from .slab import Slab


class MapKind(ABC):
    """Maps of one kind, made ready for one image.

    Parameters
    ----------
    image
        What the maps are of.
    params
        Resolved parameters in which the kind is chosen.
    """

    derives: ClassVar[bool] = True
    """Whether it is made of derivatives, which the slab keeps for the kinds that follow."""

    def __init__(self, image: FeatureImage, params: FeatureParams) -> None:
        self.image, self.params = image, params

    @staticmethod
    @abstractmethod
    def names(params: FeatureParams) -> list[str]:
        """Names of the maps that resolved parameters give; none where the kind is not chosen."""

    @property
    def reach(self) -> int:
        """Slices beyond a slice that its maps depend on."""
        return 0

    @abstractmethod
    def compute(self, slab: Slab, out: NDArray[np.float32]) -> Generator[Progress, None, None]:
        """Write the maps of a slab into `out` (maps, slices, y, x)."""
