"""Where everything lies in a valid file: elements, items and fragments with the places of their tags, lengths and values.

Read by a walk of its own, so that mutations do not depend on the reader that they test.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from .images import BIG, IMPLICIT

SHORT = tuple(b"AE AS AT CS DA DS DT FL FD IS LO LT PN SH SL SS ST TM UI UL US".split())
LONG = tuple(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())
"""Value representations with a length of two bytes, and of four."""
UNDEFINED = 0xFFFFFFFF
DELIMITERS = (0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD)


@dataclass(frozen=True)
class Element:
    """An element, item, delimiter or fragment."""

    tag: int
    vr: bytes
    at: int
    """Where its tag begins."""
    value: int
    """Where its value begins."""
    end: int
    """Behind the value."""
    width: int
    """Bytes of its length field, which ends where the value begins: 2 or 4."""
    parents: tuple[Element, ...] = ()
    """Whose lengths count it: sequences and items of defined length, and the group length of the file meta information."""
    order: str = "<"
    fragment: bool = False

    @property
    def length(self) -> int:
        return self.end - self.value


@dataclass(frozen=True)
class Layout:
    """Of one file."""

    data: bytes
    elements: tuple[Element, ...]
    """In the order of the file; sequences and items stand before what they hold."""
    pixels: tuple[int, int]
    """Begin and end of the value of pixel data; 0, 0 where there is none."""

    @classmethod
    def of(cls, data: bytes, syntax: str) -> Layout:
        found: list[Element] = []
        end = 144 + int.from_bytes(data[140:144], "little")
        group_length = Element(0x00020000, b"UL", 132, 140, 144, 2)
        _walk(data, 144, end, False, "<", (group_length,), found)
        _walk(data, end, len(data), syntax == IMPLICIT, ">" if syntax == BIG else "<", (), found)
        values = [element for element in found if element.tag in (0x7FE00008, 0x7FE00010)]
        span = (values[0].value, len(data)) if values else (0, 0)
        return cls(data, (group_length, *found), span)


def _walk(data: bytes, at: int, end: int, implicit: bool, order: str, parents: tuple[Element, ...], found: list[Element]) -> int:
    """Elements up to `end`, or to a delimiter of what has no length."""
    while at < end:
        group, number = struct.unpack_from(f"{order}HH", data, at)
        tag = group << 16 | number
        vr, width, value = b"", 4, at + 8
        if not implicit and tag not in DELIMITERS:
            vr = data[at + 4 : at + 6]
            width, value = (4, at + 12) if vr in LONG else (2, at + 8)
        length = int.from_bytes(data[value - width : value], "little" if order == "<" else "big")
        undefined = length == UNDEFINED and width == 4
        element = Element(tag, vr, at, value, value if undefined else value + length, width, parents, order)
        index = len(found)
        found.append(element)
        if tag in DELIMITERS[1:]:
            return value
        inside = parents if undefined else (*parents, element)
        if tag == 0x7FE00010 and undefined:
            at = _fragments(data, value, order, found)
        elif undefined:
            at = _walk(data, value, end, implicit, order, inside, found)
            found[index] = Element(tag, vr, element.at, value, value, width, parents, order)
        elif vr == b"SQ" or tag == DELIMITERS[0] or (implicit and data[value : value + 4] == b"\xfe\xff\x00\xe0"):
            at = _walk(data, value, element.end, implicit, order, inside, found)
        else:
            at = element.end
    return at


def _fragments(data: bytes, at: int, order: str, found: list[Element]) -> int:
    while at < len(data):
        group, number, length = struct.unpack_from("<HHI", data, at)
        found.append(Element(group << 16 | number, b"", at, at + 8, at + 8 + length, 4, (), order, fragment=True))
        at += 8 + length
    return at
