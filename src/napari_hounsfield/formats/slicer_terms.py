"""Terms as 3D Slicer's `.seg.nrrd` keeps them: `TerminologyEntry` in a segment's tags, and its colour.

Category, type, type modifier, anatomic region and its modifier, each `scheme^value^meaning`, joined by `~`:
https://slicer.readthedocs.io/en/latest/developer_guide/modules/segmentations.html#terminologyentry-tag
"""

from __future__ import annotations

import re

from napari_hounsfield.coded_terms import Code, Term

from .notes import one_line
from .terminology import UNKNOWN

_CONTEXT = "Segmentation category and type - DICOM master list"
_REGIONS = "Anatomic codes - DICOM master list"


def terminology_text(term: Term) -> str:
    """Slicer's text for a term."""
    kinds = "~".join(map(_text, (term.category, term.kind, term.side)))
    return f"{_CONTEXT}~{kinds}~{_REGIONS}~{_text(term.region)}~{_text(term.region_side)}"


def term_from(name: str, tags: str, colour: str) -> Term | None:
    """Term of a segment from its tags and colour; None where they say neither."""
    red_green_blue = _colour(colour)
    entry = re.search(r"TerminologyEntry:([^|]{1,2000})", tags)
    parts = entry[1].split("~") if entry else []
    codes = [_code(part) for part in parts]
    if len(codes) < 3 or codes[1] is None or codes[2] is None:
        return None if red_green_blue is None else Term(UNKNOWN.category, UNKNOWN.kind, colour=red_green_blue, name=name)
    codes += [None] * 7
    return Term(codes[1], codes[2], codes[3], red_green_blue, codes[5], codes[6], name)


def _text(code: Code | None) -> str:
    words = ("", "", "") if code is None else (code.scheme, code.value, code.meaning)
    return "^".join(re.sub(r"[\^~|]", " ", word) for word in words)


def _code(text: str) -> Code | None:
    words = text.split("^")
    if len(words) != 3 or not words[1].strip():
        return None
    scheme, value, meaning = (one_line(word)[:64] for word in words)
    return Code(value, meaning, scheme)


def _colour(text: str) -> tuple[int, int, int] | None:
    """Three numbers from 0 to 1."""
    words = text.split()
    if len(words) != 3 or not all(re.fullmatch(r"\d?\.?\d{1,20}(e-\d{1,2})?", word) for word in words):
        return None
    red, green, blue = (round(255 * min(float(word), 1.0)) for word in words)
    return red, green, blue
