"""Segments as frames: which planes a segment has, and their pixels as a DICOM segmentation stores them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.errors import LabelError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from napari_hounsfield.coded_terms import Colour, Term

MAXIMUM = 255
"""What a probability of 1 is stored as."""
_TABLE = 1 << 16


@dataclass(frozen=True, eq=False)
class Segment:
    """One segment to be written: where `planes` (z, y, x) has `value`, or a map of probabilities."""

    number: int
    value: int
    name: str
    term: Term
    colour: Colour
    planes: NDArray[Any] = field(repr=False)
    layer: int = 0


@dataclass(frozen=True)
class Frame:
    """One frame: a segment on a plane; no segment where a frame holds all of them."""

    segment: Segment | None
    plane: int


def values_by_plane(planes: NDArray[Any]) -> list[list[int]]:
    """The label values above 0 on each plane, ascending."""
    found = []
    seen = np.zeros(_TABLE, bool)
    for plane in planes:
        if plane.dtype.kind == "u" and plane.dtype.itemsize <= 2:
            seen[:] = False
            seen[plane] = True
            values = np.flatnonzero(seen)
        else:
            values = np.unique(plane)
        found.append([int(v) for v in values if v])
    return found


def binary_frames(segments: Sequence[Segment], present: Sequence[Sequence[Sequence[int]]]) -> list[Frame]:
    """Frames of the planes that each segment has; `present` is `values_by_plane` of each layer.

    The first segment has the first and the last plane too, empty or not, so that readers learn the whole extent.
    """
    frames = []
    for order, segment in enumerate(segments):
        planes = {z for z, values in enumerate(present[segment.layer]) if segment.value in values}
        if order == 0:
            planes |= {0, len(segment.planes) - 1}
        frames += [Frame(segment, z) for z in sorted(planes)]
    return frames


def packed(frames: Sequence[Frame]) -> Iterator[bytes]:
    """Bits of binary frames, lowest first, across the borders of frames (PS3.5 8.2)."""
    rest = np.zeros(0, bool)
    for frame in frames:
        assert frame.segment is not None
        mask = (frame.segment.planes[frame.plane] == frame.segment.value).ravel()
        if rest.size or mask.size % 8:
            mask = np.concatenate((rest, mask))
            whole = mask.size - mask.size % 8
            mask, rest = mask[:whole], mask[whole:]
        yield np.packbits(mask, bitorder="little").tobytes()
    yield np.packbits(rest, bitorder="little").tobytes()


def fractional_frames(segment: Segment) -> list[Frame]:
    """Frames of the planes on which a map is not 0; those of the first map have the first and the last plane in any case.

    Raises
    ------
    LabelError
        If a map holds anything else than numbers from 0 to 1.
    """
    frames = []
    for z, plane in enumerate(segment.planes):
        if not (plane.min() >= 0 and plane.max() <= 1):  # false for NaN as well
            raise LabelError(f"{segment.name}: probabilities are numbers from 0 to 1, those of slice {z} are not")
        if plane.max() >= 0.5 / MAXIMUM or (segment.layer == 0 and z in (0, len(segment.planes) - 1)):
            frames.append(Frame(segment, z))
    return frames


def fractions(frames: Sequence[Frame]) -> Iterator[bytes]:
    """Probabilities as whole numbers from 0 to 255."""
    for frame in frames:
        assert frame.segment is not None
        yield np.rint(frame.segment.planes[frame.plane] * np.float32(MAXIMUM)).astype(np.uint8).tobytes()


def label_planes(planes: NDArray[Any], numbers: dict[int, int], kind: type[np.unsignedinteger[Any]]) -> Iterator[bytes]:
    """Planes of segment numbers, in the place of the label values that they stand for."""
    same = all(value == number for value, number in numbers.items())
    values = np.array([0, *sorted(numbers)])
    stored = np.array([0, *(numbers[value] for value in sorted(numbers))], kind)
    for plane in planes:
        yield (plane.astype(kind) if same else stored[np.searchsorted(values, plane)]).tobytes()
