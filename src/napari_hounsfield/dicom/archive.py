"""Zip archives, read in place: nothing is extracted, and a member is addressed by a path below the archive's file.

`Path("study.zip/CT/IM1")` is the member `CT/IM1` of the regular file `study.zip`.
"""

from __future__ import annotations

import io
import os
import stat
import struct
import zlib
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from napari_hounsfield.errors import DicomError

from .files import shown
from .inflating import Unpacking, inflated, largest_content
from .zip_directory import Entry, decoded_name, entries

MAX_TOTAL = 2**30
MAX_RATIO = 250
"""An archive may declare `MAX_TOTAL` bytes, or so many times its own size: images come nowhere near, bombs far beyond."""
LONGEST_NAME = 1024
LEAVES = "path leaves the archive"
STORED, DEFLATE = 0, 8
_METHODS = {9: "Deflate64", 12: "bzip2", 14: "LZMA", 93: "Zstandard", 95: "XZ", 98: "PPMd"}
_LOCAL = struct.Struct("<4s5H3L2H")
_MARKS = (b"PK\x03\x04", b"PK\x05\x06")
_DAMAGED = "damaged in its zip archive"


@dataclass(frozen=True)
class Contents:
    """What can be read in an archive, and what cannot."""

    members: dict[str, Entry] = field(default_factory=dict)
    """By name, without `.` and doubled slashes."""
    skipped: list[tuple[str, str]] = field(default_factory=list)
    """Base name and bare reason."""


def is_archive(head: bytes) -> bool:
    """Whether a file that begins so is a zip archive, and not a DICOM file with such a preamble."""
    return head[:4] in _MARKS and head[128:132] != b"DICM"


def members(archive: Path) -> tuple[list[Path], list[tuple[str, str]]]:
    """Files in a zip archive as paths below it, sorted, and what cannot be read there: base name and reason.

    Folders are left out. Whether a member is DICOM is not looked at.

    Raises
    ------
    DicomError
        If the archive cannot be opened, is damaged, or is made to expand without bound; the message is the bare reason.
    """
    found = _contents(archive)
    return sorted(archive / name for name in found.members), list(found.skipped)


def archive_of(path: Path) -> Path | None:
    """The regular file that a path leads through, if there is one: the archive that it is a member of."""
    for parent in path.parents:
        try:
            mode = os.stat(parent).st_mode
        except (OSError, ValueError):
            continue
        return parent if stat.S_ISREG(mode) else None
    return None


def member_bytes(path: Path) -> bytes:
    """Content of a member, checked against its CRC.

    Raises
    ------
    DicomError
        If there is no such member, it cannot be read, or it is damaged; the message is the bare reason.
    """
    entry, packed = _member(path)
    content, complete = (packed, True) if entry.method == STORED else inflated(packed, -15, entry.size)
    if not complete or len(content) != entry.size or zlib.crc32(content) != entry.crc:
        raise DicomError(_DAMAGED)
    return content


def member_stream(path: Path) -> io.BytesIO:
    """Content of a member, inflated as far as it is read and not checked: for its header.

    Raises
    ------
    DicomError
        As `member_bytes`, but for damage, where the content ends.
    """
    entry, packed = _member(path)
    return io.BytesIO(packed) if entry.method == STORED else Unpacking(packed, -15, entry.size)


def _member(path: Path) -> tuple[Entry, bytes]:
    """Entry of a member, and its compressed bytes."""
    archive = archive_of(path)
    if archive is None:
        raise DicomError("no such file")
    entry = _contents(archive).members.get("/".join(path.relative_to(archive).parts))
    if entry is None:
        raise DicomError("no such member of its zip archive, or one that cannot be read")
    return entry, _packed(archive, entry)


