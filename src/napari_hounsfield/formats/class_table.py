"""Class tables: number, name and colour of classes, as CSV, JSON, 3D Slicer's `.ctbl` and ITK-SNAP's `.label`.

Lines of Slicer: `number name red green blue alpha`, with `_` for blanks; of ITK-SNAP: `number red green blue alpha visible mesh
"name"`.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from napari_hounsfield.coded_terms import Colour
from napari_hounsfield.errors import FormatError, WriteError
from napari_hounsfield.volume import LabelMap

from .atomic import atomic_path
from .notes import MAX_BYTES, MAX_NAMES, one_line
from .terminology import class_colour, colour_in

_SLICER = re.compile(r"(\d{1,9})\s+(\S+)\s+(\d{1,3})\s+(\d{1,3})\s+(\d{1,3})\s+(\d{1,3})$")
_ITK_SNAP = re.compile(r'(\d{1,9})\s+(\d{1,3})\s+(\d{1,3})\s+(\d{1,3})\s+[\d.]+\s+[01]\s+[01]\s+"(.*)"$')


@dataclass(frozen=True)
class ClassRow:
    """One class of a table."""

    label: int
    name: str
    colour: Colour
    """Red, green, blue, 0 to 255."""


def class_rows(classes: LabelMap | Mapping[int, str]) -> list[ClassRow]:
    """Rows of named classes, in the colours that segmentations are written with."""
    if isinstance(classes, LabelMap):
        return [ClassRow(value, name, colour_in(classes, value)) for value, name in sorted(classes.classes.items())]
    return [ClassRow(value, name, class_colour(name, value)) for value, name in sorted(classes.items())]


def write_classes(path: str | Path, classes: LabelMap | Mapping[int, str] | Iterable[ClassRow], overwrite: bool = False) -> Path:
    """Write a table of classes.

    Parameters
    ----------
    path
        The suffix decides: `.csv`, `.json`, `.ctbl` (3D Slicer), `.label` (ITK-SNAP).
    classes
        A label map with names and colours; names by number, as `LabelMap.classes` has them; or rows with colours of their own.
    overwrite
        Replace an existing file.

    Raises
    ------
    WriteError
        If the suffix is another, the file exists, or the disk cannot be written to.
    """
    path = Path(path)
    rows = class_rows(classes) if isinstance(classes, LabelMap | Mapping) else list(classes)
    if path.suffix.lower() not in _WRITERS:
        raise WriteError(f"{path.name}: a class table is written as {', '.join(_WRITERS)}")
    text = _WRITERS[path.suffix.lower()](rows)
    with atomic_path(path, overwrite) as temporary:
        try:
            temporary.write_text(text, encoding="utf-8", newline="\n")
        except UnicodeError:
            raise WriteError(f"{path.name}: a name in it has characters that cannot be written") from None
        if temporary.read_text(encoding="utf-8") != text:
            raise WriteError(f"{path.name}: did not read back as it was written")
    return path


def read_classes(path: str | Path) -> list[ClassRow]:
    """Read a table of classes, of any of the formats that `write_classes` knows; the content decides, not the suffix.

    Raises
    ------
    FormatError
        If it is none, a number comes twice, or is no label.
    """
    path = Path(path)
    try:
        if path.stat().st_size > MAX_BYTES:
            raise FormatError(f"{path.name}: too large for a class table")
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise FormatError(f"{path.name}: {(error.strerror or 'cannot be read').lower()}") from None
    except UnicodeError:
        raise FormatError(f"{path.name}: no class table") from None
    rows = _from_json(text) or _from_lines(text) or _from_csv(text)
    if not rows or len(rows) > MAX_NAMES:
        raise FormatError(f"{path.name}: no class table")
    if len({row.label for row in rows}) < len(rows):
        raise FormatError(f"{path.name}: a number comes twice")
    return rows


def _row(label: Any, name: Any, colour: Any = None) -> ClassRow:
    value, text = int(label), one_line(name)[:200]
    if value < 0 or not text:
        raise ValueError
    shade = tuple(int(part) for part in colour) if colour else class_colour(text, value)
    if len(shade) != 3 or not all(0 <= part <= 255 for part in shade):
        raise ValueError
    return ClassRow(value, text, (shade[0], shade[1], shade[2]))


def _from_json(text: str) -> list[ClassRow]:
    try:
        return [_row(each["label"], each["name"], each.get("colour")) for each in json.loads(text)["classes"]]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return []


def _from_lines(text: str) -> list[ClassRow]:
    """Rows of Slicer's or ITK-SNAP's lines; what they call background or clear is a class named so."""
    rows = []
    for line in (line.strip() for line in text.splitlines()):
        if not line or line.startswith("#"):
            continue
        slicer, snap = _SLICER.fullmatch(line), _ITK_SNAP.fullmatch(line)
        try:
            if slicer:
                rows.append(_row(slicer[1], slicer[2].replace("_", " "), slicer.groups()[2:5]))
            elif snap:
                rows.append(_row(snap[1], snap[5], snap.groups()[1:4]))
            else:
                return []
        except ValueError:
            return []
    return rows


def _from_csv(text: str) -> list[ClassRow]:
    try:
        return [_row(r["label"], r["name"], _shade(r.get("colour") or "")) for r in csv.DictReader(io.StringIO(text))]
    except (ValueError, TypeError, KeyError, csv.Error):
        return []


def _shade(text: str) -> Colour | None:
    found = re.fullmatch(r"#([0-9a-fA-F]{2})([0-9a-fA-F]{2})([0-9a-fA-F]{2})", text.strip())
    return (int(found[1], 16), int(found[2], 16), int(found[3], 16)) if found else None


def _as_csv(rows: list[ClassRow]) -> str:
    stream = io.StringIO()
    table = csv.writer(stream, lineterminator="\n")
    table.writerow(["label", "name", "colour"])
    table.writerows([row.label, row.name, f"#{bytes(row.colour).hex()}"] for row in rows)
    return stream.getvalue()


def _as_json(rows: list[ClassRow]) -> str:
    records = [{"label": row.label, "name": row.name, "colour": list(row.colour)} for row in rows]
    return json.dumps({"classes": records}, ensure_ascii=False, indent=2) + "\n"


def _as_slicer(rows: list[ClassRow]) -> str:
    lines = [
        f"{r.label} {'_'.join(r.name.split())} {r.colour[0]} {r.colour[1]} {r.colour[2]} {255 if r.label else 0}" for r in rows
    ]
    return "\n".join(["# 3D Slicer color table: number name red green blue alpha", *lines, ""])


def _as_itk_snap(rows: list[ClassRow]) -> str:
    lines = [
        f'{r.label:5d} {r.colour[0]:5d} {r.colour[1]:4d} {r.colour[2]:4d} {shown:8d} {shown:2d} {shown:2d}    "{quoted}"'
        for r in rows
        for shown, quoted in [(min(r.label, 1), r.name.replace('"', "'"))]
    ]
    return "\n".join(["# ITK-SNAP label description: number red green blue alpha visible mesh name", *lines, ""])


_WRITERS: dict[str, Callable[[list[ClassRow]], str]] = {
    ".csv": _as_csv,
    ".json": _as_json,
    ".ctbl": _as_slicer,
    ".label": _as_itk_snap,
}
