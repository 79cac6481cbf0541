"""Raw elements interpreted: text, numbers, padding, tables; what cannot be understood becomes a problem, not an exception."""

from __future__ import annotations

import re
import struct
from hashlib import sha256
from typing import TYPE_CHECKING

import numpy as np

from .header import ModalityLut, Vector
from .tags import DATE_OF, SEQUENCES, TAGS, TELLING_APART, VR_OF, named

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .elements import Elements

Value = tuple[bytes, bytes]
_FORMATS = {b"US": "H", b"SS": "h", b"UL": "I", b"SL": "i", b"FL": "f", b"FD": "d", b"SV": "q", b"UV": "Q"}
_UNSTATED = (b"", b"UN")
MOST_NUMBERS = 4096
CODE = re.compile(r"[\w +./%-]{1,16}", re.ASCII)
"""Values that name a kind or unit; a damaged header may have a patient's name in their place, with more around it."""
IDENTIFIER = re.compile(r"[\w.-]{1,64}", re.ASCII)


class Facts:
    """Values of a data set, or of one frame of it; the first that cannot be understood becomes the `problem`."""

    def __init__(self, values: Mapping[int, Value], little: bool = True) -> None:
        self.values = values
        self.order = "<" if little else ">"
        self.problem = ""

    def text(self, keyword: str) -> str:
        """Text as it stands, or empty; several values are joined by backslashes."""
        value = self.values.get(TAGS[keyword])
        return value[1].decode("ascii", "replace").strip(" \0\n\r\t") if value else ""

    def code(self, keyword: str, otherwise: str = "unknown") -> str:
        """Text that may be shown: a code of at most 16 letters, digits, spaces and `_-+./%`, or empty; else `otherwise`."""
        text = self.text(keyword)
        return text if not text or CODE.fullmatch(text) else otherwise

    def uid(self, keyword: str) -> str:
        """Unique identifier; what is none, such as a value that has swallowed its neighbours, is replaced by its hash."""
        text = self.text(keyword)
        return text if not text or IDENTIFIER.fullmatch(text) else sha256(text.encode()).hexdigest()[:32]

    def hashed(self, keyword: str) -> str:
        """Hash of a value that is compared and never shown; empty where there is none."""
        raw = self.raw(keyword).strip(b" \0")
        return sha256(raw).hexdigest()[:32] if raw else ""

    def concatenation(self) -> tuple[str, int, int] | None:
        """Which file of how many this is, where a multi-frame object was cut into several (PS3.3 C.7.6.16.2.2.4)."""
        uid, total = self.uid("ConcatenationUID"), self.whole_or_none("InConcatenationTotalNumber")
        return (uid, self.whole("InConcatenationNumber", 0, optional=True), total) if uid and total else None

    def raw(self, keyword: str) -> bytes:
        """Bytes as they stand."""
        value = self.values.get(TAGS[keyword])
        return value[1] if value else b""

    def words(self, keyword: str) -> tuple[str, ...]:
        """Every value of a text that may have several."""
        text = self.text(keyword)
        return tuple(part.strip() for part in text.split("\\")) if text else ()

    def missing(self, keyword: str) -> bool:
        """Whether there is no value."""
        return not self.raw(keyword)

    def numbers(self, keyword: str, count: int = 0, optional: bool = False) -> Vector | None:
        """So many numbers (0: any number of them); None where there is no value, or, with a problem, no such numbers."""
        value = self.values.get(TAGS[keyword])
        if value is None or not value[1]:
            return None
        try:
            found = self._numbers(keyword, *value)
            if found is None:
                return None
            if not count or len(found) == count:
                return found
        except (ValueError, struct.error):
            pass
        if not optional:
            what = "numbers" if not count else "a number" if count == 1 else f"{count} numbers"
            self.problem = self.problem or f"{named(keyword)} does not hold {what}"
        return None

    def _numbers(self, keyword: str, vr: bytes, raw: bytes) -> Vector | None:
        if vr in _UNSTATED:
            vr = VR_OF.get(keyword, b"")
        letter = _FORMATS.get(vr)
        if letter:
            size = struct.calcsize(letter)
            if len(raw) > MOST_NUMBERS * size:
                raise ValueError
            return tuple(map(float, struct.unpack(f"{self.order}{len(raw) // size}{letter}", raw)))
        text = raw.strip(b" \0")
        if len(text) > MOST_NUMBERS * 20 or b"_" in text:
            raise ValueError
        return tuple(map(float, text.split(b"\\"))) if text else None

    def number(self, keyword: str, optional: bool = False) -> float | None:
        """One number."""
        found = self.numbers(keyword, 1, optional)
        return None if found is None else found[0]

    def first(self, keyword: str) -> float | None:
        """The first of possibly several numbers, where they can be understood."""
        found = self.numbers(keyword, optional=True)
        return found[0] if found else None

    def whole(self, keyword: str, otherwise: int = 0, optional: bool = False) -> int:
        """One whole number."""
        found = self.number(keyword, optional)
        if found is None:
            return otherwise
        if found.is_integer():
            return int(found)
        if not optional:
            self.problem = self.problem or f"{named(keyword)} does not hold a whole number"
        return otherwise

    def whole_or_none(self, keyword: str) -> int | None:
        """One whole number, where there is one."""
        found = self.number(keyword, optional=True)
        return int(found) if found is not None and found.is_integer() else None

    def ratio(self) -> float | None:
        """Compression ratio of the last of possibly several lossy steps, which holds for the whole."""
        try:
            ratio = float(self.text("LossyImageCompressionRatio").split("\\")[-1])
        except ValueError:
            return None
        return ratio if 1 <= ratio < 1e6 else None

    def padding(self) -> tuple[int, int] | None:
        """Padding as stored values; its value representation (US or SS) is often wrong, so that the bytes decide."""
        first, last = (self._stored(keyword) for keyword in ("PixelPaddingValue", "PixelPaddingRangeLimit"))
        if first is None:
            return None
        last = first if last is None else last
        return min(first, last), max(first, last)

    def _stored(self, keyword: str) -> int | None:
        raw = self.raw(keyword)
        if not raw:
            return None
        if len(raw) not in (2, 4):
            self.problem = self.problem or f"{named(keyword)} does not hold one value"
            return None
        bits = self.whole("BitsAllocated", 16)
        number: int = int.from_bytes(raw, "little" if self.order == "<" else "big") % 2**bits
        return number - 2**bits if self.whole("PixelRepresentation") == 1 and number >= 2 ** (bits - 1) else number

    def window(self) -> tuple[float, float] | None:
        """Limits of the first window (PS3.3 C.11.2.1.2: the linear function); None where there is none, or one that is none."""
        centre, width = self.first("WindowCenter"), self.first("WindowWidth")
        if centre is None or width is None or not (np.isfinite([centre, width]).all() and width >= 1):
            return None
        if self.text("VOILUTFunction") in ("", "LINEAR"):
            centre, width = centre - 0.5, width - 1
        half = max(width, 1.0) / 2
        return centre - half, centre + half

    def telling_apart(self) -> dict[str, Vector | str]:
        """Values of the tags that may differ between images at one position: numbers where they are, otherwise text."""
        found: dict[str, Vector | str] = {}
        for keyword in TELLING_APART:
            if TAGS[keyword] in self.values:
                value = self.numbers(keyword, optional=True) or self.text(keyword)
                if keyword in DATE_OF and isinstance(value, tuple) and (day := self.numbers(DATE_OF[keyword], 1, optional=True)):
                    value = (*day, *value)
                if value:
                    found[keyword] = value
        return found


def modality_lut(root: Elements, facts: Facts) -> ModalityLut | None:
    """First item of the Modality LUT Sequence (PS3.3 C.11.1.1); None where there is none, a problem where it is damaged."""
    item = root.first(SEQUENCES["ModalityLUTSequence"])
    if item is None:
        return None
    inner = Facts(item.values, root.little)
    descriptor = inner.raw("LUTDescriptor")
    data = inner.raw("LUTData")
    if len(descriptor) == 6:
        signed = facts.whole("PixelRepresentation") == 1
        count, _, bits = struct.unpack(f"{inner.order}HHH", descriptor)
        (first,) = struct.unpack(f"{inner.order}{'h' if signed else 'H'}", descriptor[2:4])
        count = count or 1 << 16
        if 1 <= bits <= 16 and len(data) in (2 * count, count + count % 2):
            wide = len(data) == 2 * count
            entries = np.frombuffer(data, f"{inner.order}u2" if wide else "u1")[:count].astype(np.uint16)
            return ModalityLut(first, entries, inner.code("ModalityLUTType"))
    facts.problem = facts.problem or "ModalityLUTSequence (0028,3000) does not hold a table that fits its descriptor"
    return None
