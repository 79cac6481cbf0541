"""A closed mesh of triangles, and those of several classes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.volume import Record


@dataclass(frozen=True, eq=False)
class Surface:
    """The surface of one class.

    Attributes
    ----------
    label, name
        Value and name of the class.
    vertices
        float32 (n, 3): patient positions (L, P, S) in mm.
    faces
        int32 (m, 3): corners of each triangle, counter-clockwise seen from outside.
    """

    label: int
    name: str
    vertices: NDArray[np.float32] = field(repr=False)
    faces: NDArray[np.int32] = field(repr=False)

    @property
    def _corners(self) -> NDArray[np.float64]:
        """Relative to a point inside, so that places far from the origin do not cost digits."""
        around: NDArray[np.float64] = self.vertices.astype(np.float64) - self.vertices.mean(axis=0, dtype=np.float64)
        return around[self.faces]

    @property
    def area(self) -> float:
        """In square mm."""
        a, b, c = np.moveaxis(self._corners, 1, 0)
        return float(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2)

    @property
    def volume_ml(self) -> float:
        """What it encloses."""
        a, b, c = np.moveaxis(self._corners, 1, 0)
        return float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6000)


@dataclass(frozen=True, eq=False)
class Surfaces:
    """Surfaces of the classes of a label map.

    Attributes
    ----------
    parts
        One a class.
    frame_of_reference
        DICOM Frame of Reference UID that the positions are in; empty where unknown.
    """

    parts: tuple[Surface, ...]
    frame_of_reference: str = field(default="", repr=False)
    name: str = ""
    history: tuple[Record, ...] = field(default=(), repr=False)

    def with_record(self, record: Record) -> Surfaces:
        """Return a copy whose history ends with `record`."""
        return replace(self, history=(*self.history, record))

    def to_json(self) -> dict[str, Any]:
        """Area and volume of each, and how many triangles it has."""
        records = [
            {
                "label": part.label,
                "name": part.name,
                "volume_ml": round(part.volume_ml, 3),
                "area_mm2": round(part.area, 1),
                "triangles": len(part.faces),
            }
            for part in self.parts
        ]
        return {"classes": records}
