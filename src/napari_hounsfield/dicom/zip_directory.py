"""The central directory of a zip archive (APPNOTE.TXT 6.3.10, section 4.3): what it holds and where, with nothing unpacked.

Read here rather than by `zipfile`, which makes an object of every entry before the entries can be counted.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from napari_hounsfield.errors import DicomError

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_ENTRIES = 200_000
MAX_DIRECTORY = 64 * 2**20
"""Bytes: more than 300 for each entry."""

_END = struct.Struct("<4s4H2LH")
_END64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR = struct.Struct("<4sLQL")
_ENTRY = struct.Struct("<4s6H3L5H2L")
_LONGEST_COMMENT = 2**16
_IN_EXTRA = 0xFFFFFFFF
"""A size or offset that did not fit into 32 bits: it stands in the Zip64 extra field."""
_DAMAGED = "zip archive is damaged"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the central directory, as it stands."""

    name: str
    """With `/` between folders, whatever the archive has: some tools write backslashes."""
    offset: int
    """Of its local header, in the file."""
    packed: int
    size: int
    crc: int
    method: int
    flags: int
    mode: int
    """Of Unix, type and rights; 0 where the archive was made elsewhere."""


def entries(stream: BinaryIO, size: int) -> tuple[list[Entry], int]:
    """Every entry of an archive of `size` bytes, and where in the file the directory begins.

    Raises
    ------
    DicomError
        If the archive is damaged, lies on several disks, or its directory is too large; the message is the bare reason.
    """
    start, length, shift = _place(stream, size)
    if length > MAX_DIRECTORY:
        raise DicomError(f"zip archive has a directory of more than {MAX_DIRECTORY // 2**20} MiB")
    stream.seek(start)
    found = list(_parsed(stream.read(length), shift))
    return found, start


def decoded_name(raw: bytes, flags: int) -> str:
    """Name of an entry: UTF-8 where flag bit 11 says so, otherwise the old code page 437."""
    return raw.decode("utf-8" if flags & 0x800 else "cp437", "replace").replace("\\", "/")


def _place(stream: BinaryIO, size: int) -> tuple[int, int, int]:
    """Where the directory begins, its length, and the bytes before the archive, which no offset in it counts."""
    from_end = min(size, _LONGEST_COMMENT + _END.size)
    stream.seek(size - from_end)
    tail = stream.read(from_end)
    at = tail.rfind(b"PK\5\6")
    if at < 0 or at + _END.size > len(tail):
        raise DicomError("zip archive is cut off or damaged: its directory is missing")
    _, disk, first_disk, _, count, length, offset, _ = _END.unpack_from(tail, at)
    end = size - from_end + at
    if end >= _LOCATOR.size + _END64.size:
        stream.seek(end - _LOCATOR.size)
        locator = _LOCATOR.unpack(stream.read(_LOCATOR.size))
        if locator[0] == b"PK\6\7":
            end -= _LOCATOR.size + _END64.size
            stream.seek(end)
            mark, _, _, _, disk, first_disk, _, count, length, offset = _END64.unpack(stream.read(_END64.size))
            if mark != b"PK\6\6":
                raise DicomError(_DAMAGED)
    if disk or first_disk:
        raise DicomError("zip archive lies on several disks, which is not read")
    if count > MAX_ENTRIES:
        raise DicomError(f"zip archive has more than {MAX_ENTRIES:,} members")
    start = end - length
    if start < 0 or start < offset:
        raise DicomError(_DAMAGED)
    return start, length, start - offset


def _parsed(directory: bytes, shift: int) -> Iterator[Entry]:
    at = count = 0
    while at < len(directory):
        if at + _ENTRY.size > len(directory) or directory[at : at + 4] != b"PK\1\2":
            raise DicomError(_DAMAGED)
        if count == MAX_ENTRIES:  # the count in the end record may lie
            raise DicomError(f"zip archive has more than {MAX_ENTRIES:,} members")
        _, maker, _, flags, method, _, _, crc, packed, size, n_name, n_extra, n_comment, _, _, attributes, offset = (
            _ENTRY.unpack_from(directory, at)
        )
        at += _ENTRY.size
        name = decoded_name(directory[at : at + n_name], flags)
        if _IN_EXTRA in (size, packed, offset):
            size, packed, offset = _long(directory[at + n_name : at + n_name + n_extra], size, packed, offset)
        at += n_name + n_extra + n_comment
        count += 1
        yield Entry(name, offset + shift, packed, size, crc, method, flags, attributes >> 16 if maker >> 8 == 3 else 0)


def _long(extra: bytes, *short: int) -> list[int]:
    """Sizes and offset, of which those that did not fit stand in the Zip64 extra field, one behind the other."""
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, at)
        at += 4
        if kind == 1:
            wanted = sum(value == _IN_EXTRA for value in short)
            if length < 8 * wanted or at + 8 * wanted > len(extra):
                break
            long = iter(struct.unpack_from(f"<{wanted}Q", extra, at))
            return [next(long) if value == _IN_EXTRA else value for value in short]
        at += length
    raise DicomError(_DAMAGED)
