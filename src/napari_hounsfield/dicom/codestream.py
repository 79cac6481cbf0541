"""What a compressed frame says about itself, read before it is decoded: image size, precision, and whether it is whole."""

from __future__ import annotations

from dataclasses import dataclass

from napari_hounsfield.errors import DicomError

ITEM = b"\xfe\xff\x00\xe0"
SEQUENCE_END = b"\xfe\xff\xdd\xe0"
JPEG_END = b"\xff\xd9"
PADDING = b"\0\xff"
"""Bytes that make the length of a fragment even: 0 by the standard, 255 by some."""
JP2_FILE = b"\0\0\0\x0cjP"
JPEG_2000_START = b"\xff\x4f\xff\x51"
TILE_PART, CODING_STYLE, PACKED_HEADERS, DATA_BEGINS = b"\xff\x90", b"\xff\x52", b"\xff\x60", b"\xff\x93"
NOT_FRAMES = (0xC4, 0xC8, 0xCC)
"""JPEG markers among the start-of-frame codes that start no frame."""
FILLER = b"\x55\xaa" * 64
"""What a decoder reads instead of the zeros that it makes up, where an entropy-coded segment is too short."""
DAMAGED = "codestream is cut off"


@dataclass(frozen=True, slots=True)
class Codestream:
    """Facts of a JPEG, JPEG-LS or JPEG 2000 codestream."""

    rows: int
    columns: int
    bits: int
    """Precision of a sample."""
    samples: int
    signed: bool = False


def check_jpeg(frame: bytes, rows: int, columns: int, samples: int = 1) -> Codestream:
    """Check size and end of a JPEG, JPEG-LS or JPEG 2000 codestream, so that nothing is allocated for a wrong one.

    Raises
    ------
    DicomError
        If it is none, is cut off, or has another size than Rows and Columns; the message is the bare reason.
    """
    if frame[:4] == JPEG_2000_START:
        found = _jpeg2000(frame)
    elif frame[:2] == b"\xff\xd8":
        found = _jpeg(frame)
    elif frame[:6] == JP2_FILE:  # its boxes may swap components, which the standard does not allow (PS3.5 A.4.4)
        raise DicomError("compressed pixel data (7FE0,0010) is a JP2 file, not a codestream")
    else:
        raise DicomError("compressed pixel data (7FE0,0010) is not a JPEG codestream")
    if (found.rows, found.columns) != (rows, columns):
        raise DicomError(f"codestream is {found.rows} x {found.columns}, Rows x Columns are {rows} x {columns}")
    if found.samples != samples:
        raise DicomError(f"codestream has {found.samples} component(s), SamplesPerPixel (0028,0002) is {samples}")
    if not frame.rstrip(PADDING).endswith(JPEG_END):
        raise DicomError(DAMAGED)
    if frame[:4] == JPEG_2000_START:
        _check_tile_parts(frame)
    return found


def _jpeg2000(frame: bytes) -> Codestream:
    """Facts of the SIZ marker segment (ISO/IEC 15444-1 A.5.1)."""
    if len(frame) < 43:
        raise DicomError(DAMAGED)
    right, bottom, left, top = (int.from_bytes(frame[at : at + 4]) for at in (8, 12, 16, 20))
    samples = int.from_bytes(frame[40:42])
    return Codestream(bottom - top, right - left, (frame[42] & 0x7F) + 1, samples, frame[42] > 0x7F)


def _check_tile_parts(frame: bytes) -> None:
    """Walk from tile-part to tile-part (A.4.2): the last one must end where the end marker is, and no tile may lack.

    OpenJPEG fills up what lacks without a word.
    """
    at, packets = 2, 0
    while frame[at : at + 2] != TILE_PART:
        if at + 4 > len(frame) or frame[at] != 0xFF:
            raise DicomError(DAMAGED)
        if frame[at : at + 2] == CODING_STYLE:  # at least a packet, of at least a byte, for each layer and resolution (B.9)
            packets = int.from_bytes(frame[at + 6 : at + 8]) * (frame[at + 9] + 1)
        elif frame[at : at + 2] == PACKED_HEADERS:
            packets = 0
        at += 2 + int.from_bytes(frame[at + 2 : at + 4])
    tiles: dict[int, int] = {}
    while frame[at : at + 2] == TILE_PART:
        tile, length = int.from_bytes(frame[at + 4 : at + 6]), int.from_bytes(frame[at + 6 : at + 10])
        plain = frame[at + 12 : at + 14] == DATA_BEGINS
        tiles[tile] = tiles.get(tile, 0) + ((length or len(frame) - at) - 14 if plain else packets)
        if not length:  # the last one may go on to the end without saying how long it is
            break
        if length < 14:
            raise DicomError(DAMAGED)
        at += length
    else:
        if frame[at : at + 2] != JPEG_END:
            raise DicomError(DAMAGED)
    right, bottom, _, _, width, height, left, top = (int.from_bytes(frame[i : i + 4]) for i in range(8, 40, 4))
    if min(tiles.values(), default=0) < packets:
        raise DicomError(DAMAGED)
    if width and height and len(tiles) != -((right - left) // -width) * -((bottom - top) // -height):
        raise DicomError("codestream lacks tiles")


def _jpeg(frame: bytes) -> Codestream:
    """Facts of the start-of-frame segment (ISO/IEC 10918-1 B.2.2)."""
    at = 2
    while at + 9 < len(frame):
        if frame[at] != 0xFF:
            break
        marker = frame[at + 1]
        if marker == 0xFF:  # fill byte
            at += 1
            continue
        if (0xC0 <= marker <= 0xCF and marker not in NOT_FRAMES) or marker == 0xF7:
            rows, columns = int.from_bytes(frame[at + 5 : at + 7]), int.from_bytes(frame[at + 7 : at + 9])
            return Codestream(rows, columns, frame[at + 4], frame[at + 9])
        at += 2 + int.from_bytes(frame[at + 2 : at + 4])
    raise DicomError("codestream has no image header")


def lengthened(frame: bytes) -> bytes:
    """The same JPEG with filler before its end marker: no pixel changes, unless the entropy-coded segment is cut off.

    libjpeg makes up zeros there, and does not tell.
    """
    entropy_coded = frame.rstrip(PADDING)[: -len(JPEG_END)].rstrip(b"\xff")  # which may stand before any marker
    return entropy_coded + FILLER + JPEG_END