def _packed(archive: Path, entry: Entry) -> bytes:
    """Compressed bytes of an entry, behind its local header, which must agree with the directory."""
    try:
        with open(archive, "rb") as stream:
            stream.seek(entry.offset)
            head = stream.read(_LOCAL.size)
            if len(head) < _LOCAL.size or head[:4] != _MARKS[0]:
                raise DicomError(_DAMAGED)
            _, _, flags, method, *_, n_name, n_extra = _LOCAL.unpack(head)
            name = decoded_name(stream.read(n_name), entry.flags)
            if (name, method, flags & 1) != (entry.name, entry.method, 0):
                raise DicomError("its name or kind differs between the directory of its zip archive and its own header")
            stream.seek(n_extra, os.SEEK_CUR)
            packed = stream.read(entry.packed)
    except OSError as error:
        raise DicomError(f"cannot be read ({error.strerror})") from None
    if len(packed) < entry.packed:
        raise DicomError(_DAMAGED)
    return packed


def _contents(archive: Path) -> Contents:
    try:
        state = os.stat(archive)
        return _parsed(archive, state.st_mtime_ns, state.st_size)
    except OSError as error:
        raise DicomError(f"cannot be opened ({error.strerror})") from None


@lru_cache(maxsize=4)
def _parsed(archive: Path, _changed: int, size: int) -> Contents:
    """Contents of an archive, kept as long as the file stays what it is: every member asks for them."""
    with open(archive, "rb") as stream:
        if not is_archive(stream.read(132)):
            raise DicomError("not a zip archive")
        listed, directory = entries(stream, size)
    _check_expansion(listed, size, directory)
    return _sorted_out(listed)


def _sorted_out(listed: list[Entry]) -> Contents:
    found = Contents()
    namesakes: set[str] = set()
    for entry in listed:
        if entry.name.endswith("/") or stat.S_ISDIR(entry.mode):
            continue
        name = "/".join(part for part in entry.name.split("/") if part not in ("", "."))
        before = found.members.get(name)
        reason = _refusal(entry, name)
        if reason:
            found.skipped.append((_base_name(entry.name), reason))
        elif before and (before.crc, before.size) != (entry.crc, entry.size):
            namesakes.add(name)
        elif not before:
            found.members[name] = entry
    for name in sorted(namesakes):  # which of them is meant cannot be told
        del found.members[name]
        found.skipped.append((_base_name(name), "several different members of the zip archive have this name"))
    return found


def _check_expansion(listed: list[Entry], size: int, directory: int) -> None:
    """Refuse members that share bytes, which no tool writes and bombs live by, and more content than any images make."""
    end = 0
    for entry in sorted(listed, key=lambda entry: entry.offset):
        if entry.offset < end:
            raise DicomError("zip archive has members that overlap")
        end = entry.offset + _LOCAL.size + entry.packed
    if end > directory:
        raise DicomError("zip archive is cut off or damaged: members lie outside of it")
    declared = sum(entry.size for entry in listed)
    if declared > max(MAX_TOTAL, MAX_RATIO * size):
        raise DicomError(f"zip archive of {size:,} bytes would expand to {declared:,}")


def _refusal(entry: Entry, name: str) -> str:
    """Why a member is not read; empty where it is."""
    parts = name.split("/")
    if entry.name.startswith("/") or ".." in parts or ":" in parts[0] or not name:
        return LEAVES
    if "\0" in name or len(name) > LONGEST_NAME:
        return "its name is too long or holds a NUL"
    if stat.S_IFMT(entry.mode) not in (0, stat.S_IFREG):
        return "symbolic link in a zip archive" if stat.S_ISLNK(entry.mode) else "not a regular file"
    if entry.flags & 1:
        return "encrypted"
    if entry.method not in (STORED, DEFLATE):
        return f"compressed by {_METHODS.get(entry.method, f'method {entry.method}')}, which is not read"
    if entry.size > largest_content(entry.packed) or (entry.method == STORED and entry.size != entry.packed):
        return f"declares {entry.size:,} bytes, compressed to {entry.packed:,}"
    return ""


def _base_name(name: str) -> str:
    return shown(Path(name[-4 * LONGEST_NAME :].rstrip("/").rpartition("/")[2] or "member"))
