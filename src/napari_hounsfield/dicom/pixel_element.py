"""Where the pixel data of a file lies, and whether it can hold the image: checked before anything is allocated."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO, Literal

from .header import Header, PixelElement
from .syntaxes import UNCOMPRESSED
from .tags import TAGS, named

if TYPE_CHECKING:
    from pydicom import Dataset

PIXEL_TAGS = (0x7FE00008, 0x7FE00009, TAGS["PixelData"])
CUT_OFF = "file is cut off"
LARGEST_SURPLUS = 2**20
"""Zero bytes behind the image that are taken for padding."""


def pixel_element(stream: BinaryIO, dataset: Dataset, deflated_from: int) -> PixelElement | None:
    """Where the pixel data lies; None if the header is not followed by pixel data."""
    implicit, little = dataset.original_encoding
    order: Literal["little", "big"] = "little" if little else "big"
    head = stream.read(12)
    if len(head) < 8:
        return None
    tag = int.from_bytes(head[:2], order) << 16 | int.from_bytes(head[2:4], order)
    if tag != TAGS["PixelData"]:  # or it is float pixel data, which no CT, MR or PET plane has
        return None
    if implicit:
        size, stated = 8, head[4:8]
    elif head[4:6] in (b"OB", b"OW", b"OF", b"OD", b"UN"):
        size, stated = 12, head[8:12]
    else:
        size, stated = 8, head[6:8]
    length = int.from_bytes(stated, order)
    offset = stream.tell() - len(head) + size
    end = stream.seek(0, 2)
    words = not implicit and head[4:6] == b"OW"
    return PixelElement(offset, -1 if length == 0xFFFFFFFF else length, max(end - offset, 0), words, deflated_from)


def pixel_problem(header: Header, stream: BinaryIO) -> str:
    """What is wrong with the image pixel module; empty where nothing is."""
    pixels = header.pixels
    if pixels is None:
        return "has no pixel data (7FE0,0010)"
    if header.rows < 1 or header.columns < 1:
        return f"{named('Rows')} or {named('Columns')} is 0"
    if not 1 <= header.bits_stored <= header.bits_allocated:
        return f"{named('BitsStored')} is not between 1 and Bits Allocated"
    if not header.bits_stored - 1 <= header.high_bit < header.bits_allocated:
        return f"{named('HighBit')} does not fit Bits Stored and Bits Allocated"
    if header.transfer_syntax in UNCOMPRESSED:
        return _length_problem(header, pixels, stream)
    return "" if pixels.available >= 16 else CUT_OFF


def _length_problem(header: Header, pixels: PixelElement, stream: BinaryIO) -> str:
    """Whether uncompressed pixel data has the length that rows and columns ask for; zeros may follow."""
    expected = header.rows * header.columns * header.samples * header.frames * header.bits_allocated // 8
    if pixels.length < 0:
        return f"{named('PixelData')} has undefined length, but is not compressed"
    if pixels.available < min(pixels.length, expected):
        return f"{CUT_OFF}: {pixels.available} of {pixels.length} bytes of pixel data"
    if pixels.length < expected:
        return f"{named('PixelData')} holds {pixels.length} bytes, Rows x Columns need {expected}"
    surplus = pixels.length - expected
    if surplus > 1:
        stream.seek(pixels.offset + expected)
        if surplus > LARGEST_SURPLUS or any(stream.read(surplus)):
            return f"{named('PixelData')} holds {pixels.length} bytes, Rows x Columns need only {expected}"
    return ""
