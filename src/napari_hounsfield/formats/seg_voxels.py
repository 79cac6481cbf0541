"""Pixels of a DICOM segmentation on its grid: layers of labels where no two segments overlap, or one map a segment."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.dicom.guards import quiet
from napari_hounsfield.errors import DicomError
from napari_hounsfield.operation import Progress

from .seg_compressed import frames_of, is_ours
from .seg_geometry import Placement

A_STEP = 64
"""Frames between two reports of progress."""


class BinaryFrames(Sequence[NDArray[np.bool_]]):
    """Frames of one bit a pixel, unpacked one at a time."""

    def __init__(self, packed: NDArray[np.uint8], rows: int, columns: int, count: int) -> None:
        self.packed, self.rows, self.columns, self.frames = packed, rows, columns, count

    def __len__(self) -> int:
        return self.frames

    def __getitem__(self, frame: Any) -> Any:
        if not 0 <= frame < self.frames:
            raise IndexError(frame)
        start, size = frame * self.rows * self.columns, self.rows * self.columns
        bits = np.unpackbits(self.packed[start // 8 : -(-(start + size) // 8)], bitorder="little")
        return bits[start % 8 : start % 8 + size].reshape(self.rows, self.columns).view(bool)


def binary_frames(dataset: Any, count: int) -> Sequence[NDArray[np.bool_]]:
    """One bool (y, x) a frame.

    Raises
    ------
    DicomError
        If the file has fewer pixels than its header says.
    """
    rows, columns = int(dataset.Rows), int(dataset.Columns)
    syntax = dataset.file_meta.TransferSyntaxUID
    if is_ours(syntax, 1) or syntax.is_encapsulated or not syntax.is_little_endian or dataset.BitsAllocated != 1:
        return [frame != 0 for frame in stored_frames(dataset, count)]
    packed = np.frombuffer(dataset.PixelData, np.uint8)
    if len(packed) * 8 < rows * columns * count or int(dataset.get("NumberOfFrames", 0)) != count:
        raise DicomError("truncated: it has fewer pixels than its header says")
    return BinaryFrames(packed, rows, columns, count)


def stored_frames(dataset: Any, count: int) -> Iterator[NDArray[Any]]:
    """Stored values (y, x) of each frame.

    Raises
    ------
    DicomError
        If there are other than `count` frames, or they cannot be decoded.
    """
    from pydicom.pixels.utils import iter_pixels

    rows, columns, bits = int(dataset.Rows), int(dataset.Columns), int(dataset.BitsAllocated)
    if int(dataset.get("NumberOfFrames", 0)) != count or bits not in (1, 8, 16, 32):
        raise DicomError("the number of its frames and of their descriptions differ")
    syntax = dataset.file_meta.TransferSyntaxUID
    ours = is_ours(syntax, bits)
    encapsulated = ours or syntax.is_encapsulated
    if not encapsulated and len(dataset.PixelData) * 8 < rows * columns * count * bits:
        raise DicomError("truncated: it has fewer pixels than its header says")
    if not encapsulated and bits > 1 and syntax.is_little_endian:
        kind = np.dtype(f"<u{bits // 8}")
        yield from np.frombuffer(dataset.PixelData, kind, rows * columns * count).reshape(count, rows, columns)
        return
    done = 0
    with quiet():
        for frame in frames_of(dataset, count) if ours else iter_pixels(dataset, raw=True):
            if frame.shape != (rows, columns):
                raise DicomError("a frame has other rows and columns than its header says")
            done += 1
            yield frame
    if done != count:
        raise DicomError("truncated: it has fewer frames than its header says")


def layers_of(
    dataset: Any, place: Placement, values: dict[int, int], shape: tuple[int, int, int]
) -> Generator[Progress, None, list[tuple[NDArray[Any], list[int]]]]:
    """Labels (z, y, x) of binary frames, and the segments they hold: as few layers as hold all segments without overlap."""
    kind = np.min_scalar_type(max([*values.values(), 1]))
    frames = binary_frames(dataset, len(place.segments))
    by_segment: dict[int, list[int]] = {number: [] for number in values}
    for frame, number in enumerate(place.segments):
        by_segment[number].append(frame)
    layers: list[tuple[NDArray[Any], list[int]]] = [(np.zeros(shape, kind), [])]
    done = 0
    for number, own in by_segment.items():
        for layer, held in layers:  # noqa: B007 (both are used behind the loop)
            if not any((frames[f] & (layer[place.planes[f]] != 0)).any() for f in own):
                break
        else:
            layer, held = np.zeros(shape, kind), []
            layers.append((layer, held))
        held.append(number)
        for frame in own:
            np.copyto(layer[place.planes[frame]], kind.type(values[number]), where=frames[frame])
            done += 1
            if done % A_STEP == 0:
                yield Progress(done / len(place.segments), f"{done} of {len(place.segments)} frames")
    return layers


def label_planes_of(
    dataset: Any, place: Placement, values: dict[int, int], shape: tuple[int, int, int]
) -> Generator[Progress, None, NDArray[Any]]:
    """Labels (z, y, x) of a label map segmentation.

    Raises
    ------
    DicomError
        If a pixel's segment is not described.
    """
    padding = int(dataset.get("PixelPaddingValue") or 0)
    array = np.zeros(shape, np.min_scalar_type(max([*values.values(), 1])))
    table = np.zeros(1 << max(int(dataset.BitsAllocated), 8), array.dtype)
    seen = np.zeros(len(table), bool)
    for number, value in values.items():
        table[number] = value
    same = all(number == value for number, value in values.items()) and not padding
    for frame, stored in enumerate(stored_frames(dataset, len(place.segments))):
        seen[stored] = True
        array[place.planes[frame]] = stored if same else table[stored]
        if frame % A_STEP == 0:
            yield Progress(frame / len(place.segments), f"{frame} of {len(place.segments)} frames")
    if set(np.flatnonzero(seen).tolist()) - {0, padding, *values}:
        raise DicomError("a pixel belongs to a segment that is not described")
    return array


def maps_of(
    dataset: Any, place: Placement, numbers: Sequence[int], shape: tuple[int, int, int]
) -> Generator[Progress, None, NDArray[np.float32]]:
    """Fractions (c, z, y, x) from 0 to 1 of a fractional segmentation, one map a segment.

    Raises
    ------
    DicomError
        If a value is larger than the greatest that the header gives.
    """
    largest = int(dataset.get("MaximumFractionalValue") or 0)
    maps = np.zeros((len(numbers), *shape), np.float32)
    order = {number: index for index, number in enumerate(numbers)}
    for frame, stored in enumerate(stored_frames(dataset, len(place.segments))):
        if largest < 1 or stored.max() > largest:
            raise DicomError("a fraction is larger than MaximumFractionalValue (0062,000E)")
        np.divide(stored, np.float32(largest), out=maps[order[place.segments[frame]], place.planes[frame]])
        if frame % A_STEP == 0:
            yield Progress(frame / len(place.segments), f"{frame} of {len(place.segments)} frames")
    return maps
