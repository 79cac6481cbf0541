"""A table of cases: which files belong together, of which patient, by which method."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

from napari_hounsfield.errors import FormatError
from napari_hounsfield.formats.notes import one_line

PATIENT, METHOD = "patient", "method"
ALIKE = 0.75
"""Least likeness, from 0 to 1, of two names of which one is the other mistyped."""


@dataclass(frozen=True)
class Case:
    """One comparison.

    Attributes
    ----------
    name
        Of the case; the same for every method.
    files
        By the name of the input: `prediction`, `reference`, ...
    patient
        Who cases belong to that are not independent; the case itself where the table does not say. Out of every representation.
    method
        What made the prediction; empty where the table compares none.
    """

    name: str
    files: Mapping[str, Path] = field(repr=False)
    patient: str = field(default="", repr=False)
    method: str = ""


@dataclass(frozen=True)
class CaseTable:
    """Cases of a table, in its order."""

    name: str
    """Base name of the file."""
    cases: tuple[Case, ...]
    unread: tuple[str, ...] = ()
    """Names of columns that mean nothing here."""

    @property
    def methods(self) -> tuple[str, ...]:
        """Every method, in the order in which they come first."""
        return tuple(dict.fromkeys(case.method for case in self.cases))

    def missing(self) -> Path | None:
        """The first file that is not there."""
        return next((path for case in self.cases for path in case.files.values() if not path.exists()), None)


def read_case_table(
    path: str | Path, required: Sequence[str] = ("prediction", "reference"), optional: Sequence[str] = ()
) -> CaseTable:
    """Read a CSV table (UTF-8) with the columns `case`, the inputs by name, and where wanted `patient` and `method`.

    Parameters
    ----------
    path
        Paths in the table are relative to it.
    required, optional
        Names of the columns that hold paths. A blank optional one is left out; columns of other names are not read, but one
        that is nearly the name of an optional column is refused.

    Raises
    ------
    FormatError
        If it is no table in UTF-8, a column, a name or a path is missing, an optional column is mistyped, a case comes twice
        (with one method), or there is none.
    OSError
        If it cannot be opened.
    """
    path = Path(path)
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            rows = list(reader)
    except (UnicodeDecodeError, csv.Error):
        raise FormatError(f"{path.name}: not a CSV table in UTF-8") from None
    if not rows:
        raise FormatError(f"{path.name}: holds no case")
    columns = list(reader.fieldnames or ())
    known = ("case", PATIENT, METHOD, *required, *optional)
    if twice := [name for name in known if columns.count(name) > 1]:
        raise FormatError(f"{path.name}: has the column {twice[0]} twice")
    missing = [name for name in ("case", *required) if name not in rows[0]]
    if missing:
        takes = ", ".join(("case", *required, *optional))
        raise FormatError(f"{path.name}: has no column {', '.join(missing)}; it takes {takes}")
    unread = tuple(name for name in columns if name and name not in known)
    for name in unread:
        if near := _near(name, [other for other in known if other not in columns]):
            raise FormatError(f"{path.name}: the column {one_line(name)!r} is not known; is it {near!r}?")
    by_method = METHOD in rows[0]
    cases: dict[tuple[str, str], Case] = {}
    for number, row in enumerate(rows, 2):
        empty = [name for name in ("case", *required, *([METHOD] * by_method)) if not (row[name] or "").strip()]
        if empty:
            raise FormatError(f"{path.name}: row {number} has no {empty[0]}")
        words = {name: (row.get(name) or "").strip() for name in known}
        key = words["case"], words[METHOD]
        if key in cases:
            raise FormatError(f"{path.name}: row {number} repeats a case")
        files = {name: path.parent / words[name] for name in (*required, *optional) if words[name]}
        cases[key] = Case(words["case"], files, words[PATIENT] or words["case"], words[METHOD])
    return CaseTable(path.name, tuple(cases.values()), unread)


def _near(name: str, known: Sequence[str]) -> str:
    """The known name that another is most like, if they are alike."""
    near = get_close_matches(name.strip().casefold(), known, 1, ALIKE)
    return near[0] if near else ""
