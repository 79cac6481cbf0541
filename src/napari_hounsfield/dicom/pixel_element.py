"""Where the pixel data of a file lies, and whether it can hold the image: checked before anything is allocated."""

from __future__ import annotations

from typing import BinaryIO, Literal

from .frame_size import frame_bits
from .header import Header, PixelElement
from .syntaxes import UNCOMPRESSED
from .tags import TAGS, named

NUMBERS: dict[int, Literal["integer", "float", "double"]] = {
    0x7FE00008: "float",
    0x7FE00009: "double",
    TAGS["PixelData"]: "integer",
}
"""Float Pixel Data, Double Float Pixel Data and Pixel Data: an image has one of them."""
PIXEL_TAGS = tuple(NUMBERS)
BITS_OF_FLOATS = {"float": 32, "double": 64}
CUT_OFF = "file is cut off"
SMALLEST_FRAME = 16
"""Bytes that no compressed frame is smaller than, with the head of its item."""
LARGEST_SURPLUS = 2**20
"""Zero bytes behind the image that are taken for padding."""


def pixel_element(head: bytes, at: int, end: int, implicit: bool, little: bool, deflated_from: int) -> PixelElement | None:
    """Where the pixel data lies whose first 12 bytes, `head`, are at offset `at` of a file of `end` bytes; None if it is none."""
    order: Literal["little", "big"] = "little" if little else "big"
    if len(head) < 8:
        return None
    tag = int.from_bytes(head[:2], order) << 16 | int.from_bytes(head[2:4], order)
    if tag not in NUMBERS:
        return None
    if implicit:
        size, stated = 8, head[4:8]
    elif head[4:6] in (b"OB", b"OW", b"OF", b"OD", b"UN"):
        size, stated = 12, head[8:12]
    else:
        size, stated = 8, head[6:8]
    length = int.from_bytes(stated, order)
    offset = at + size
    words = not implicit and head[4:6] == b"OW"
    stated_length = -1 if length == 0xFFFFFFFF else length
    return PixelElement(offset, stated_length, max(end - offset, 0), words, deflated_from, NUMBERS[tag])


def pixel_problem(header: Header, stream: BinaryIO) -> str:
    """What is wrong with the image pixel module; empty where nothing is."""
    pixels = header.pixels
    if pixels is None:
        return "has no pixel data (7FE0,0010)"
    if header.rows < 1 or header.columns < 1:
        return f"{named('Rows')} or {named('Columns')} is 0"
    if header.frames < 1:
        return f"{named('NumberOfFrames')} is less than 1"
    if pixels.numbers != "integer":
        if header.bits_allocated != BITS_OF_FLOATS[pixels.numbers]:
            return f"{named('BitsAllocated')} is not that of float pixel data"
        if header.transfer_syntax not in UNCOMPRESSED:
            return "float pixel data is compressed"
        return _length_problem(header, pixels, stream)
    if not 1 <= header.bits_stored <= header.bits_allocated:
        return f"{named('BitsStored')} is not between 1 and Bits Allocated"
    if not header.bits_stored - 1 <= header.high_bit < header.bits_allocated:
        return f"{named('HighBit')} does not fit Bits Stored and Bits Allocated"
    if header.transfer_syntax in UNCOMPRESSED:
        return _length_problem(header, pixels, stream)
    return "" if pixels.available >= SMALLEST_FRAME * header.frames else CUT_OFF


def _length_problem(header: Header, pixels: PixelElement, stream: BinaryIO) -> str:
    """Whether uncompressed pixel data has the length that rows and columns ask for; zeros may follow."""
    expected = -(frame_bits(header) * header.frames // -8)
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
