"""The file IDs in the records of a DICOMDIR: a walk that keeps nothing else.

The records are taken as they stand one behind the other. The offsets that link them, stale after any copy with changes, are not
followed, and neither are sequences within records, however deep they go.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from napari_hounsfield.errors import DicomError

from .files import inflated, opened
from .guards import quiet
from .syntaxes import BIG_ENDIAN, DEFLATED

MAX_BYTES = 64 * 2**20
MAX_FILES = 200_000
MAX_ELEMENTS = 4_000_000
"""Looked at before the walk gives up: some ten times what the largest medium needs."""

_SYNTAX, _RECORDS, _IN_USE, _FILE_ID = 0x00020010, 0x00041220, 0x00041410, 0x00041500
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_UNDEFINED = 0xFFFFFFFF
_IMPLICIT = "1.2.840.10008.1.2"
_LONG = (b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV")
_DAMAGED = "directory records (0004,1220) are damaged"


def file_ids(path: Path) -> tuple[list[str], bool]:
    """Referenced File ID (0004,1500) of every record in use, components joined by backslashes, and whether these are all.

    Records that are damaged or cut off are read as far as they go.

    Raises
    ------
    DicomError
        If the file is not DICOM, is too large, or its records cannot be read; the message is the bare reason.
    """
    with quiet(), opened(path) as stream:
        data = stream.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise DicomError(f"DICOMDIR of more than {MAX_BYTES // 2**20} MiB")
    walk, start, syntax = _Walk(data, "little"), 0, ""
    while data[start : start + 2] == b"\2\0":  # file meta information, always explicit and little endian
        element = next(walk.elements(start, len(data), implicit=False))
        start = element.next
        if element.tag == _SYNTAX:
            syntax = data[element.start : element.end].decode("ascii", "replace").strip(" \0")
    if syntax == DEFLATED:
        data, start = inflated(data[start:], -15, MAX_BYTES)[0], 0
    walk = _Walk(data, "big" if syntax == BIG_ENDIAN else "little")
    for element in walk.elements(start, len(data), syntax == _IMPLICIT):
        if element.tag == _RECORDS:
            return walk.file_ids(element), walk.complete
    raise DicomError("has no directory records (0004,1220)")


class _Element(NamedTuple):
    tag: int
    start: int
    end: int
    next: int
    """Where what follows begins, behind the delimiter if there is one."""
    implicit: bool
    """Whether what it holds names no value representations."""


@dataclass
class _Walk:
    data: bytes
    order: Literal["little", "big"]
    left: int = MAX_ELEMENTS
    complete: bool = True

    def file_ids(self, records: _Element) -> list[str]:
        found: list[str] = []
        for item in self._readable(records):
            file_id, in_use = b"", True
            for element in self._readable(item):
                if element.tag == _FILE_ID:
                    file_id = self.data[element.start : element.end]
                elif element.tag == _IN_USE:
                    in_use = any(self.data[element.start : element.end])
            if file_id.strip(b" \0") and in_use:
                found.append(file_id.decode("utf-8", "replace"))
            if len(found) > MAX_FILES:
                raise DicomError(f"DICOMDIR lists more than {MAX_FILES:,} files")
        if not (found or self.complete):
            raise DicomError(_DAMAGED)
        return found

    def _readable(self, outer: _Element) -> Iterator[_Element]:
        """What a sequence or an item holds, up to where it is damaged."""
        try:
            yield from self.elements(outer.start, min(outer.end, len(self.data)), outer.implicit)
        except DicomError:
            self.complete = False

    def elements(self, at: int, end: int, implicit: bool) -> Iterator[_Element]:
        """Elements of a data set, or items of a sequence, between two places."""
        while at < end:
            tag, length, start, inside = self._head(at, implicit)
            if length != _UNDEFINED:
                element = _Element(tag, start, start + length, start + length, inside)
            else:
                element = _Element(tag, start, *self._delimited(start, inside), inside)
            yield element
            if element.next > end:
                raise DicomError(_DAMAGED)
            at = element.next

    def _head(self, at: int, implicit: bool) -> tuple[int, int, int, bool]:
        """Tag, length, place of the value, and whether that is implicit inside."""
        self.left -= 1
        head = self.data[at : at + 12]
        if len(head) < 8 or self.left < 0:
            raise DicomError(_DAMAGED)
        tag = int.from_bytes(head[:2], self.order) << 16 | int.from_bytes(head[2:4], self.order)
        if implicit or tag >> 16 == 0xFFFE:
            return tag, int.from_bytes(head[4:8], self.order), at + 8, implicit
        if head[4:6] in _LONG:
            return tag, int.from_bytes(head[8:12], self.order), at + 12, head[4:6] == b"UN"
        if not head[4:6].isalpha():
            raise DicomError(_DAMAGED)
        return tag, int.from_bytes(head[6:8], self.order), at + 8, False

    def _delimited(self, at: int, implicit: bool) -> tuple[int, int]:
        """Begin and end of the delimiter that closes what begins here."""
        open_ones = [implicit]
        while True:
            tag, length, start, inside = self._head(at, open_ones[-1])
            if tag in (_ITEM_END, _SEQUENCE_END):
                open_ones.pop()
                if not open_ones:
                    return at, start
                at = start
            elif length == _UNDEFINED:
                open_ones.append(inside)
                at = start
            else:
                at = start + length
