"""A multi-frame DICOM file written piece by piece: header, one item a frame, pixels; nothing is held in memory but a piece.

DICOM PS3.10 (file), PS3.5 7.5 (sequences of undefined length), A.2 (explicit little endian), A.5 (deflated).
"""

from __future__ import annotations

import zlib
from struct import pack
from typing import TYPE_CHECKING, Any, BinaryIO

from napari_hounsfield.errors import WriteError
from napari_hounsfield.operation import Progress

from .dicom_file import LARGEST

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator
    from pathlib import Path

PER_FRAME = b"\x00\x52\x30\x92SQ\0\0"
PIXEL_DATA = b"\xe0\x7f\x10\x00"
ITEM, ITEM_END = b"\xfe\xff\x00\xe0", b"\xfe\xff\xdd\xe0"
UNDEFINED = b"\xff\xff\xff\xff"
LONGEST = 0xFFFFFFFE
"""Bytes that one element may have."""
A_STEP = 32
"""Frames between two reports of progress."""
LEVEL = 6


def encoded(dataset: Any) -> bytes:
    """The elements of a dataset in explicit little endian, text in UTF-8."""
    from pydicom.filebase import DicomBytesIO
    from pydicom.filewriter import write_dataset

    buffer = DicomBytesIO()
    buffer.is_little_endian, buffer.is_implicit_VR = True, False
    write_dataset(buffer, dataset, "utf8")
    return bytes(buffer.getvalue())


def write_multiframe(
    path: Path, header: Any, items: Iterable[bytes], pixels: Iterable[bytes], count: int, size: int
) -> Generator[Progress, None, None]:
    """Write a file of `count` frames; yields Progress.

    Parameters
    ----------
    path
        Where to.
    header
        Dataset with file meta information, of elements before the Per-Frame Functional Groups Sequence.
    items
        Encoded functional groups, one a frame.
    pixels
        All pixels, in about as many pieces as there are frames.
    count, size
        Frames, and bytes of their pixels together.

    Raises
    ------
    WriteError
        If an element would be larger than DICOM, or our own reader, allows.
    """
    from pydicom.filebase import DicomFileLike
    from pydicom.filewriter import write_file_meta_info
    from pydicom.uid import DeflatedExplicitVRLittleEndian

    syntax = header.file_meta.TransferSyntaxUID
    if size > (LARGEST if syntax == DeflatedExplicitVRLittleEndian else LONGEST):
        raise WriteError("too large for one file of its kind; write a label map (type labelmap), or fewer classes")
    with open(path, "wb") as file:
        file.write(b"\0" * 128 + b"DICM")
        write_file_meta_info(DicomFileLike(file), header.file_meta, enforce_standard=True)
        sink = _Deflated(file) if syntax == DeflatedExplicitVRLittleEndian else file
        sink.write(encoded(header))
        sink.write(PER_FRAME + UNDEFINED)
        for item in items:
            sink.write(ITEM + pack("<I", len(item)) + item)
        sink.write(ITEM_END + bytes(4))
        yield Progress(0.1, f"0 of {count} frames")
        words = b"OW" if header.BitsAllocated > 8 else b"OB"
        sink.write(PIXEL_DATA + words + b"\0\0")
        for number, piece in enumerate(_element(pixels, size)):
            sink.write(piece)
            if number % A_STEP == 0:
                yield Progress(min(0.1 + 0.9 * number / max(count, 1), 1.0), f"{min(number, count)} of {count} frames")
        if isinstance(sink, _Deflated):
            sink.finish()


def _element(pixels: Iterable[bytes], size: int) -> Iterator[bytes]:
    yield pack("<I", size + size % 2)
    yield from pixels
    yield bytes(size % 2)


class _Deflated:
    """What is written, deflated on its way to a file."""

    def __init__(self, file: BinaryIO) -> None:
        self.file, self.length = file, 0
        self.deflate = zlib.compressobj(LEVEL, zlib.DEFLATED, -15)

    def write(self, data: bytes) -> None:
        self._put(self.deflate.compress(data))

    def finish(self) -> None:
        self._put(self.deflate.flush())
        self._put(bytes(self.length % 2))

    def _put(self, data: bytes) -> None:
        self.length += len(data)
        self.file.write(data)
