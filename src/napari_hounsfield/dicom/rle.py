"""RLE Lossless (DICOM PS3.5 annex G), strictly: every segment holds the bytes that the image needs, no fewer and no more."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_hounsfield.errors import DicomError

if TYPE_CHECKING:
    from numpy.typing import NDArray

HEADER = 64
EXPANSION = 64
"""A run of two bytes becomes at most 128."""
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
    """PackBits, by Pillow: in C, without printing, and checked at either end."""
    from PIL import Image

    try:
        line = Image.frombytes("L", (size + 1, 1), segment + SENTINEL, "packbits", "L")
    except ValueError:
        raise DicomError("RLE segment of pixel data (7FE0,0010) is damaged or cut off") from None
    values: NDArray[np.uint8] = np.asarray(line)[0]
    if values[size] not in (SENTINEL[1], 0):  # 0: the byte that pads a segment to an even length
        raise DicomError("RLE segment of pixel data (7FE0,0010) holds more than Rows x Columns")
    return values[:size]
