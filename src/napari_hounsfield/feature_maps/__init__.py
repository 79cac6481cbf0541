"""The kinds of maps that a classifier can see, one a module, in the order of their maps."""

from __future__ import annotations

from .gradient import Gradient
from .hessian import Hessian
from .intensities import Intensities
from .kind import MapKind
from .laplacian import Laplacian
from .position import Position
from .structure import Structure
from .texture import Texture

KINDS: tuple[type[MapKind], ...] = (Intensities, Gradient, Laplacian, Structure, Hessian, Position, Texture)
"""A new kind is a class in a module of its own, listed here, and its switch in `FeatureParams`."""

__all__ = ["KINDS", "MapKind"]
