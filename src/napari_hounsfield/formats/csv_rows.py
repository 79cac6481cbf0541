"""Rows of a CSV table as people write them: commas, semicolons or tabs, with or without a byte order mark."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path

from napari_hounsfield.errors import FormatError

DELIMITERS = (",", ";", "\t")
ALIKE = 0.75
"""Least likeness, from 0 to 1, of two names of which one is the other mistyped."""


def csv_rows(path: Path) -> list[tuple[int, list[str]]]:
    """Lines that are not blank, with their numbers in the file; cells are separated as the header tells.

    Raises
    ------
    FormatError
        If it is no table in UTF-8.
    OSError
        If it cannot be opened.
    """
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            header = file.readline()
            file.seek(0)
            reader = csv.reader(file, delimiter=max(DELIMITERS, key=header.count))
            return [(reader.line_num, cells) for cells in reader if any(cell.strip() for cell in cells)]
    except (UnicodeDecodeError, csv.Error):
        raise FormatError(f"{path.name}: not a CSV table in UTF-8") from None


def near_name(name: str, known: Sequence[str]) -> str:
    """The known name that another is most like, if they are alike; empty if none is."""
    near = get_close_matches(name.strip().casefold(), known, 1, ALIKE)
    return near[0] if near else ""
