"""The elements of a header as they stand in the file: a quick walk over the common encodings (DICOM PS3.5 section 7).

Only bytes are collected here; `facts` interprets them. The walk gives up on whatever it does not fully understand, and pydicom
reads those files instead: both give the same elements.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydicom import Dataset

IMPLICIT = "1.2.840.10008.1.2"
UNDEFINED = 0xFFFFFFFF
FIRST_PIXEL_TAG = 0x7FE00008
ITEM, ITEM_END, SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
SHORT = frozenset(
    v.encode()
    for v in [
        "AE",
        "AS",
        "AT",
        "CS",
        "DA",
        "DS",
        "DT",
        "FL",
        "FD",
        "IS",
        "LO",
        "LT",
        "PN",
        "SH",
        "SL",
        "SS",
        "ST",
        "TM",
        "UI",
        "UL",
        "US",
    ]
)
LONG = frozenset(v.encode() for v in ["OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"])
VALUE_AT = {**dict.fromkeys(SHORT, 8), **dict.fromkeys(LONG, 12)}
"""Where the value begins, by value representation (PS3.5 7.1.2)."""
DEEPEST = 32
"""Sequences within sequences that the walk follows."""

_explicit = struct.Struct("<HH2sH").unpack_from
_implicit = struct.Struct("<HHI").unpack_from
_length = struct.Struct("<I").unpack_from


class WalkError(Exception):
    """The walk does not understand the file."""


class RunsOutError(WalkError):
    """The header is longer than what was read of it."""


@dataclass(slots=True)
class Elements:
    """Raw elements of a data set or of a sequence item."""

    values: dict[int, tuple[bytes, bytes]] = field(default_factory=dict)
    """Value representation (empty where the file does not say) and value, by tag."""
    items: dict[int, list[Elements]] = field(default_factory=dict)
    """Items of a sequence, by tag."""
    little: bool = True

    def first(self, tag: int) -> Elements | None:
        """First item of a sequence."""
        found = self.items.get(tag)
        return found[0] if found else None

    def flattened(self) -> dict[int, tuple[bytes, bytes]]:
        """Values of this data set and of the first item of every sequence in it; where a tag stands twice, the first counts."""
        found = dict(self.values)
        for items in self.items.values():
            for tag, value in (items[0].flattened() if items else {}).items():
                found.setdefault(tag, value)
        return found


def walked(data: bytes, at: int, implicit: bool, wanted: frozenset[int], sequences: frozenset[int]) -> tuple[Elements, int]:
    """Elements among `wanted` and items of `sequences` from offset `at` up to the pixel data, and the offset of that.

    Raises
    ------
    RunsOutError
        If `data` ends before the pixel data.
    WalkError
        If anything is not as it should be.
    """
    walk = _Walk(data, wanted, sequences)
    elements = Elements()
    try:
        at = walk.dataset(at, len(data), implicit, elements, 0)
    except struct.error:
        raise RunsOutError from None
    if at >= len(data):
        raise RunsOutError
    return elements, at


class _Walk:
    def __init__(self, data: bytes, wanted: frozenset[int], sequences: frozenset[int]) -> None:
        self.data, self.wanted, self.sequences = data, wanted, sequences
        self.looked = wanted | sequences

    def dataset(self, at: int, end: int, implicit: bool, into: Elements, depth: int) -> int:
        """Walk a data set or an item up to `end`, to the item's delimiter, or to the pixel data; returns where it stopped."""
        data, wanted, looked, values = self.data, self.wanted, self.looked, into.values
        last = -1
        while at < end:
            if implicit:
                group, number, length = _implicit(data, at)
                vr, start = b"", at + 8
            else:
                group, number, vr, length = _explicit(data, at)
                size = VALUE_AT.get(vr)
                if size is None:
                    if group != 0xFFFE:
                        raise WalkError
                    vr, length, size = b"", _length(data, at + 4)[0], 8
                elif size == 12:
                    (length,) = _length(data, at + 8)
                start = at + size
            tag = group << 16 | number
            if tag <= last:
                raise WalkError
            if tag >= FIRST_PIXEL_TAG:
                if tag == ITEM_END:
                    return start
                if group == 0xFFFE:
                    raise WalkError
                if not depth:
                    return at
            last = tag
            if length != UNDEFINED and tag not in looked:
                at = start + length
                continue
            if length == UNDEFINED or tag in self.sequences:
                # an unknown value of undefined length is encoded implicitly (PS3.5 6.2.2)
                at = self._sequence(tag, vr, start, length, implicit or vr == b"UN", into, depth)
                continue
            at = start + length
            if tag in wanted:
                if at > len(data):
                    raise RunsOutError
                values[tag] = vr, data[start:at]
        if at > end:
            raise RunsOutError if end == len(data) else WalkError
        return at

    def _sequence(self, tag: int, vr: bytes, at: int, length: int, implicit: bool, into: Elements, depth: int) -> int:
        if vr not in (b"", b"SQ", b"UN") or depth > DEEPEST:
            raise WalkError
        kept = tag in self.sequences
        end = len(self.data) if length == UNDEFINED else at + length
        if end > len(self.data):
            raise RunsOutError
        found: list[Elements] = []
        while at < end:
            group, number, size = _implicit(self.data, at)
            inner = group << 16 | number
            at += 8
            if inner == SEQUENCE_END and length == UNDEFINED:
                break
            if inner != ITEM:
                raise WalkError
            item = Elements()
            if size == UNDEFINED:
                before = at
                at = self.dataset(at, end, implicit, item, depth + 1)
                if self.data[at - 8 : at - 4] != b"\xfe\xff\x0d\xe0" or at - before < 8:
                    raise RunsOutError
            elif kept:
                if at + size > end:
                    raise RunsOutError
                at = self.dataset(at, at + size, implicit, item, depth + 1)
            else:
                at += size
            found.append(item)
        else:
            if length == UNDEFINED or at > end:
                raise RunsOutError
        if kept:
            into.items[tag] = found
        return at


def from_dataset(dataset: Dataset, wanted: frozenset[int], sequences: frozenset[int]) -> Elements:
    """The same elements from a data set that pydicom has read."""
    elements = Elements(little=bool(dataset.original_encoding[1] is not False))
    for tag in dataset.keys():  # noqa: SIM118 - iterating the data set itself would convert every element
        number = int(tag)
        if number in sequences:
            items: Any = dataset[tag].value or []
            elements.items[number] = [from_dataset(item, wanted, sequences) for item in items]
        elif number in wanted:
            raw = dataset.get_item(tag)
            if isinstance(raw.value, bytes):
                elements.values[number] = (raw.VR or "").encode(), raw.value
            elif raw.value is None:
                elements.values[number] = (raw.VR or "").encode(), b""
            else:  # only what pydicom converts on its own, such as the character set
                elements.values[number] = b"LO", str(raw.value).encode()
    return elements
