"""Damage a valid file in the ways in which files are damaged, or made to harm; every change follows from the random numbers."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from napari_hounsfield.dicom.tags import SEQUENCES, TAGS

from .images import (
    BASELINE,
    BIG,
    CT,
    DEFLATED,
    ENHANCED_CT,
    IMPLICIT,
    J2K,
    JPEG_LOSSLESS,
    JPEG_LS,
    LITTLE,
    NM,
    PET,
    RLE,
    SC,
    STORAGE,
    US,
)
from .layout import DELIMITERS, LONG, SHORT, UNDEFINED, Element, Layout

Edit = tuple[int, int, bytes]
"""Begin and end of what is replaced, and by what."""
Mutator = Callable[[Layout, Random], list[Edit]]

LENGTHS = (0, 1, 2, 3, 7, 0xFE, 0xFF, 0x7FFF, 0xFFFE, 0xFFFF, 0x10000, 0x7FFFFFFE, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, UNDEFINED)
VRS = (*SHORT, *LONG)
ODD_VRS = (b"\0\0", b"??", b"  ", b"ox", b"SQ", b"UN", b"OB", b"\xff\xff")
ODD_TAGS = (0x00020000, 0x00020010, 0x00000000, 0xFFFFFFFF, 0x7FE00008, 0x7FE00001)
KNOWN_TAGS = (*TAGS.values(), *SEQUENCES.values(), *DELIMITERS, *ODD_TAGS)
NUMBERS = (
    "nan", "NaN", "inf", "-inf", "1e999", "-1e999", "1e308", "1e-320", "", " ", "\\", "\\\\\\\\\\\\", "0", "-0", "-1", "1",
    "2", "3", "4", "7", "65535", "65536", "99999999", "2147483648", "4294967296", "99999999999999999999", "1e30", "0x10",
    "1_000", "1,5", "+", "1.5", "1\\2", "1\\2\\3", "0\\0\\0", "nan\\0\\0", "1e40\\1e40\\1e40", "1\\0\\0\\0\\1\\0",
    "0\\0\\0\\0\\0\\0", "0\\1\\0\\1\\0\\0", "\0", "\n1\n", "\u0661", "1" * 4000, "1\\" * 500, "9" * 60, "1e-5", "0.00001",
    "100000", "-1024", "Doe^Jane", "\r\n", "1\r\n2", "16777217", "3e38",
)  # fmt: skip
WORDS = (0, 1, 2, 3, 4, 7, 8, 9, 12, 15, 16, 17, 24, 31, 32, 33, 63, 64, 100, 128, 255, 256, 1000, 32767, 32768, 65534, 65535)
TEXTS = (
    "RGB", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT", "YBR_PARTIAL_420", "MONOCHROME1", "MONOCHROME2",
    "PALETTE COLOR", "ARGB", "", "ISO_IR 100", "ISO 2022 IR 87", "\\ISO 2022 IR 149", "nonsense", "CT", "MR", "PT", "US",
    "NM", "BQML", "CNTS", "GML", "START", "NONE", "LOCALIZER", "HU", "OD", "US", "20201301", "19000000", "250000",
    "20200101120000.000000+1400", "+9999", "1.2.3\n4", "LINEAR", "SIGMOID", "MOSAIC", "01", "00",
    "DERIVED\\SECONDARY\\LOCALIZER",
)  # fmt: skip
SYNTAXES = (
    IMPLICIT, LITTLE, BIG, DEFLATED, RLE, BASELINE, "1.2.840.10008.1.2.4.51", "1.2.840.10008.1.2.4.57", JPEG_LOSSLESS,
    JPEG_LS, J2K, "1.2.840.10008.1.2.4.81", "1.2.840.10008.1.2.4.91", "1.2.840.10008.1.2.4.201", "1.2.840.10008.1.2.4.100",
    "1.2.3", "", "1.2.840.10008.1.2.1.98",
)  # fmt: skip
OTHER_CLASSES = ("4", "4.1", "130", "66.4", "66.7", "481.3", "30", "6.2", "77.1.6", "11.1")
CLASSES = (CT, ENHANCED_CT, PET, NM, US, SC, "1.2.840.10008.1.3.10", *(STORAGE + end for end in OTHER_CLASSES))


def _number(order: str, width: int, value: int) -> bytes:
    return (value % (1 << 8 * width)).to_bytes(width, "little" if order == "<" else "big")


def _pick(layout: Layout, rng: Random) -> Element:
    return rng.choice(layout.elements)


def _value(element: Element, value: bytes, honest: bool) -> list[Edit]:
    """Another value with its length; where `honest`, with the lengths of what holds it, too."""
    edits = [(element.value, element.end, value), _length(element, len(value))]
    if honest and len(value) != element.length:
        edits += [_length(parent, parent.length + len(value) - element.length) for parent in element.parents]
    return edits


def _length(element: Element, length: int) -> Edit:
    return element.value - element.width, element.value, _number(element.order, element.width, length)


def flip(layout: Layout, rng: Random) -> list[Edit]:
    found = []
    for _ in range(rng.choice((1, 1, 2, 4, 8))):
        at = rng.randrange(len(layout.data))
        byte = layout.data[at] ^ (1 << rng.randrange(8)) if rng.random() < 0.5 else rng.randrange(256)
        found.append((at, at + 1, bytes((byte,))))
    return found


def truncate(layout: Layout, rng: Random) -> list[Edit]:
    at = rng.randrange(len(layout.data)) if rng.random() < 0.7 else _pick(layout, rng).value
    return [(at, len(layout.data), b"")]


def insert(layout: Layout, rng: Random) -> list[Edit]:
    at = rng.randrange(len(layout.data))
    count = rng.choice((1, 2, 4, 8, 12, 100, 5000))
    return [(at, at, rng.randbytes(count) if rng.random() < 0.5 else rng.choice((b"\0", b"\xff", b"\xfe", b"7")) * count)]


def remove(layout: Layout, rng: Random) -> list[Edit]:
    at = rng.randrange(len(layout.data))
    return [(at, min(at + rng.choice((1, 2, 4, 8, 12, 100)), len(layout.data)), b"")]


def length(layout: Layout, rng: Random) -> list[Edit]:
    element = _pick(layout, rng)
    near = (element.length + step for step in (-2, -1, 1, 2, 8))
    return [_length(element, rng.choice((*LENGTHS, *near, len(layout.data) - element.value, rng.getrandbits(32))))]


def swap_lengths(layout: Layout, rng: Random) -> list[Edit]:
    one, other = _pick(layout, rng), _pick(layout, rng)
    return [_length(one, other.length), _length(other, one.length)]


def representation(layout: Layout, rng: Random) -> list[Edit]:
    element = _pick(layout, rng)
    vr = rng.choice(VRS) if rng.random() < 0.7 else rng.choice(ODD_VRS)
    edits = [(element.at + 4, element.at + 6, vr)]
    if (vr in LONG) != (element.width == 4) and rng.random() < 0.7:  # a header that fits
        size = b"\0\0" + _number(element.order, 4, element.length) if vr in LONG else _number(element.order, 2, element.length)
        edits = [(element.at + 4, element.value, vr + size)]
    return edits


def retag(layout: Layout, rng: Random) -> list[Edit]:
    element = _pick(layout, rng)
    tag = rng.choice(KNOWN_TAGS) if rng.random() < 0.8 else rng.getrandbits(32)
    return [(element.at, element.at + 4, struct.pack(f"{element.order}HH", tag >> 16, tag & 0xFFFF))]


def duplicate(layout: Layout, rng: Random) -> list[Edit]:
    element, place = _pick(layout, rng), _pick(layout, rng)
    at = rng.choice((element.end, element.at, place.at))
    return [(at, at, layout.data[element.at : element.end] * rng.choice((1, 1, 2, 50)))]


def delete(layout: Layout, rng: Random) -> list[Edit]:
    element = _pick(layout, rng)
    edits = [(element.at, element.end, b"")]
    if rng.random() < 0.7:
        edits += [_length(parent, parent.length - (element.end - element.at)) for parent in element.parents]
    return edits


def text(layout: Layout, rng: Random) -> list[Edit]:
    """Numbers and texts that are none, in elements that hold such."""
    texts = (e for e in layout.elements if e.vr not in (b"US", b"SQ") and e.tag not in DELIMITERS)
    found = [e for e in texts if e.length and e.tag < 0x7FE00000]
    element = rng.choice(found)
    value = rng.choice(NUMBERS if rng.random() < 0.7 else TEXTS).encode()
    return _value(element, value + b" " * (len(value) % 2), rng.random() < 0.8)


def number(layout: Layout, rng: Random) -> list[Edit]:
    """Another binary number, most often in what says how pixels are stored."""
    found = [e for e in layout.elements if e.length in (2, 4) and e.tag >> 16 == 0x28]
    if not found:
        return flip(layout, rng)
    element = rng.choice(found)
    return [(element.value, element.end, _number(element.order, element.length, rng.choice(WORDS)))]


def frames(layout: Layout, rng: Random) -> list[Edit]:
    """Another Number of Frames, there or not."""
    value = rng.choice(("0", "-1", "1", "2", "3", "4", "65536", "65537", "1000000", "9999999999", "1.5", "")).encode()
    value += b" " * (len(value) % 2)
    for element in layout.elements:
        if element.tag == 0x00280008:
            return _value(element, value, True)
    for element in layout.elements:
        if element.tag == 0x00280010 and not element.parents:
            head = struct.pack(f"{element.order}HH", 0x28, 8)
            head += struct.pack(f"{element.order}2sH", b"IS", len(value)) if element.vr else struct.pack("<I", len(value))
            return [(element.at, element.at, head + value)]
    return flip(layout, rng)


def identifier(layout: Layout, rng: Random) -> list[Edit]:
    """Another transfer syntax or SOP Class."""
    tag = rng.choice((0x00020010, 0x00020010, 0x00080016, 0x00020002))
    value = rng.choice(SYNTAXES if tag == 0x00020010 else CLASSES).encode()
    value += b"\0" * (len(value) % 2)
    return [edit for e in layout.elements if e.tag == tag for edit in _value(e, value, True)]


def delimiters(layout: Layout, rng: Random) -> list[Edit]:
    """Items and delimiters that lack, stand doubly or become others."""
    found = [element for element in layout.elements if element.tag in DELIMITERS]
    make = lambda tag, size, order: struct.pack(f"{order}HHI", tag >> 16, tag & 0xFFFF, size)  # noqa: E731
    tag, size = rng.choice(DELIMITERS), rng.choice((0, 0, UNDEFINED, 8, 0x1000))
    if not found or rng.random() < 0.3:
        element = _pick(layout, rng)
        return [(element.at, element.at, make(tag, size, element.order) * rng.choice((1, 1, 3)))]
    element = rng.choice(found)
    head = make(tag, size, element.order) if rng.random() < 0.5 else b""
    return [(element.at, element.value, head)]


def nest(layout: Layout, rng: Random) -> list[Edit]:
    """Sequences in sequences, deep or many, closed or not."""
    element = _pick(layout, rng)
    tag = rng.choice((*SEQUENCES.values(), 0x00081032, 0x00091001, 0x00400555))
    deep = rng.choice((1, 2, 20, 40, 300, 900, 1200))
    undefined, order = rng.random() < 0.6, element.order
    vr = rng.choice((b"SQ", b"SQ", b"SQ", b"UN", b""))
    head = struct.pack(f"{order}HH", tag >> 16, tag & 0xFFFF) + (vr and vr + b"\0\0")
    item = struct.pack(f"{order}HH", 0xFFFE, 0xE000)
    unclosed = rng.random() < 0.2
    if undefined:
        endless = struct.pack("<I", UNDEFINED)
        opening = (head + endless + item + endless) * deep
        closing = struct.pack(f"{order}HHIHHI", 0xFFFE, 0xE00D, 0, 0xFFFE, 0xE0DD, 0) * deep
        content = opening + (b"" if unclosed else closing)
    else:
        content = b""
        for _ in range(deep):
            content = head + _number(order, 4, len(content) + 8) + item + _number(order, 4, len(content)) + content
    return [(element.at, element.at, content)]


def fragment(layout: Layout, rng: Random) -> list[Edit]:
    """Lengths, number, order and offset tables of compressed fragments."""
    found = [element for element in layout.elements if element.fragment]
    if not found:
        return length(layout, rng)
    element = rng.choice(found)
    kind = rng.randrange(6)
    if kind == 0:
        return [_length(element, rng.choice((*LENGTHS, element.length + 2, element.length - 2, element.length + 9)))]
    if kind == 1:
        return [(element.at, element.end, b"")]
    if kind == 2:
        whole = layout.data[element.at : element.end]
        return [(element.end, element.end, whole * rng.choice((1, 2, 30)))]
    if kind == 3:
        empty = b"\xfe\xff\x00\xe0\0\0\0\0"
        return [(element.at, element.at, empty * rng.choice((1, 3, 2000, 10000)))]
    if kind == 4:  # of the offset table, basic or extended
        tables = [e for e in layout.elements if e.tag in (0x7FE00001, 0x7FE00002) or e is found[0]]
        table = rng.choice(tables)
        if table.length >= 4:
            at = rng.randrange(table.value, table.end - 3, 4)
            return [(at, at + 4, struct.pack("<I", rng.choice((0, 1, 8, 0xFFFFFFFF, 0x7FFFFFFF, rng.getrandbits(12)))))]
        return _value(table, rng.randbytes(rng.choice((4, 8, 12, 3))), True)
    other = rng.choice(found)
    first, last = sorted((element, other), key=lambda e: e.at)
    if first is last:
        return [(element.end, element.end, b"\0")]
    return [(first.at, first.end, layout.data[last.at : last.end]), (last.at, last.end, layout.data[first.at : first.end])]


def codestream(layout: Layout, rng: Random) -> list[Edit]:
    """Bytes within compressed frames: the heads of RLE, markers of JPEG and its kin, entropy-coded data."""
    found = [element for element in layout.elements if element.fragment and element.length > 16]
    if not found:
        return flip(layout, rng)
    element = rng.choice(found)
    edits = []
    for _ in range(rng.choice((1, 1, 2, 5))):
        near = rng.random() < 0.6
        at = rng.randrange(element.value, min(element.value + 100, element.end) if near else element.end)
        size = rng.choice((1, 1, 2, 4))
        edits.append((at, min(at + size, element.end), rng.choice((b"\0", b"\xff", b"\x7f", b"\x80", rng.randbytes(1))) * size))
    if rng.random() < 0.2:
        at = rng.randrange(element.value, element.end)
        edits = _value(element, layout.data[element.value : at] + layout.data[at : element.end] * rng.choice((0, 2)), True)
    return edits


def pixels(layout: Layout, rng: Random) -> list[Edit]:
    """A few bytes of the pixel data, and nothing else."""
    begin, end = layout.pixels
    places = (rng.randrange(begin, end) for _ in range(rng.choice((1, 3, 10))))
    return [(at, at + 1, rng.randbytes(1)) for at in places]


MUTATORS: tuple[Mutator, ...] = (
    flip, truncate, insert, remove, length, swap_lengths, representation, retag, duplicate, delete, text, text, number, number,
    frames, identifier, delimiters, nest, fragment, codestream,
)  # fmt: skip


def edited(data: bytes, edits: list[Edit]) -> bytes:
    """Apply edits from the front; those that overlap an earlier one are left out."""
    parts, at = [], 0
    for begin, end, new in sorted(edits, key=lambda edit: (edit[0], edit[1])):
        if begin >= at:
            parts += [data[at:begin], new]
            at = end
    return b"".join((*parts, data[at:]))


@dataclass(frozen=True)
class Mutation:
    """One damaged file."""

    data: bytes
    """Before it is packed."""
    names: tuple[str, ...]
    """Which mutators made it."""
    changed: tuple[int, ...] = ()
    """Offsets in the pixel data, where nothing else was changed."""


def mutated(layout: Layout, rng: Random) -> Mutation:
    """Damage a file once, or a few times at once."""
    if rng.random() < 0.04 and layout.pixels[1]:
        edits = pixels(layout, rng)
        return Mutation(edited(layout.data, edits), ("pixels",), tuple(at - layout.pixels[0] for at, _, _ in edits))
    chosen = [rng.choice(MUTATORS) for _ in range(rng.choice((1, 1, 1, 2, 3)))]
    edits = [edit for mutator in chosen for edit in mutator(layout, rng)]
    return Mutation(edited(layout.data, edits), tuple(mutator.__name__ for mutator in chosen))
