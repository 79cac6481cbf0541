"""On which grid contours become voxels: that of the series they were drawn on, or one made from the contours themselves."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.errors import DicomError, GridError
from napari_hounsfield.grid import Grid
from napari_hounsfield.operation import Progress
from napari_hounsfield.volume import Source

from .rtstruct_contours import Contour, Points, StructureSet

if TYPE_CHECKING:
    from napari_hounsfield.dicom.series import Series

ON_PLANE = 0.25
"""A contour lies on a slice when all its points are off by no more than this part of the distance of slices."""
EVEN = 0.1
"""Planes without images are an even stack when they are off it by no more than this part of their distance."""
MAX_FILES = 5000
"""Files in a folder that is looked through for the series."""
MAX_VOXELS = 1 << 30
FLAT = 0.1
"""mm by which the points of a plane contour may be off it."""


@dataclass(frozen=True, eq=False)
class Place:
    """A grid, and the series it is of."""

    grid: Grid
    source: Source | None = None


def place_of(series: Series) -> Place | None:
    """The slices of a series as they are stored; None where it cannot be read."""
    if series.plan is None or series.part is None or not series.part.placed:
        return None
    return Place(series.plan.grid if series.plan.even else series.plan.result, series.plan.source)


def place_given(source: Any) -> Place:
    """The grid of whatever stands for a series: Volume, LabelMap, Series or Source.

    Raises
    ------
    GridError
        If it has none.
    DicomError
        If the files of a Source cannot be read.
    """
    if isinstance(source, Source) and source.files:
        from .seg_source import read_source

        return Place(read_source(source).grid, source)
    grid = getattr(source, "grid", None)
    if isinstance(grid, Grid):
        return Place(grid, getattr(source, "source", None))
    place = place_of(source) if hasattr(source, "plan") else None
    if place is None:
        raise GridError("the source given has no grid")
    return place


def places_beside(path: Path, wanted: StructureSet) -> Generator[Progress, None, list[Place]]:
    """Series in the folder of a file, or else in the folder above, of which the structure set is."""
    from napari_hounsfield.dicom.scan import scan_steps

    folder = path.absolute().parent
    for root in (folder, folder.parent):
        files = (name for _, _, names in os.walk(root) for name in names)
        if len(list(islice(files, MAX_FILES + 1))) > MAX_FILES:
            return []
        try:
            scanned = yield from scan_steps(root)
        except DicomError:
            continue
        series = scanned.series
        if found := [place for one in series if (place := place_of(one)) and fits(place, wanted)]:
            return found
    return []


def fits(place: Place, wanted: StructureSet) -> bool:
    """Whether a series is one that a structure set refers to, or lies in its frame of reference."""
    uid = place.source.series_uid if place.source else ""
    return uid in wanted.series or place.grid.frame_of_reference in wanted.frames


def chosen(places: Iterable[Place], wanted: StructureSet) -> Place | None:
    """The series that is referred to, or else one of its frame of reference; of several, that with most contours on slices."""
    drawn = [contour.points for roi in wanted.rois for contour in roi.contours if contour.has_area]
    found = [place for place in places if fits(place, wanted)]
    named = [place for place in found if place.source and place.source.series_uid in wanted.series]
    counted = [(int(on_slices(drawn, place.grid)[1].sum()) if drawn else 0, place) for place in named or found]
    if not counted:
        return None
    best = max(counted, key=lambda pair: pair[0])
    return best[1] if best[0] or not drawn else None


def to_indices(points: Points, grid: Grid) -> Points:
    """Places (n, 3) in the patient as indices (z, y, x)."""
    inverse = np.linalg.inv(grid.affine)
    return np.asarray(points @ inverse[:3, :3].T + inverse[:3, 3])


def on_slices(contours: Sequence[Points], grid: Grid) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """The slice nearest to each contour, of this grid or continued beyond it, and whether all its points lie on it."""
    z = to_indices(np.concatenate(contours), grid)[:, 0]
    starts = np.cumsum([0, *(len(points) for points in contours[:-1])])
    low, high = np.minimum.reduceat(z, starts), np.maximum.reduceat(z, starts)
    planes = np.rint((low + high) / 2).astype(np.intp)
    return planes, np.maximum(high - planes, planes - low) <= ON_PLANE


def grid_from_contours(wanted: StructureSet) -> Grid:
    """A grid for contours without images: their planes, and square pixels of 1 mm (of less where they are small).

    Raises
    ------
    DicomError
        If there are no contours, or they lie on no even stack of planes, or span too much.
    """
    flat = [contour for roi in wanted.rois for contour in roi.contours if contour.has_area]
    if not flat:
        raise DicomError("it has no closed contours, and its images are not there to give it a grid")
    normal = _normal(flat)
    flat = [contour for contour in flat if np.ptp(contour.points @ normal) <= FLAT]
    if not flat:
        raise DicomError("its contours are not flat, and its images are not there to give it a grid")
    across = np.array([0.0, 1.0, 0.0] if abs(normal[0]) > 0.9 else [1.0, 0.0, 0.0])
    row = across - (across @ normal) * normal
    row /= np.linalg.norm(row)
    axes = np.stack([normal, np.cross(normal, row), row])
    first, step, count = _stack(np.sort([float((contour.points @ normal).mean()) for contour in flat]))
    points = np.concatenate([contour.points for contour in flat]) @ axes[1:].T
    low, size = points.min(axis=0), np.ptp(points, axis=0)
    pixel = next(pixel for pixel, least in ((1.0, 256.0), (0.5, 64.0), (0.25, 0.0)) if size.max() >= least)
    rows, columns = (int(n) for n in np.ceil(size / pixel) + 3)
    if count * rows * columns > MAX_VOXELS:
        raise DicomError("its contours span too much for a grid of their own: give the series")
    affine = np.eye(4)
    affine[:3, :3] = (axes * [[step], [pixel], [pixel]]).T
    affine[:3, 3] = axes.T @ [first, *(low - pixel)]
    return Grid((count, rows, columns), affine, next(iter(sorted(wanted.frames)), ""))


def _normal(contours: Sequence[Contour]) -> NDArray[np.float64]:
    """Unit normal of the largest contour, towards the patient's left, back or head."""
    areas = [_area_vector(contour.points) for contour in contours]
    largest = max(areas, key=lambda area: float(area @ area))
    length = float(np.linalg.norm(largest))
    if not length:
        raise DicomError("its contours have no area, and its images are not there to give it a grid")
    normal = largest / length
    normal = np.where(np.abs(normal) < 1e-4, 0.0, normal)
    normal /= np.linalg.norm(normal) * np.sign(normal[np.abs(normal).argmax()])
    return np.asarray(normal)


def _area_vector(points: Points) -> NDArray[np.float64]:
    """Normal of a polygon, as long as its area is large (Newell)."""
    away = points - points[0]
    return np.asarray(np.cross(away, np.roll(away, -1, axis=0)).sum(axis=0) / 2)


def _stack(levels: NDArray[np.float64]) -> tuple[float, float, int]:
    """First level, distance and number of the planes at sorted levels in mm."""
    levels = levels[np.r_[True, np.diff(levels) > FLAT]]
    first = float(levels[0])
    if len(levels) == 1:
        return first, 1.0, 1
    extent, least = float(np.ptp(levels)), float(np.diff(levels).min())
    count = round(extent / least)
    step = extent / count
    planes = (levels - first) / step
    if np.abs(planes - np.rint(planes)).max() > EVEN:
        raise DicomError("its contours lie on no even stack of planes, and its images are not there to give it a grid")
    return first, step, count + 1
