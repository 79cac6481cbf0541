"""RT Structure Sets as label maps: a voxel belongs to a region where its centre lies within its contours.

Contours of one region in one plane are combined by even and odd, so that an inner contour is a hole (as CLOSEDPLANAR_XOR demands,
and as nested CLOSED_PLANAR contours are meant; keyholes come to the same).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Generator, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.errors import DicomError, GridError
from napari_hounsfield.memory import available_memory
from napari_hounsfield.operation import Progress, finish, part
from napari_hounsfield.volume import LabelMap

from .contours import filled
from .rtstruct_contours import CLOSED, Points, Roi, StructureSet, structure_set_steps
from .rtstruct_grid import ON_PLANE, Place, chosen, grid_from_contours, on_slices, place_given, places_beside, to_indices
from .terminology import concept

if TYPE_CHECKING:
    from napari_hounsfield.grid import Grid

MAX_MAPS = 64
MAX_WORK = 1 << 34
"""Pixels that may be gone through: a minute, which no set of organs takes."""
CROSSING = 16
"""Pixels whose time the crossing of an edge and a row takes."""

Placing = Generator[Progress, None, tuple[Place, list[str]]]
Patch = tuple[int, slice, slice, NDArray[np.bool_]]
"""Plane, rows, columns and mask of what a region covers there."""


def read_rtstruct(path: Path, source: Any = None, beside: Iterable[Place] = ()) -> list[LabelMap]:
    """Read the regions as label maps: one, or several where regions overlap, so that no voxel is lost.

    Values are the ROI Numbers where these are positive; a region without contours keeps its name. What could not become voxels is
    told in the maps' `warnings`.

    Parameters
    ----------
    path
        The file.
    source
        The series that it was drawn on, as Volume, LabelMap, Series or Source; None: it is looked for.
    beside
        Series to choose from; where it is of none of them, those in the folder of the file, or in the folder above.

    Raises
    ------
    DicomError
        If the file is damaged, or there is neither a series nor an even stack of contours to give it a grid.
    GridError
        If `source` lies in another frame of reference.
    """
    return finish(rtstruct_steps(path, source, beside))


def rtstruct_steps(path: Path, source: Any = None, beside: Iterable[Place] = ()) -> Generator[Progress, None, list[LabelMap]]:
    """Read as `read_rtstruct` does, stepwise."""
    structures = yield from part(structure_set_steps(path), 0, 0.4)
    try:
        place, notes = yield from part(_place(path, structures, source, beside), 0.4, 0.6)
        rois = [(value, roi) for value, roi in zip(_values(structures), structures.rois, strict=True)]
        patches, told = yield from part(_patches(rois, place.grid), 0.6, 1)
        maps = _maps(path.name, rois, patches, place, (*notes, *told))
    except (DicomError, GridError) as error:
        raise type(error)(f"{path.name}: {str(error).removeprefix(path.name + ': ')}") from None
    return maps


def _place(path: Path, structures: StructureSet, source: Any, beside: Iterable[Place]) -> Placing:
    if source is not None:
        place = place_given(source)
        frame = place.grid.frame_of_reference
        if frame and structures.frames and frame not in structures.frames:
            raise GridError("its contours lie in another frame of reference than the series given")
        return place, []
    found = chosen(beside, structures)
    if found is None:
        found = chosen((yield from places_beside(path, structures)), structures)
    if found is not None:
        return found, []
    return Place(grid_from_contours(structures)), [
        "Its images are not there, or its contours lie on none of their slices: the grid was made from the contours."
    ]


def _values(structures: StructureSet) -> list[int]:
    """ROI Numbers, or positions in the file where one of them is no label value."""
    numbers = [roi.number for roi in structures.rois]
    return numbers if min(numbers) > 0 and max(numbers) < 1 << 31 else list(range(1, len(numbers) + 1))


def _patches(rois: Sequence[tuple[int, Roi]], grid: Grid) -> Generator[Progress, None, tuple[dict[int, list[Patch]], list[str]]]:
    """What each value covers, and what was left out, as one line a reason."""
    planes, rows, columns = grid.shape
    found: dict[int, list[Patch]] = {}
    left: dict[str, Counter[int]] = defaultdict(Counter)
    work = 0
    for done, (value, roi) in enumerate(rois):
        yield Progress(done / len(rois), "voxels")
        if roi.frame_of_reference and grid.frame_of_reference and roi.frame_of_reference != grid.frame_of_reference:
            left["lie in another frame of reference: left out"][roi.number] += len(roi.contours)
            continue
        slices = _by_plane(roi, grid, left)
        drawn = sorted(slices)
        if len(drawn) > 2 and np.diff(drawn).min() > 1:
            apart = int(np.diff(drawn).min())
            left[f"lie {apart} slices apart: those between stay empty"][roi.number] += sum(map(len, slices.values()))
        patches = found.setdefault(value, [])
        for plane, polygons in slices.items():
            if not 0 <= plane < planes:
                left["lie beyond the slices of the image: left out"][roi.number] += len(polygons)
                continue
            corners = np.concatenate(polygons)
            low = np.floor(corners.min(axis=0)).astype(int)
            high = np.ceil(corners.max(axis=0)).astype(int) + 1
            if (low < -1).any() or (high > (rows + 1, columns + 1)).any():
                left["reach beyond the image: cut off"][roi.number] += len(polygons)
            low, high = np.maximum(low, 0), np.minimum(high, (rows, columns))
            if (high <= low).any():
                continue
            height, width = (int(n) for n in high - low)
            steps = sum(np.abs(np.diff(p[:, 0], append=p[:1, 0])).clip(0, height).sum() for p in polygons)
            work += height * width + CROSSING * int(steps)
            if work > MAX_WORK:
                raise DicomError("its contours are more than can be gone through")
            mask = filled([polygon - low for polygon in polygons], (height, width))
            patches.append((plane, slice(low[0], high[0]), slice(low[1], high[1]), mask))
    return found, [f"{sum(count.values())} contour(s) of {_listed(count)} {reason}." for reason, count in left.items()]


def _by_plane(roi: Roi, grid: Grid, left: dict[str, Counter[int]]) -> dict[int, list[Points]]:
    """Corners (y, x) in pixels of the closed contours on each slice."""
    closed: dict[bytes, Points] = {}
    for contour in roi.contours:
        if contour.kind not in CLOSED:
            left[f"are of type {_plain(contour.kind)}, which has no inside: left out"][roi.number] += 1
        elif len(contour.points) < 3:
            left["have fewer than three points: left out"][roi.number] += 1
        elif (content := contour.points.tobytes()) in closed:
            left["are there twice: counted once"][roi.number] += 1
        else:
            closed[content] = contour.points
    found: dict[int, list[Points]] = defaultdict(list)
    if not closed:
        return found
    contours = list(closed.values())
    planes, on = on_slices(contours, grid)
    corners = np.split(to_indices(np.concatenate(contours), grid), np.cumsum([len(points) for points in contours[:-1]]))
    for indices, plane, lies in zip(corners, planes.tolist(), on, strict=True):
        if lies:
            found[plane].append(indices[:, 1:])
        else:
            across = np.ptp(indices[:, 0]) > 2 * ON_PLANE
            left[f"lie {'across' if across else 'between'} the slices of the image: left out"][roi.number] += 1
    return found


def _plain(kind: str) -> str:
    return kind if kind in ("POINT", "OPEN_PLANAR", "OPEN_NONPLANAR") else "unknown"


def _listed(numbers: Counter[int]) -> str:
    some = ", ".join(str(number) for number in list(numbers)[:5])
    return f"ROI {some}" + (f" and {len(numbers) - 5} more" if len(numbers) > 5 else "")


def _maps(
    name: str, rois: Sequence[tuple[int, Roi]], patches: dict[int, list[Patch]], place: Place, notes: tuple[str, ...]
) -> list[LabelMap]:
    """Each region in the first map where it covers no other."""
    kind = np.min_scalar_type(max(value for value, _ in rois))
    grid = place.grid
    arrays: list[NDArray[Any]] = []
    members: list[list[int]] = []
    for value, _ in rois:
        own = patches.get(value, [])
        index = next((i for i, array in enumerate(arrays) if not any(array[z, y, x][mask].any() for z, y, x, mask in own)), -1)
        if index < 0:
            room = available_memory()
            if len(arrays) == MAX_MAPS or (room is not None and int(np.prod(grid.shape)) * kind.itemsize > room):
                raise DicomError("its regions overlap too much: there is no room for so many label maps")
            arrays.append(np.zeros(grid.shape, kind))
            members.append([])
            index = len(arrays) - 1
        for z, y, x, mask in own:
            arrays[index][z, y, x][mask] = value
        members[index].append(value)
    by_value = dict(rois)
    return [
        LabelMap(
            array,
            grid.affine,
            {v: by_value[v].name for v in values if by_value[v].name not in ("", f"label {v}")},
            terms={v: replace(concept(by_value[v].name), colour=colour) for v in values if (colour := by_value[v].colour)},
            warnings=notes if index == 0 else (),
            frame_of_reference=grid.frame_of_reference,
            source=place.source,
            name=name if len(arrays) == 1 else f"{name} layer {index + 1}",
        )
        for index, (array, values) in enumerate(zip(arrays, members, strict=True))
    ]
