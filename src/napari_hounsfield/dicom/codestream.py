"""What a compressed frame says about itself, read before it is decoded: fragments, image size, end marker."""

from __future__ import annotations

from itertools import pairwise

from napari_hounsfield.errors import DicomError

ITEM = b"\xfe\xff\x00\xe0"
SEQUENCE_END = b"\xfe\xff\xdd\xe0"
JPEG_END = b"\xff\xd9"
RLE_EXPANSION = 64
"""An RLE run of two bytes becomes at most 128."""
NOT_FRAMES = (0xC4, 0xC8, 0xCC)
"""JPEG markers among the start-of-frame codes that start no frame."""


def joined_fragments(data: bytes, declared: int = -1) -> bytes:
    """One frame from encapsulated pixel data (DICOM PS3.5 A.4): the offset table is left out, the fragments are joined.

    Raises
    ------
    DicomError
        If the fragments are damaged, or the file is cut off within them.
    """
    fragments, at = [], 0
    while True:
        head = data[at : at + 8]
        if head[:4] == SEQUENCE_END or (len(head) == 0 and declared >= 0):
            break
        if len(head) < 8:
            raise DicomError("file is cut off in its compressed pixel data (7FE0,0010)")
        length = int.from_bytes(head[4:], "little")
        if head[:4] != ITEM:
            raise DicomError("compressed pixel data (7FE0,0010) does not consist of items")
        if at + 8 + length > len(data):
            raise DicomError("file is cut off in its compressed pixel data (7FE0,0010)")
        fragments.append(data[at + 8 : at + 8 + length])
        at += 8 + length
    frame = b"".join(fragments[1:])
    if not frame:
        raise DicomError("compressed pixel data (7FE0,0010) is empty")
    return frame


def check_jpeg(frame: bytes, rows: int, columns: int) -> int:
    """Check size and end marker of a JPEG, JPEG-LS or JPEG 2000 codestream; returns its bits a sample.

    Raises
    ------
    DicomError
        If it is none, is cut off, or has another size than Rows and Columns, so that nothing is allocated for it.
    """
    if frame[:4] == b"\xff\x4f\xff\x51":
        found = _jpeg2000_size(frame)
    elif frame[:2] == b"\xff\xd8":
        found = _jpeg_size(frame)
    else:
        raise DicomError("compressed pixel data (7FE0,0010) is not a JPEG codestream")
    if found[:2] != (rows, columns):
        raise DicomError(f"codestream is {found[0]} x {found[1]}, Rows x Columns are {rows} x {columns}")
    if not frame.rstrip(b"\0").endswith(JPEG_END):
        raise DicomError("codestream is cut off")
    return found[2]


def _jpeg2000_size(frame: bytes) -> tuple[int, int, int]:
    """Rows, columns and bits of the SIZ marker segment (ISO/IEC 15444-1 A.5.1)."""
    right, bottom, left, top = (int.from_bytes(frame[at : at + 4]) for at in (8, 12, 16, 20))
    if len(frame) < 43:
        raise DicomError("codestream is cut off")
    if int.from_bytes(frame[40:42]) != 1:
        raise DicomError("codestream has several components, the image has one")
    return bottom - top, right - left, (frame[42] & 0x7F) + 1


def _jpeg_size(frame: bytes) -> tuple[int, int, int]:
    """Rows, columns and bits of the start-of-frame segment (ISO/IEC 10918-1 B.2.2)."""
    at = 2
    while at + 9 < len(frame):
        if frame[at] != 0xFF:
            break
        marker = frame[at + 1]
        if marker == 0xFF:  # fill byte
            at += 1
            continue
        start_of_frame = (0xC0 <= marker <= 0xCF and marker not in NOT_FRAMES) or marker == 0xF7
        if start_of_frame:
            if frame[at + 9] != 1:
                raise DicomError("codestream has several components, the image has one")
            return int.from_bytes(frame[at + 5 : at + 7]), int.from_bytes(frame[at + 7 : at + 9]), frame[at + 4]
        at += 2 + int.from_bytes(frame[at + 2 : at + 4])
    raise DicomError("codestream has no image header")


def check_rle(frame: bytes, size: int, planes: int) -> None:
    """Check the header of an RLE frame (DICOM PS3.5 G.5): `planes` segments in ascending order that can yield `size` bytes.

    Raises
    ------
    DicomError
        If they cannot.
    """
    count = int.from_bytes(frame[:4], "little")
    offsets = [int.from_bytes(frame[at : at + 4], "little") for at in range(4, 4 + 4 * min(count, 15), 4)]
    ends = [*offsets, len(frame)]
    if count != planes or offsets[0] != 64 or any(b <= a for a, b in pairwise(ends)):
        raise DicomError("RLE segments of pixel data (7FE0,0010) do not fit Bits Allocated")
    if len(frame) * RLE_EXPANSION < size:
        raise DicomError(f"pixel data (7FE0,0010) of {len(frame)} bytes cannot hold Rows x Columns")
