"""The text before the voxels of an NRRD file, read and written.

Format: http://teem.sourceforge.net/nrrd/format.html. Our own, because UTF-8 names, detached files outside the folder and
headers without end need care.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from napari_hounsfield.errors import FormatError

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_HEADER = 1 << 24
_TYPES = {
    "i1": "signed char, int8, int8_t",
    "u1": "uchar, unsigned char, uint8, uint8_t",
    "i2": "short, short int, signed short, signed short int, int16, int16_t",
    "u2": "ushort, unsigned short, unsigned short int, uint16, uint16_t",
    "i4": "int, signed int, int32, int32_t",
    "u4": "uint, unsigned int, uint32, uint32_t",
    "i8": "longlong, long long, long long int, signed long long, signed long long int, int64, int64_t",
    "u8": "ulonglong, unsigned long long, unsigned long long int, uint64, uint64_t",
    "f4": "float",
    "f8": "double",
}
TYPE_OF_NAME = {name: code for code, names in _TYPES.items() for name in names.split(", ")}
NAME_OF_TYPE = {
    "i1": "signed char", "u1": "unsigned char", "i2": "short", "u2": "unsigned short", "i4": "int", "u4": "unsigned int",
    "i8": "long long int", "u8": "unsigned long long int", "f4": "float", "f8": "double",
}  # fmt: skip


@dataclass
class NrrdHeader:
    """Fields (`sizes: 3 4`) and keys (`Segment0_Name:=lung`), as text."""

    fields: dict[str, str] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)

    def to_bytes(self) -> bytes:
        """The header with the empty line that ends it."""
        lines = ["NRRD0005", "# Complete NRRD file format specification at:", "# http://teem.sourceforge.net/nrrd/format.html"]
        lines += [f"{name}: {value}" for name, value in self.fields.items()]
        lines += [f"{key}:={_escaped(value)}" for key, value in self.keys.items()]
        return ("\n".join(lines) + "\n\n").encode()


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("\n", "\\n")


def _unescaped(value: str) -> str:
    return re.sub(r"\\([\\n])", lambda m: "\n" if m[1] == "n" else "\\", value)


def read_header(name: str, stream: BinaryIO) -> NrrdHeader:
    """Read up to the empty line, after which the voxels begin; fields by their names in lower case.

    Raises
    ------
    FormatError
        If this is no NRRD, or its header has no end or a line that is neither field, key nor comment.
    """
    header = NrrdHeader()
    if not re.fullmatch(rb"NRRD000\d", stream.readline(64).strip()):
        raise FormatError(f"{name}: not an NRRD file")
    budget = MAX_HEADER
    while line := stream.readline(budget + 1):
        budget -= len(line)
        if budget < 0:
            raise FormatError(f"{name}: its header is longer than {MAX_HEADER >> 20} MiB")
        text = line.decode("utf-8", "replace").rstrip("\r\n")
        if not text:
            return header
        if text.startswith("#"):
            continue
        key = re.match(r"([^:]*):=(.*)", text, re.DOTALL)
        plain = re.match(r"([^:]*): ?(.*)", text, re.DOTALL)
        if key:
            header.keys[key[1]] = _unescaped(key[2])
        elif plain:
            header.fields[plain[1].strip().lower()] = plain[2].strip()
            if plain[1].strip().lower() in ("data file", "datafile") and plain[2].strip().upper().startswith("LIST"):
                return header
        else:
            raise FormatError(f"{name}: its header has a line that is no field")
    return header  # a detached header may end with the file


def vectors(name: str, text: str) -> list[NDArray[np.float64] | None]:
    """`(1,0,0) none (0,0,1)` as vectors, None for `none`."""
    found: list[NDArray[np.float64] | None] = []
    for word in re.findall(r"\([^)]*\)|none", text):
        try:
            found.append(None if word == "none" else np.array([float(n) for n in word[1:-1].split(",")]))
        except ValueError:
            raise FormatError(f"{name}: its header has a vector that is not of numbers") from None
    return found


def vector_text(vector: NDArray[np.float64]) -> str:
    """`(0.7,0,0)`, exact."""
    return "(" + ",".join(np.format_float_positional(v, trim="-") for v in vector) + ")"
