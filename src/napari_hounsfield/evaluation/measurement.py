"""What the voxels of each class and of each object measure: volume, shape, intensities and uptake."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.boxes import Extent, extents
from napari_hounsfield.components import slabs
from napari_hounsfield.errors import IntensityError
from napari_hounsfield.operation import Params, Progress, number, operation, part
from napari_hounsfield.results import Segmentation, as_label_map
from napari_hounsfield.volume import LabelMap, Volume, is_background

from . import intensity_statistics as intensity
from .arrays import FIRST_TIME
from .measured import INTENSITIES, PERCENTILES, PLACE, SHAPE, UPTAKE, ClassMeasurement, ObjectMeasurement
from .measured import Measurements as Measurements
from .mesh_cells import CellSizes, cell_sizes
from .regions import Region, class_region, parts_of
from .shape import place, shape
from .uptake import peak

EMPTY = "The labels are empty: background is measured, since there is nothing else."


class MeasureParams(Params):
    """What is measured."""

    background: bool = False
    """Measure background too; without it background is measured only where there is nothing else."""
    objects: bool = False
    """Measure each connected object too (voxels that meet by their faces)."""
    most_objects: int = number(1000, 1, 100_000)
    """Objects of a class that are measured, the largest first."""
    shape: bool = True
    """Measure surfaces and diameters."""
    plane: Literal["axial", "coronal", "sagittal"] = "axial"
    """Planes of voxels in which the longest diameter and the one across it are measured; those closest to it."""
    bin_width: float = number(0, 0, 1e6)
    """Width of the bins of a histogram, in the unit of the image; 0: no histogram."""


@operation("measure", MeasureParams)
def measure(volume: Volume, labels: LabelMap | Segmentation, params: MeasureParams) -> Generator[Progress, None, Measurements]:
    """Volume, place and shape of each class or object, and the intensities of the image in it; for an image in SUV, the uptake.

    Voxels outside the scanned field (padding) are left out of everything; so are NaN and infinite ones around what is measured.
    Surfaces and diameters are those of the mesh of marching cubes, as the Image Biomarker Standardisation Initiative defines them
    (reference manual, 3.1), on the true lattice: anisotropic, oblique and sheared.

    Parameters
    ----------
    volume
        Scalar image (z, y, x).
    labels
        On the same lattice; stored flipped or permuted is matched by geometry.
    params
        What is measured.

    Raises
    ------
    GridError
        If the grids are different lattices.
    IntensityError
        If the image has several channels or times, or is not finite in a scanned voxel that is measured.
    ParameterError
        If the bins of the histogram are too narrow for the intensities.
    """
    volume.require_single()
    yield Progress(0, "labels")
    matched = as_label_map(labels, volume.grid)
    found = yield from part(extents(matched.array, volume.valid), 0, 0.1)
    values = sorted(found.keys() | set(matched.classes))
    background = [value for value in values if value == 0 or is_background(matched.class_name(value))]
    chosen = values if params.background else [value for value in values if value not in background] or background
    volume = yield from _known_voxels(volume, matched, chosen)
    if params.shape:
        yield Progress(0.1, FIRST_TIME)
    measuring = _Measuring(volume, params)
    classes: list[ClassMeasurement] = []
    objects: list[ObjectMeasurement] = []
    for done, value in enumerate(chosen):
        title, start, end = matched.class_name(value), 0.1 + 0.9 * done / len(chosen), 0.1 + 0.9 * (done + 1) / len(chosen)
        yield Progress(start, title)
        steps = _class(measuring, matched, value, found.get(value))
        measured, parts = yield from part(steps, start, end)
        classes.append(measured)
        objects += parts
    empty = not params.background and chosen == background
    return Measurements(
        tuple(classes),
        volume.unit,
        tuple(objects) if params.objects else None,
        (EMPTY,) if empty else (),
        modality=volume.modality,
        source=volume.source,
        empty=empty,
    )


def _known_voxels(volume: Volume, labels: LabelMap, chosen: list[int]) -> Generator[Progress, None, Volume]:
    """The image with NaN and infinite voxels as padding, of which none may lie in what is measured."""
    if volume.array.dtype.kind != "f":
        return volume
    valid = None
    for planes in slabs(volume.array.shape):
        unknown = ~np.isfinite(volume.array[planes])
        if volume.valid is not None:
            unknown &= volume.valid[planes]
        if unknown.any():
            within = labels.array[planes][unknown]
            if (inside := within[np.isin(within, chosen)]).size:
                what = f"{inside.size} voxels of {labels.class_name(int(inside[0]))!r}"
                raise IntensityError(
                    f"{volume.name or 'image'}: {what} in slices {planes.start} to {planes.stop - 1} are NaN or infinite"
                )
            if valid is None:
                valid = np.ones(volume.array.shape, bool) if volume.valid is None else np.array(volume.valid)
            valid[planes] &= ~unknown
        yield Progress(0.1)
    return volume if valid is None else replace(volume, valid=valid)


def _class(
    measuring: _Measuring, labels: LabelMap, value: int, extent: Extent | None
) -> Generator[Progress, None, tuple[ClassMeasurement, list[ObjectMeasurement]]]:
    """A class, and its objects where asked for."""
    name, params = labels.class_name(value), measuring.params
    if extent is None or not extent.voxels:
        why = "no voxel of this class" if extent is None else "all voxels lie outside the scanned field"
        undefined = (*INTENSITIES, *PERCENTILES, "histogram", *PLACE, *SHAPE, *UPTAKE)
        reasons = dict.fromkeys(undefined, why) | ({} if params.objects else {"objects": "not asked for"})
        count = 0 if params.objects else None
        return ClassMeasurement(label=value, name=name, voxels=0, volume_ml=0.0, objects=count, reasons=reasons), []
    region = yield from part(class_region(labels.array, measuring.volume.valid, value, extent), 0, 0.1)
    figures, reasons = yield from part(measuring.region(region), 0.1, 0.5 if params.objects else 1)
    if not params.objects:
        reasons["objects"] = "not asked for"
        return ClassMeasurement(label=value, name=name, **figures, reasons=reasons), []
    parts, count = yield from part(parts_of(region, params.most_objects), 0.5, 0.7)
    whole = ClassMeasurement(label=value, name=name, **figures, objects=count, reasons=reasons)
    objects = []
    total = min(count, params.most_objects)
    for i, one in enumerate(parts):
        if count > 1:  # a single one is the class
            figures, reasons = yield from part(measuring.region(one), 0.7 + 0.3 * i / total, 0.7 + 0.3 * (i + 1) / total)
        objects.append(ObjectMeasurement(label=value, name=name, object=i + 1, **figures, reasons=reasons))
    return whole, objects


class _Measuring:
    """What is the same for every region of an image."""

    def __init__(self, volume: Volume, params: MeasureParams) -> None:
        self.volume, self.params, self.grid = volume, params, volume.grid
        self.axes: NDArray[np.float64] = self.grid.affine[:3, :3]
        self.sizes: CellSizes | None = cell_sizes(self.axes) if params.shape else None
        if params.shape:
            from . import compiled_shape  # noqa: F401  (after people were told)

    def region(self, region: Region) -> Generator[Progress, None, tuple[dict[str, Any], dict[str, str]]]:
        """Figures by name, and the reasons for those that are undefined."""
        figures: dict[str, Any] = {"voxels": region.voxels, "volume_ml": region.voxels * self.grid.voxel_volume / 1000}
        reasons: dict[str, str] = {}
        figures |= yield from part(place(region, self.grid), 0, 0.05)
        values = yield from part(self._values(region), 0.05, 0.1)
        figures |= yield from part(self._intensities(values, reasons), 0.1, 0.4)
        if self.volume.unit == "SUV":
            around = peak(self.volume.array, self.volume.valid, region.mask, region.box, self.axes)
            figures["suv_peak"] = yield from part(around, 0.4, 0.6)
            figures["suv_max"], figures["mtv_ml"] = figures["max"], figures["volume_ml"]
            figures["tlg_suv_ml"] = figures["mean"] * figures["volume_ml"]
        else:
            reasons |= dict.fromkeys(UPTAKE, f"the image is in {self.volume.unit or 'no unit'}, not in SUV")
        if self.sizes is not None:
            figures |= yield from part(shape(region, self.grid, self.sizes, self.params.plane), 0.6, 1)
        else:
            reasons |= dict.fromkeys(SHAPE, "not asked for")
        return figures, reasons

    def _values(self, region: Region) -> Generator[Progress, None, NDArray[Any]]:
        array = self.volume.array[region.box]
        found = []
        for planes in slabs(array.shape):
            found.append(np.asarray(array[planes])[region.mask[planes]])
            yield Progress(planes.stop / len(array))
        return np.concatenate(found)

    def _intensities(self, values: NDArray[Any], reasons: dict[str, str]) -> Generator[Progress, None, dict[str, Any]]:
        found = yield from part(intensity.statistics(values), 0, 0.8)
        percentiles = {f"percentile_{p}": value for p, value in zip(intensity.PERCENTILES, found.percentiles, strict=True)}
        median = percentiles.pop("percentile_50")
        figures: dict[str, Any] = {"mean": found.mean, "sd": found.sd, "median": median, "min": found.min, "max": found.max}
        if self.params.bin_width:
            counting = intensity.histogram(values, self.params.bin_width, found.min, found.max)
            figures["histogram"] = yield from part(counting, 0.8, 1)
        else:
            reasons["histogram"] = "no bin width was given"
        return figures | percentiles
