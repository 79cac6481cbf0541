"""Label maps and probabilities as DICOM Segmentation: binary, label map or fractional.

DICOM PS3.3 A.51: every class that occurs is a segment with coded category and type, the algorithm that made it and a colour;
every plane says where it lies and which source image, and frame of it, it was drawn on. Written by highdicom's parts and
pydicom, frame by frame: highdicom's own writer wants the sources' geometry in one place, and the whole file in memory.
"""

from __future__ import annotations

import logging
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.errors import GridError, LabelError, WriteError
from napari_hounsfield.grid import Grid, reordered, same_lattice
from napari_hounsfield.operation import Progress
from napari_hounsfield.results import Features
from napari_hounsfield.volume import LabelMap

from . import seg_pixels
from .orientation import is_sheared
from .seg_file import encoded, write_multiframe
from .seg_groups import derivation, derivations, identification, position
from .seg_header import dimensions, seg_header
from .seg_params import SegParams
from .seg_pixels import Frame, Segment, values_by_plane
from .seg_segments import background, descriptions
from .seg_source import SegSource, known_source, off_grid, read_source
from .terminology import class_colour, colour_in, concept, term_in

if TYPE_CHECKING:
    from pathlib import Path

    from napari_hounsfield.volume import Source

MOST_SEGMENTS = 65535
_log = logging.getLogger(__name__)


