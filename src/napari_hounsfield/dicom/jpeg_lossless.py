"""Whether a lossless JPEG (ISO/IEC 10918-1, process 14) is whole: by its markers, and by how many bits its pixels took.

The decoder aborts the process on some damaged markers; it makes up what is cut off, and does not tell.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_hounsfield.errors import DicomError

from .codestream import JPEG_END, NOT_FRAMES, PADDING

if TYPE_CHECKING:
    from numpy.typing import NDArray

FRAME, TABLES, SCAN, INTERVAL = 0xC3, 0xC4, 0xDA, 0xDD
CATEGORIES = 17
ADOBE, LAST_TRANSFORM = 0xEE, b"\x02"
"""Marker of a segment that names the colour transform: none, YCC or YCCK. GDCM aborts the process on any other."""
NOT_MARKERS = "codestream is damaged before its first scan"


@dataclass
class _Stream:
    """What the marker segments before the first scan say."""

    bits: int = 0
    lengths: dict[int, NDArray[np.int64]] = field(default_factory=dict)
    """Length of the code of each category, by Huffman table; 0 where there is none."""
    table: int = 0
    predictor: int = 0
    plain: bool = True
    """One component, without restarts or point transform."""
    data: bytes = b""
    """Entropy-coded segment, up to the end marker."""


def check_markers(frame: bytes) -> None:
    """Walk over the marker segments before the first scan, strictly: nothing between them, and tables that are ones.

    Raises
    ------
    DicomError
        If they are not as they should be, or the process is another one; the message is the bare reason.
    """
    at, begun, tables = 2, False, set[int]()
    while True:
        while frame[at : at + 2] == b"\xff\xff":
            at += 1
        marker, size = frame[at + 1 : at + 2], int.from_bytes(frame[at + 2 : at + 4])
        body = frame[at + 4 : at + 2 + size]
        if frame[at : at + 1] != b"\xff" or size < 2 or len(body) != size - 2 or not 0xC0 <= marker[0] <= 0xFE:
            raise DicomError(NOT_MARKERS)
        at += 2 + size
        if marker[0] == SCAN:
            if not begun or not _is_scan(body, tables):
                raise DicomError(NOT_MARKERS)
            return
        if marker[0] == TABLES:
            tables |= _tables(body)
        elif marker[0] == FRAME:
            begun = True
        elif marker[0] == ADOBE and body[:5] == b"Adobe" and body[11:12] > LAST_TRANSFORM:
            raise DicomError(NOT_MARKERS)
        elif (marker[0] <= 0xCF and marker[0] not in NOT_FRAMES) or 0xD0 <= marker[0] <= 0xD9:
            raise DicomError("codestream is not lossless JPEG")


def _is_scan(body: bytes, tables: set[int]) -> bool:
    count = body[0] if body else 0
    if not 1 <= count <= 4 or len(body) != 4 + 2 * count or not 1 <= body[-3] <= 7 or body[-1] > 15:
        return False
    return all(body[at] >> 4 in tables for at in range(2, 2 + 2 * count, 2))


def _tables(body: bytes) -> set[int]:
    """Numbers of the Huffman tables in a segment; each must be a prefix code of categories."""
    found = set()
    while body:
        counts = body[1:17]
        symbols = body[17 : 17 + sum(counts)]
        space = sum(count << (16 - length) for length, count in enumerate(counts, 1))
        whole = len(counts) == 16 and len(symbols) == sum(counts)
        if not whole or body[0] > 3 or space > 1 << 16 or max(symbols, default=CATEGORIES) >= CATEGORIES:
            raise DicomError(NOT_MARKERS)
        found.add(body[0])
        body = body[17 + len(symbols) :]
    return found


def cut_off(frame: bytes, values: NDArray[Any]) -> bool:
    """Whether decoded `values` (rows, columns) need more bits than the codestream has.

    Streams with restart markers or a point transform, which no scanner writes, are not looked into.
    """
    stream = _parsed(frame)
    if not stream.plain or stream.table not in stream.lengths or not 1 <= stream.predictor <= 7:
        return False
    unsigned = values.astype(np.int32) & (2**stream.bits - 1)
    differences = unsigned - _predicted(unsigned, stream.predictor, stream.bits)
    differences = (differences + 2**15 - 1) % 2**16 - (2**15 - 1)
    category = np.frexp(np.abs(differences).astype(np.float32))[1]
    counts = np.bincount(category.ravel(), minlength=CATEGORIES)[:CATEGORIES]
    extra = np.where(np.arange(CATEGORIES) < 16, np.arange(CATEGORIES), 0)
    needed = int((counts * (stream.lengths[stream.table] + extra)).sum())
    return 8 * (len(stream.data) - stream.data.count(b"\xff\x00")) < needed


def _parsed(frame: bytes) -> _Stream:
    stream, at = _Stream(), 2
    while at + 4 <= len(frame):
        marker = frame[at + 1]
        if marker == 0xFF:  # fill byte
            at += 1
            continue
        size = int.from_bytes(frame[at + 2 : at + 4])
        body = frame[at + 4 : at + 2 + size]
        at += 2 + size
        if marker == FRAME:
            stream.bits = body[0]
        elif marker == TABLES:
            while len(body) > 16:
                table, counts = body[0] & 15, body[1:17]
                lengths = np.zeros(CATEGORIES, np.int64)
                codes = [length for length, count in enumerate(counts, 1) for _ in range(count)]
                for length, symbol in zip(codes, body[17:], strict=False):
                    lengths[min(symbol, CATEGORIES - 1)] = length
                stream.lengths[table] = lengths
                body = body[17 + len(codes) :]
        elif marker == INTERVAL:
            stream.plain &= not any(body)
        elif marker == SCAN:
            stream.plain &= len(body) == 6 and body[0] == 1 and not body[5] & 15
            stream.table, stream.predictor = body[2] >> 4, body[3]
            stream.data = frame[at:].rstrip(PADDING)[: -len(JPEG_END)]
            break
    return stream


def _predicted(values: NDArray[np.int32], predictor: int, bits: int) -> NDArray[np.int32]:
    """What each sample is predicted from its neighbours (H.1.2.1): left a, above b, above left c."""
    a, b, c = values[1:, :-1], values[:-1, 1:], values[:-1, :-1]
    ways = (a, b, c, a + b - c, a + ((b - c) >> 1), b + ((a - c) >> 1), (a + b) >> 1)
    found = np.empty_like(values)
    found[0, 0] = 1 << (bits - 1)
    found[0, 1:] = values[0, :-1]
    found[1:, 0] = values[:-1, 0]
    found[1:, 1:] = ways[predictor - 1]
    return found
