"""The records that measurements give, as JSON and as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from napari_hounsfield.volume import Record, Source

from .intensity_statistics import Histogram
from .text_table import Cell, text_table

Position = tuple[float, float, float]
"""Patient position (L, P, S) in mm."""
Index = tuple[int, int, int]
"""Voxel (z, y, x) of the image."""

INTENSITIES = ("mean", "sd", "median", "min", "max")
PERCENTILES = tuple(f"percentile_{p}" for p in (5, 10, 25, 75, 90, 95))
PLACE = ("centroid_mm", "box_start_voxels", "box_stop_voxels", "box_low_mm", "box_high_mm")
DIAMETERS = (
    *("plane_diameter_mm", "plane_perpendicular_mm", "plane_diameter_start_mm", "plane_diameter_end_mm"),
    *("diameter_mm", "diameter_start_mm", "diameter_end_mm"),
)
SHAPE = ("surface_mm2", "mesh_volume_ml", "sphericity", *DIAMETERS)
UPTAKE = ("suv_max", "suv_peak", "mtv_ml", "tlg_suv_ml")

SHAPE_COLUMNS = {
    "surface_mm2": "surface (mm2)",
    "plane_diameter_mm": "in plane (mm)",
    "plane_perpendicular_mm": "across (mm)",
    "diameter_mm": "in space (mm)",
}
UPTAKE_COLUMNS = {"suv_peak": "SUVpeak", "tlg_suv_ml": "TLG (SUV ml)"}


@dataclass(frozen=True, kw_only=True)
class ClassMeasurement:
    """One class. What is undefined is None, and its reason is in `reasons`."""

    label: int
    name: str
    voxels: int
    volume_ml: float
    mean: float | None = None
    sd: float | None = None
    """Of the voxels themselves (divided by n), as IBSI defines it."""
    median: float | None = None
    min: float | None = None
    max: float | None = None
    percentile_5: float | None = None
    """Percentiles are linear between ranks."""
    percentile_10: float | None = None
    percentile_25: float | None = None
    percentile_75: float | None = None
    percentile_90: float | None = None
    percentile_95: float | None = None
    histogram: Histogram | None = None
    centroid_mm: Position | None = None
    box_start_voxels: Index | None = None
    box_stop_voxels: Index | None = None
    """The voxel after the last."""
    box_low_mm: Position | None = None
    """Least L, P and S of the outer corners of the box of voxels."""
    box_high_mm: Position | None = None
    surface_mm2: float | None = None
    mesh_volume_ml: float | None = None
    sphericity: float | None = None
    """Surface of a ball of the mesh's volume, divided by the mesh's surface."""
    plane_diameter_mm: float | None = None
    """Longest in one plane of voxels."""
    plane_perpendicular_mm: float | None = None
    """Longest chord at right angles to it, in the same plane."""
    plane_diameter_start_mm: Position | None = None
    plane_diameter_end_mm: Position | None = None
    diameter_mm: float | None = None
    """Longest in space."""
    diameter_start_mm: Position | None = None
    diameter_end_mm: Position | None = None
    suv_max: float | None = None
    suv_peak: float | None = None
    mtv_ml: float | None = None
    tlg_suv_ml: float | None = None
    objects: int | None = None
    """How many objects the class consists of; those that are in the table may be fewer."""
    reasons: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Every figure by its name, with null for undefined ones."""
        return asdict(self)


@dataclass(frozen=True, kw_only=True)
class ObjectMeasurement(ClassMeasurement):
    """One connected object of a class."""

    object: int
    """From 1, the largest object of the class."""

    def to_json(self) -> dict[str, Any]:
        """Every figure by its name, the number of the object after the name of its class."""
        record = asdict(self)
        reasons = {name: why for name, why in record["reasons"].items() if name != "objects"}
        rest = {key: value for key, value in record.items() if key not in ("label", "name", "object", "objects", "reasons")}
        return {"label": self.label, "name": self.name, "object": self.object, **rest, "reasons": reasons}


@dataclass(frozen=True)
class Measurements:
    """Measurements of each class, and of each object where asked for; intensities in `unit`."""

    classes: tuple[ClassMeasurement, ...]
    unit: str
    objects: tuple[ObjectMeasurement, ...] | None = None
    """By class, the largest of each first; None where they were not asked for."""
    notes: tuple[str, ...] = ()
    """What to know of them, in words."""
    modality: str = ""
    """Of the image."""
    source: Source | None = None
    """References to the image."""
    empty: bool = False
    """Whether background was measured only because there is nothing else."""
    history: tuple[Record, ...] = field(default=(), repr=False)

    def with_record(self, record: Record) -> Measurements:
        """Return a copy whose history ends with `record`."""
        return replace(self, history=(*self.history, record))

    def to_json(self) -> dict[str, Any]:
        """JSON-ready: a record a class and a record an object, with null and an entry in `reasons` for what is undefined."""
        objects = {} if self.objects is None else {"objects": [each.to_json() for each in self.objects]}
        return {"classes": [c.to_json() for c in self.classes], **objects, "unit": self.unit, "notes": list(self.notes)}

    def table(self) -> list[str]:
        """Lines of an aligned table, a class a line; and of another, an object a line."""
        lines = self._lines(self.classes)
        if self.objects is not None:
            lines += ["", *(self._lines(self.objects) if self.objects else ["no object"])]
        return [*lines, *self.notes]

    def _lines(self, measured: Sequence[ClassMeasurement]) -> list[str]:
        unit = f" ({self.unit})" if self.unit else ""
        known = {
            name: title
            for name, title in (SHAPE_COLUMNS | UPTAKE_COLUMNS).items()
            if any(getattr(m, name) is not None for m in measured)
        }
        numbered = isinstance(measured[0], ObjectMeasurement) if measured else False
        counted = "objects" if any(m.objects is not None for m in measured) else ""
        which = ("object",) if numbered else (counted,) if counted else ()
        names = ("label", "name", *which, "voxels", "volume_ml", *INTENSITIES, *known)
        titles = {"volume_ml": "volume (ml)", "mean": f"mean{unit}"} | known
        rows: list[list[Cell]] = [[getattr(m, name) for name in names] for m in measured]
        return text_table([titles.get(name, name) for name in names], rows)