def write_dicom_seg(
    path: Path, data: LabelMap | Features | Sequence[LabelMap], source: Source | None = None, params: SegParams | None = None
) -> Generator[Progress, None, SegSource]:
    """Write one segmentation that refers to the series which was labelled; yields Progress, and returns that series.

    Background (0) is not written. The first and the last plane of the grid always have a frame, empty or not, so that a reader
    learns the whole extent.

    Parameters
    ----------
    path
        Where to.
    data
        Labels, several label maps whose classes overlap, or one map of probabilities a class; on the grid of the series, in any
        order of axes; or on another grid in the same frame of reference.
    source
        The series; None: the one that `data` remember.
    params
        Type, compression, and what the new series is called.

    Raises
    ------
    LabelError
        If there is no labelled voxel, or probabilities are not between 0 and 1.
    WriteError
        If the data do not fit the type, or are too large for it.
    DicomError
        If no source is known, or a source image is gone or lacks what a segmentation must repeat.
    GridError
        If the labels lie neither on the grid of the series nor in its frame of reference.
    """
    params = params or SegParams()
    parts: list[LabelMap | Features] = [data] if isinstance(data, LabelMap | Features) else list(data)
    kind = _kind(parts, params)
    yield Progress(0, "reading the source's headers")
    series = read_source(known_source(source, parts[0].source, "a DICOM segmentation"))
    arrays, own = _on_planes(parts, series)
    if isinstance(parts[0], Features):
        content = yield from _fractional(parts[0], arrays[0])
    else:
        content = _labelled([part for part in parts if isinstance(part, LabelMap)], arrays, kind, params)
    header = seg_header(series, own, kind, content.bits, params)
    if len(parts) > 1:
        header.SegmentsOverlap = "YES"
    header.SegmentSequence = descriptions(content.segments, parts[0].history, params)
    if kind == "labelmap":
        header.SegmentSequence.insert(0, background())
    header.NumberOfFrames = len(content.frames)
    dimensions(header, by_segment=kind != "labelmap")
    size = -(-len(content.frames) * header.Rows * header.Columns * content.bits // 8)
    items = _items(content.frames, series, own)
    yield from write_multiframe(path, header, items, content.pixels, len(content.frames), size)
    return series


@dataclass(frozen=True)
class _Content:
    """Segments, their frames, and the frames' pixels, which are made while they are written."""

    segments: list[Segment]
    frames: list[Frame]
    bits: int
    pixels: Iterator[bytes]


def _kind(parts: Sequence[LabelMap | Features], params: SegParams) -> str:
    """`binary`, `labelmap` or `fractional`, where the data are of that type."""
    maps = isinstance(parts[0], Features)
    kind = ("fractional" if maps else "binary") if params.type == "auto" else params.type
    if maps != (kind == "fractional"):
        raise WriteError(
            f"probabilities are written as fractional, not as {kind}" if maps else "labels hold no probabilities to write"
        )
    if len(parts) > 1 and kind != "binary":
        raise WriteError(f"only a binary segmentation can hold several layers, not a {kind} one")
    return kind


def _on_planes(parts: Sequence[LabelMap | Features], series: SegSource) -> tuple[list[NDArray[Any]], Grid | None]:
    """Arrays plane by plane of the source (and no grid), or on their own planes with their grid."""
    first = parts[0]
    name = first.name or "labels"
    if same_lattice(first.grid, series.grid):
        return [_reordered(part, series.grid) for part in parts], None
    if not first.frame_of_reference or first.frame_of_reference != series.grid.frame_of_reference:
        raise off_grid(name, first.grid, series)
    in_plane = np.array(first.affine)
    in_plane[:3, 0] = np.cross(in_plane[:3, 2], in_plane[:3, 1])
    if is_sheared(in_plane):
        raise GridError(f"{name}: rows and columns are not at right angles")
    return [_reordered(part, first.grid) for part in parts], first.grid


def _reordered(part: LabelMap | Features, grid: Grid) -> Any:
    """Labels (z, y, x), or maps (c, z, y, x), with the axes and directions of a grid of the same lattice."""
    if isinstance(part, LabelMap):
        return reordered(part.array, part.grid, grid, part.name or "labels")
    maps = np.moveaxis(part.array, 0, -1)  # a view: maps may be larger than memory
    return [reordered(maps[..., index], part.grid, grid, part.name or "maps") for index in range(maps.shape[-1])]


def _labelled(parts: Sequence[LabelMap], arrays: Sequence[NDArray[Any]], kind: str, params: SegParams) -> _Content:
    present = [values_by_plane(array) for array in arrays]
    segments: list[Segment] = []
    for layer, (part, array) in enumerate(zip(parts, arrays, strict=True)):
        found = {value for values in present[layer] for value in values}
        absent = {value for value in part.classes if value and value not in found}
        if absent and not params.empty_classes:
            names = [part.classes[value] for value in sorted(absent)]
            _log.warning(
                "%d classes without voxels are left out: %s", len(absent), ", ".join(names[:5]) + ", ..." * (len(absent) > 5)
            )
        for value in sorted(found | absent if params.empty_classes else found):
            number = value if kind == "labelmap" else len(segments) + 1
            name, term, colour = part.class_name(value), term_in(part, value), colour_in(part, value)
            segments.append(Segment(number, value, name, term, colour, array, layer))
    if not any(values for planes in present for values in planes):
        raise LabelError(f"{parts[0].name or 'labels'}: no labelled voxel to write")
    if len(segments) > MOST_SEGMENTS:
        raise WriteError(f"{len(segments)} classes are more than the {MOST_SEGMENTS} that a segmentation may have")
    if kind == "labelmap":
        if segments[-1].number > MOST_SEGMENTS:
            segments = [replace(segment, number=number) for number, segment in enumerate(segments, 1)]
        bits = 8 if segments[-1].number < 256 else 16
        planes = seg_pixels.label_planes(arrays[0], {s.value: s.number for s in segments}, np.uint8 if bits == 8 else np.uint16)
        return _Content(segments, [Frame(None, z) for z in range(len(arrays[0]))], bits, planes)
    frames = seg_pixels.binary_frames(segments, present)
    return _Content(segments, frames, 1, seg_pixels.packed(frames))


def _fractional(maps: Features, array: NDArray[Any]) -> Generator[Progress, None, _Content]:
    segments, frames = [], []
    for index, (name, planes) in enumerate(zip(maps.names, array, strict=True)):
        term = concept(name)
        segments.append(Segment(index + 1, 0, name, term, term.colour or class_colour(name, index + 1), planes, index))
        frames += seg_pixels.fractional_frames(segments[-1])
        yield Progress(0, name)
    return _Content(segments, frames, 8, seg_pixels.fractions(frames))


def _items(frames: Sequence[Frame], series: SegSource, own: Grid | None) -> Iterator[bytes]:
    """Functional groups of each frame, encoded: what it was drawn on, its place in the order, its position, its segment."""
    from pydicom.dataset import Dataset

    planes = sorted({frame.plane for frame in frames})
    ranks = {plane: rank for rank, plane in enumerate(planes, 1)}
    positions = [np.array(p.position) for p in series.planes] if own is None else list(own.positions(_corners(own)))
    drawn_on = derivations(series, own, positions)
    derived, placed = {}, {}
    numbers = {frame.segment.number for frame in frames if frame.segment is not None}
    identified = {number: encoded(identification(number)) for number in numbers}
    for plane in planes:
        derived[plane] = encoded(derivation(drawn_on[plane]))
        placed[plane] = encoded(position(positions[plane]))
    for frame in frames:
        content, order = Dataset(), Dataset()
        order.DimensionIndexValues = [ranks[frame.plane]] if frame.segment is None else [frame.segment.number, ranks[frame.plane]]
        content.FrameContentSequence = [order]
        segment = b"" if frame.segment is None else identified[frame.segment.number]
        yield derived[frame.plane] + encoded(content) + placed[frame.plane] + segment


def _corners(grid: Grid) -> list[tuple[int, int, int]]:
    return [(z, 0, 0) for z in range(grid.shape[0])]
