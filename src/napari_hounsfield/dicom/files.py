"""Open a file that may be DICOM: by content, with bounded memory."""

from __future__ import annotations

import io
import os
import stat
import zlib
from contextlib import ExitStack
from typing import TYPE_CHECKING, BinaryIO

from napari_hounsfield.errors import DicomError

if TYPE_CHECKING:
    from pathlib import Path

PREAMBLE = 132
MAX_INFLATED = 256 * 2**20
"""Bytes that a compressed header or file may grow to: far beyond any single CT slice, far below a decompression bomb."""


def shown(path: Path) -> str:
    """Return the base name of a file, as it may stand in a one-line message."""
    return "".join(c if c.isprintable() else "?" for c in path.name)


class _Clamped(io.BufferedReader):
    """A file that never allocates more than it holds, whatever length a damaged header asks for."""

    def __init__(self, raw: io.FileIO) -> None:
        super().__init__(raw, 16384)
        self.size = os.fstat(raw.fileno()).st_size

    def read(self, size: int | None = -1, /) -> bytes:
        left = max(self.size - self.tell(), 0)
        return super().read(left if size is None or size < 0 else min(size, left))


def inflated(data: bytes, wbits: int, limit: int = MAX_INFLATED) -> tuple[bytes, bool]:
    """Decompress at most `limit` bytes; the second value tells whether the stream is complete.

    Raises
    ------
    DicomError
        If the stream is damaged, or grows beyond `limit`.
    """
    machine = zlib.decompressobj(wbits)
    try:
        content = machine.decompress(data, limit + 1)
    except zlib.error:
        raise DicomError("compressed content is damaged") from None
    if len(content) > limit:
        raise DicomError(f"compressed content grows beyond {limit // 2**20} MiB")
    return content, machine.eof


def is_regular(path: Path) -> bool:
    """Whether it is a file that can be opened without waiting: a pipe would block for ever.

    Raises
    ------
    OSError
        If it is not there.
    """
    return stat.S_ISREG(os.stat(path).st_mode)


def opened(path: Path) -> BinaryIO:
    """Open a DICOM file, gzip-compressed or not, positioned behind its preamble.

    Raises
    ------
    DicomError
        If it is no regular file, cannot be opened, is empty, or is not DICOM; the message is the bare reason.
    """
    try:
        if not is_regular(path):
            raise DicomError("not a regular file")
        stream: BinaryIO = _Clamped(io.FileIO(path))
    except OSError as error:
        raise DicomError(f"cannot be opened ({error.strerror})") from None
    with ExitStack() as unless_dicom:
        unless_dicom.callback(stream.close)
        head = stream.read(PREAMBLE)
        if head[:2] == b"\x1f\x8b":
            stream, head = _unzipped(stream, head)
            unless_dicom.callback(stream.close)
        if head[128:] == b"DICM":
            unless_dicom.pop_all()
            return stream
    raise DicomError(_no_dicom(head))


def _unzipped(stream: BinaryIO, head: bytes) -> tuple[BinaryIO, bytes]:
    start = head + stream.read(4096)
    machine = zlib.decompressobj(31)
    try:
        found = machine.decompress(start, PREAMBLE)
    except zlib.error:
        found = b""
    if found[128:] != b"DICM":  # a NIfTI, most often: leave it packed
        return stream, found or b"\0"
    content, _ = inflated(start + stream.read(), 31)
    stream.close()
    unzipped = io.BytesIO(content)
    return unzipped, unzipped.read(PREAMBLE)


def _no_dicom(head: bytes) -> str:
    if not head:
        return "empty file"
    if head[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        return "zip archive, which is not read yet"
    if head[:4] in (b"\x08\x00\x00\x00", b"\x08\x00\x05\x00", b"\x08\x00\x08\x00", b"\x02\x00\x00\x00"):
        return "looks like DICOM, but has no preamble"
    return "not DICOM"
