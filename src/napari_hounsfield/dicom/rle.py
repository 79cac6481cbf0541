"""RLE Lossless (DICOM PS3.5 annex G), strictly: every segment holds the bytes that the image needs, no fewer and no more."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_hounsfield.errors import DicomError

if TYPE_CHECKING:
    from numpy.typing import NDArray

HEADER = 64
EXPANSION = 64
"""A run of two bytes becomes at most 128."""
LARGEST = 2**28
"""Bytes that a segment may become before it is known how many it holds."""
SENTINEL = b"\0\x53"
"""A literal run of one byte: what a segment holds too little shows by its lack, what it holds too much in its place."""
NOT_FITTING = "RLE segments of pixel data (7FE0,0010) do not fit Bits Allocated"


def decoded_rle(frame: bytes, rows: int, columns: int, samples: int, bits: int) -> NDArray[Any]:
    """Decode one frame to unsigned numbers (samples, rows, columns) of `bits` allocated.

    Raises
    ------
    DicomError
        If it is damaged or cut off, so far as that can be told; the message is the bare reason.
    """
    size = bits // 8
    pixels = rows * columns
    if bits % 8 or size not in (1, 2, 4):
        raise DicomError(f"RLE Lossless with Bits Allocated (0028,0100) of {bits} is not read")
    if len(frame) * EXPANSION < pixels * samples * size:
        raise DicomError(f"pixel data (7FE0,0010) of {len(frame)} bytes cannot hold Rows x Columns")
    segments = _segments(frame, samples * size)
    values = np.empty((samples, pixels), f"u{size}")
    for sample in range(samples):
        plane = values[sample]
        for significance, segment in enumerate(segments[sample * size : (sample + 1) * size]):
            decoded = _unpacked(segment, pixels)  # most significant byte first
            if size == 1:
                plane[:] = decoded
            elif significance == 0:
                np.left_shift(decoded, 8 * (size - 1), out=plane, dtype=plane.dtype)
            elif significance == size - 1:
                plane |= decoded
            else:
                plane |= np.left_shift(decoded, 8 * (size - 1 - significance), dtype=plane.dtype)
    return values.reshape(samples, rows, columns)


def _segments(frame: bytes, expected: int) -> list[bytes]:
    count = int.from_bytes(frame[:4], "little")
    if len(frame) < HEADER or count != expected:
        raise DicomError(NOT_FITTING)
    offsets = [int.from_bytes(frame[at : at + 4], "little") for at in range(4, 4 + 4 * count, 4)]
    ends = [*offsets, len(frame)]
    if offsets[0] != HEADER or any(after <= before for before, after in pairwise(ends)):
        raise DicomError(NOT_FITTING)
    return [frame[start:end] for start, end in pairwise(ends)]


def _unpacked(segment: bytes, size: int) -> NDArray[np.uint8]:
    """PackBits: `size` bytes, with nothing but padding behind them."""
    decode = _decoder()
    unpack = _unpacked_within if decode is None or len(segment) * EXPANSION > LARGEST else _unpacked_at_once
    try:
        values = unpack(segment, size)
    except ValueError:
        values = np.empty(0, np.uint8)
    if len(values) < size:
        raise DicomError("RLE segment of pixel data (7FE0,0010) is damaged or cut off")
    if len(values) > size and values[size]:  # 0: bytes that pad a segment to an even length
        raise DicomError("RLE segment of pixel data (7FE0,0010) holds more than Rows x Columns")
    return values[:size]


@cache
def _decoder() -> Any:
    """Function of the package pylibjpeg-rle for one segment, the only one of it that damaged data cannot bring down."""
    try:
        from rle.utils import decode_segment  # type: ignore[attr-defined]
    except ImportError:
        return None
    return decode_segment


def _unpacked_at_once(segment: bytes, size: int) -> NDArray[np.uint8]:
    """All that the segment holds: fast, but as much as there is."""
    return np.frombuffer(_decoder()(segment), np.uint8)


def _unpacked_within(segment: bytes, size: int) -> NDArray[np.uint8]:
    """By Pillow, which stops in time: up to one byte more than `size`."""
    from PIL import Image

    line = Image.frombytes("L", (size + 1, 1), segment + SENTINEL, "packbits", "L")
    values: NDArray[np.uint8] = np.asarray(line)[0]
    return values[:size] if values[size] == SENTINEL[1] else values
