"""What the voxels of each class measure: volume, and the intensities of an image in them."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.components import bounding_box
from napari_hounsfield.operation import Params, Progress, operation
from napari_hounsfield.volume import LabelMap, Record, Segmentation, Volume, as_label_map, is_background

from .text_table import text_table

INTENSITIES = ("mean", "sd", "median", "min", "max")


class MeasureParams(Params):
    """Which classes are measured."""

    background: bool = False
    """Measure background too; without it background is measured only where there is nothing else."""


@dataclass(frozen=True)
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
    reasons: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Measurements:
    """Measurements of each class; intensities in `unit`."""

    classes: tuple[ClassMeasurement, ...]
    unit: str
    history: tuple[Record, ...] = field(default=(), repr=False)

    def with_record(self, record: Record) -> Measurements:
        """Return a copy whose history ends with `record`."""
        return replace(self, history=(*self.history, record))

    def to_json(self) -> dict[str, Any]:
        """JSON-ready: a record a class, with null and an entry in `reasons` for what is undefined."""
        return {"classes": [asdict(c) for c in self.classes], "unit": self.unit}

    def table(self) -> list[str]:
        """Lines of an aligned table, a class a line."""
        unit = f" ({self.unit})" if self.unit else ""
        header = ("label", "name", "voxels", "volume (ml)", *(f"{name}{unit}" for name in INTENSITIES))
        rows = [[c.label, c.name, c.voxels, c.volume_ml, *(getattr(c, name) for name in INTENSITIES)] for c in self.classes]
        return text_table(header, rows)


@operation("measure", MeasureParams)
def measure(volume: Volume, labels: LabelMap | Segmentation, params: MeasureParams) -> Generator[Progress, None, Measurements]:
    """Volume of each class, and mean, standard deviation, median and range of the image in it.

    Padding outside the scanned field counts in the volume, and not in the intensities.

    Parameters
    ----------
    volume
        Scalar image (z, y, x).
    labels
        On the same lattice; stored flipped or permuted is matched by geometry.
    params
        Which classes.

    Raises
    ------
    GridError
        If the grids are different lattices.
    IntensityError
        If the image has several channels or times, or is not finite inside the scanned field.
    """
    volume.require_scalar()
    matched = as_label_map(labels, volume.grid)
    background = {value for value in matched.values() if value == 0 or is_background(matched.class_name(value))}
    values = matched.values() if params.background else [v for v in matched.values() if v not in background]
    values = values or sorted(background)
    classes = []
    for done, value in enumerate(values):
        yield Progress(done / len(values), matched.class_name(value))
        voxels, inside = yield from _values(volume, matched.array, value)
        classes.append(_measured(value, matched.class_name(value), voxels, volume.grid.voxel_volume, inside))
    return Measurements(tuple(classes), volume.unit)


def _values(volume: Volume, labels: NDArray[Any], value: int) -> Generator[Progress, None, tuple[int, NDArray[Any]]]:
    """Number of voxels of a class, and the image's values (n,) in those that were scanned."""
    box = bounding_box(labels, [value])
    if box is None:
        return 0, np.empty(0, volume.array.dtype)
    voxels, found = 0, []
    for z in range(box[0].start, box[0].stop):
        inside = labels[(z, *box[1:])] == value
        voxels += int(inside.sum())
        if volume.valid is not None:
            inside &= volume.valid[(z, *box[1:])]
        found.append(np.asarray(volume.array[(z, *box[1:])])[inside])
    yield Progress(1)
    return voxels, np.concatenate(found)


def _measured(label: int, name: str, voxels: int, voxel_volume: float, values: NDArray[Any]) -> ClassMeasurement:
    volume_ml = voxels * voxel_volume / 1000
    if not values.size:
        reason = "all voxels lie outside the scanned field" if voxels else "no voxel of this class"
        return ClassMeasurement(label, name, voxels, volume_ml, reasons=dict.fromkeys(INTENSITIES, reason))
    mean = float(values.mean(dtype=np.float64))
    chunks = np.array_split(values, max(1, values.size // 1_000_000))
    squares = sum(float(np.square(chunk.astype(np.float64) - mean).sum()) for chunk in chunks)
    middle = ((values.size - 1) // 2, values.size // 2)
    values.partition(middle)
    return ClassMeasurement(
        label,
        name,
        voxels,
        volume_ml,
        mean=mean,
        sd=float(np.sqrt(squares / values.size)),
        median=(float(values[middle[0]]) + float(values[middle[1]])) / 2,
        min=float(values.min()),
        max=float(values.max()),
    )
