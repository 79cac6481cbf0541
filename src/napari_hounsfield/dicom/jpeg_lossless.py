"""Whether a lossless JPEG (ISO/IEC 10918-1, process 14) was whole: its pixels tell how many bits they took.

The decoder makes up what is cut off, and does not tell.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from .codestream import JPEG_END, PADDING

if TYPE_CHECKING:
    from numpy.typing import NDArray

FRAME, TABLES, SCAN, INTERVAL = 0xC3, 0xC4, 0xDA, 0xDD
CATEGORIES = 17


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
