"""Which bytes of encapsulated pixel data make which frame (DICOM PS3.5 A.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

from napari_hounsfield.errors import DicomError

from .codestream import ITEM, SEQUENCE_END
from .syntaxes import RLE

if TYPE_CHECKING:
    from .header import Header, PixelElement

CUT_OFF = "file is cut off in its compressed pixel data (7FE0,0010)"
NO_ITEMS = "compressed pixel data (7FE0,0010) does not consist of items"
MOST_FRAGMENTS = (4096, 32)
"""In a file, and more for each frame. Beyond it is no image: empty fragments could fill a file, and each costs time."""
WINDOW = 4096
"""Bytes read where the head of an item is looked for, since small ones follow each other closely."""
TABLE_TAGS = (b"\xe0\x7f\x01\x00OV\0\0", b"\xe0\x7f\x02\x00OV\0\0")
"""Heads of Extended Offset Table (7FE0,0001) and Extended Offset Table Lengths (7FE0,0002)."""
TOTAL_LENGTH = b"\xe0\x7f\x03\x00UV"
STARTS = (b"\xff\xd8", b"\xff\x4f")
"""Start markers of JPEG and JPEG-LS, and of JPEG 2000."""

Span = tuple[int, int]
"""Offset in the file, and length, of a fragment's value."""


def frames_in(stream: BinaryIO, header: Header, pixels: PixelElement) -> list[list[Span]]:
    """Find the fragments of each frame; only the heads of the items are read, and no pixels.

    Raises
    ------
    DicomError
        If the items are damaged or cut off, or it cannot be told which fragments belong to which frame; the bare reason.
    """
    table, spans = _items(stream, pixels, header.frames)
    if not any(length for _, length in spans):
        raise DicomError("compressed pixel data (7FE0,0010) is empty")
    if header.frames < 2:
        return [spans]
    if len(spans) == header.frames:
        return [[span] for span in spans]
    if header.transfer_syntax == RLE:
        raise DicomError(f"{len(spans)} RLE fragments, NumberOfFrames (0028,0008) is {header.frames}")
    starts = _extended_table(stream, pixels, header.frames) or table or _started(stream, spans)
    if len(starts) != header.frames:
        raise DicomError(
            f"compressed pixel data (7FE0,0010) holds {len(starts)} frame(s), NumberOfFrames (0028,0008) is {header.frames}"
        )
    return _by_starts(spans, starts)


def _items(stream: BinaryIO, pixels: PixelElement, frames: int) -> tuple[list[int], list[Span]]:
    """Basic Offset Table, and the fragments behind it."""
    end = pixels.offset + (pixels.available if pixels.length < 0 else min(pixels.length, pixels.available))
    at, spans = pixels.offset, list[Span]()
    table: list[int] | None = None
    window, start = b"", 0
    while True:
        if not start <= at <= start + len(window) - 8:
            stream.seek(at)
            window, start = stream.read(min(WINDOW, max(end - at, 0))), at
        head = window[at - start : at - start + 8]
        if head[:4] == SEQUENCE_END or (not head and pixels.length >= 0):
            break
        if len(head) < 8:
            raise DicomError(CUT_OFF)
        if head[:4] != ITEM:
            raise DicomError(NO_ITEMS)
        length = int.from_bytes(head[4:], "little")
        if at + 8 + length > end:
            raise DicomError(CUT_OFF)
        if table is None:
            stream.seek(at + 8)
            data = stream.read(length) if length == 4 * frames else b""  # of another length it fits no frames
            table = [int.from_bytes(data[i : i + 4], "little") for i in range(0, len(data) - 3, 4)]
        else:
            spans.append((at + 8, length))
            if len(spans) > MOST_FRAGMENTS[0] + MOST_FRAGMENTS[1] * frames:
                raise DicomError("compressed pixel data (7FE0,0010) has too many fragments")
        at += 8 + length
    return table or [], spans


def _extended_table(stream: BinaryIO, pixels: PixelElement, frames: int) -> list[int]:
    """Offsets of an Extended Offset Table, which stands right before the pixel data; empty where there is none."""
    size = 8 * frames
    end = pixels.offset - 12
    stream.seek(max(end - 20, 0))
    if stream.read(6) == TOTAL_LENGTH:
        end -= 20
    start = end - 2 * (12 + size)
    if start < 0:
        return []
    stream.seek(start)
    data = stream.read(2 * (12 + size))
    lengths = data[12 + size :]
    if (data[:8], lengths[:8]) != TABLE_TAGS or {data[8:12], lengths[8:12]} != {size.to_bytes(4, "little")}:
        return []
    return [int.from_bytes(data[at : at + 8], "little") for at in range(12, 12 + size, 8)]


def _started(stream: BinaryIO, spans: list[Span]) -> list[int]:
    """Offsets of the fragments that begin as a JPEG or JPEG 2000 codestream does."""
    starts = []
    for offset, length in spans:
        stream.seek(offset)
        if length > 1 and stream.read(2) in STARTS:
            starts.append(offset - spans[0][0])
    return starts


def _by_starts(spans: list[Span], starts: list[int]) -> list[list[Span]]:
    """Group fragments by the offsets at which frames begin, counted from the first fragment."""
    first = spans[0][0]
    begins = set(starts)
    known = {offset - first for offset, _ in spans}
    if starts[0] != 0 or sorted(begins) != starts or not begins <= known:
        raise DicomError("offset table of the pixel data (7FE0,0010) does not point at its fragments")
    frames: list[list[Span]] = []
    for span in spans:
        if span[0] - first in begins:
            frames.append([])
        frames[-1].append(span)
    return frames
