"""Planes that are uneven or tilted, resampled to an even and upright grid."""

from __future__ import annotations

from dataclasses import dataclass, field

from napari_hounsfield.grid import Grid

from .geometry import Points


@dataclass(frozen=True, eq=False)
class Regridding:
    """From planes where they lie to a grid."""

    positions: Points = field(repr=False)
    """Image Position (Patient) of each plane, ascending along the normal, (n, 3) in mm."""
    target: Grid
    """Same orientation and in-plane spacing as the planes; its planes are even, and right above each other."""
