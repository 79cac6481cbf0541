"""Open a file that may be DICOM: by content, with bounded memory."""

from __future__ import annotations

import io
import os
import stat
import zlib
from contextlib import ExitStack
from typing import TYPE_CHECKING, BinaryIO

from napari_hounsfield.errors import DicomError

from .inflating import GZIP, Unpacking
from .inflating import inflated as inflated

if TYPE_CHECKING:
    from pathlib import Path

PREAMBLE = 132
_GZIP_MARK = b"\x1f\x8b"
_HEAD = PREAMBLE + 8
"""Preamble, mark, and the begin of the first element."""


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


def is_regular(path: Path) -> bool:
    """Whether it is a file that can be opened without waiting: a pipe would block for ever.

    Raises
    ------
    OSError
        If it is not there.
    """
    return stat.S_ISREG(os.stat(path).st_mode)


def opened(path: Path, force: bool = False, whole: bool = True) -> BinaryIO:
    """Open a DICOM file, or a member of a zip archive, gzip-compressed or not, positioned behind its preamble.

    Parameters
    ----------
    path
        Of the file; a member of an archive is a path below that of the archive (see `archive`).
    force
        Also open a file without preamble that begins as a data set does, positioned at its first element.
    whole
        Inflate and check compressed content at once. Otherwise it is inflated as far as it is read and ends where it is damaged:
        enough for a header, which tells what series a damaged file belongs to.

    Raises
    ------
    DicomError
        If it is no regular file, cannot be opened, is empty, or is not DICOM; the message is the bare reason.
    """
    with ExitStack() as unless_dicom:
        stream = _content(path, whole)
        unless_dicom.callback(stream.close)
        head = stream.read(_HEAD)
        if head.startswith(_GZIP_MARK):
            stream, head = _unzipped(stream, head, force, whole)
            unless_dicom.callback(stream.close)
        start = PREAMBLE if _is_dicom(head) else _bare_start(head) if force else None
        if start is not None:
            stream.seek(start)
            unless_dicom.pop_all()
            return stream
    raise DicomError(_no_dicom(head))


def _content(path: Path, whole: bool) -> BinaryIO:
    """Stream over a file or over a member of an archive, at its start."""
    try:
        stream = _Clamped(io.FileIO(path)) if is_regular(path) else None
    except (NotADirectoryError, FileNotFoundError) as error:
        from .archive import archive_of, member_bytes, member_stream

        if archive_of(path) is None:
            raise DicomError(f"cannot be opened ({error.strerror})") from None
        return io.BytesIO(member_bytes(path)) if whole else member_stream(path)
    except OSError as error:
        raise DicomError(f"cannot be opened ({error.strerror})") from None
    except ValueError:
        raise DicomError("cannot be opened (its name holds a NUL)") from None
    if stream is None:
        raise DicomError("not a regular file")
    return stream


def _unzipped(stream: BinaryIO, head: bytes, force: bool, whole: bool) -> tuple[BinaryIO, bytes]:
    start = head + stream.read(4096)
    machine = zlib.decompressobj(GZIP)
    try:
        found = machine.decompress(start, _HEAD)
    except zlib.error:
        found = b""
    if not (_is_dicom(found) or (force and _bare_start(found) is not None)):  # a NIfTI, most often: leave it packed
        return stream, found or b"\0"
    packed = start + stream.read()
    stream.close()
    unzipped = io.BytesIO(inflated(packed, GZIP)[0]) if whole else Unpacking(packed, GZIP)
    return unzipped, unzipped.read(_HEAD)


def _is_dicom(head: bytes) -> bool:
    return head[PREAMBLE - 4 : PREAMBLE] == b"DICM"


def _bare_start(head: bytes) -> int | None:
    """Where a file without preamble or without its mark begins, if the first element is one of group 0002 or 0008."""
    return next((at for at in (0, 4 if head[:4] == b"DICM" else 0, 128) if _is_element(head[at : at + 8])), None)


def _is_element(head: bytes) -> bool:
    """Whether these bytes begin an element of group 0002 or 0008, explicit or implicit, little or big endian."""
    little, big = head[:2] in (b"\2\0", b"\x08\0"), head[:2] in (b"\0\2", b"\0\x08")
    explicit = head[4:6].isalpha() and head[4:6].isupper()
    short = len(head) == 8 and not any(head[6:])
    return (little and (explicit or short)) or (big and explicit)


def _no_dicom(head: bytes) -> str:
    if not head:
        return "empty file"
    if head[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        return "zip archive: open it by itself"
    if _bare_start(head) is not None:
        return "looks like DICOM, but has no preamble; --force reads it"
    return "not DICOM"
