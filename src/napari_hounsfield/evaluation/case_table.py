"""A table of cases: which files belong together, of which patient, by which method."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from napari_hounsfield.errors import FormatError, HounsfieldError
from napari_hounsfield.formats.csv_rows import csv_rows, near_name
from napari_hounsfield.formats.notes import one_line

PATIENT, METHOD = "patient", "method"
PROBABILITIES = "probabilities"
"""Column of a table for the probabilities that a prediction was made from."""
UNNAMED = " "
"""Begins the patient of a case whose cell is blank: cells are stripped, so that no patient of the table is called so."""


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
        Who cases belong to that are not independent; the case itself where the table does not say. Out of every representation
        but the table of figures.
    method
        What made the prediction; empty where the table compares none.
    """

    name: str
    files: Mapping[str, Path] = field(repr=False)
    patient: str = field(default="", repr=False)
    method: str = ""
    line: int = 0
    """Of the table's file."""

    @property
    def known_patient(self) -> str:
        """The patient that the table names; empty where it names none."""
        return "" if self.patient.startswith(UNNAMED) else self.patient


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

    @property
    def without_patient(self) -> int:
        """Cases whose patient is blank in a table that has patients."""
        return len({case.name for case in self.cases if case.patient.startswith(UNNAMED)})

    def place(self, case: Case) -> str:
        """Where a case stands, for what is said of it: by its line, since names of cases and folders may be those of patients."""
        return f"{self.name}: line {case.line}"

    @contextmanager
    def naming(self, case: Case) -> Iterator[None]:
        """Say of an error of which case it is."""
        try:
            yield
        except HounsfieldError as error:
            raise type(error)(f"{self.place(case)}: {error}") from error

    @contextmanager
    def reading(self, path: Path) -> Iterator[None]:
        """Say of an error of which file of the table it is."""
        try:
            yield
        except HounsfieldError as error:
            raise type(error)(f"{one_line(path.name)}: {str(error).removeprefix(f'{path.name}: ')}") from error

    def check_files(self) -> None:
        """Raise before the long work if a file is not there.

        Raises
        ------
        FormatError
            With the first of them.
        """
        missing = [(case, path) for case in self.cases for path in case.files.values() if not path.exists()]
        if missing:
            more = f" (and {len(missing) - 1} more that are missing)" if len(missing) > 1 else ""
            raise FormatError(f"{self.place(missing[0][0])}: {one_line(missing[0][1].name)}: no such file or directory{more}")


def read_case_table(
    path: str | Path,
    required: Sequence[str] = ("prediction", "reference"),
    optional: Sequence[str] = ("region", PROBABILITIES),
) -> CaseTable:
    """Read a CSV table (UTF-8) with the columns `case`, the inputs by name, and where wanted `patient` and `method`.

    Cells are separated by commas, semicolons or tabs, as the header tells. Names of columns may be in any case.

    Parameters
    ----------
    path
        Paths in the table are relative to it.
    required, optional
        Names of the columns that hold paths; as `evaluate` has them. A blank optional one is left out; columns of other names are
        not read, but one that is nearly the name of an optional column is refused.

    Raises
    ------
    FormatError
        If it is no table in UTF-8, a column, a name or a path is missing, an optional column is mistyped, a line has more cells
        than the header, a case comes twice (with one method), or there is none.
    OSError
        If it cannot be opened.
    """
    path = Path(path)
    known = ("case", *required, *optional, PATIENT, METHOD)
    rows = csv_rows(path)
    if len(rows) < 2:
        raise FormatError(f"{path.name}: holds no case")
    written = [name.strip() for name in rows[0][1]]
    columns = [name.casefold() for name in written]
    if twice := [name for name in known if columns.count(name) > 1]:
        raise FormatError(f"{path.name}: has the column {twice[0]} twice")
    if missing := [name for name in ("case", *required) if name not in columns]:
        raise FormatError(f"{path.name}: has no column {', '.join(missing)}; it takes {', '.join(known)}")
    unread = tuple(name for name in written if name and name.casefold() not in known)
    for name in unread:
        if near := near_name(name, [other for other in known if other not in columns]):
            raise FormatError(f"{path.name}: the column {one_line(name)!r} is not known; is it {near!r}?")
    needed = ("case", *required, *([METHOD] * (METHOD in columns)))
    cases: dict[tuple[str, str], Case] = {}
    for line, cells in rows[1:]:
        if any(cell.strip() for cell in cells[len(columns) :]):
            raise FormatError(f"{path.name}: line {line} has more cells than the header")
        words = dict.fromkeys(known, "") | {name: cell.strip() for name, cell in zip(columns, cells, strict=False)}
        if empty := [name for name in needed if not words[name]]:
            raise FormatError(f"{path.name}: line {line} has no {empty[0]}")
        key = words["case"], words[METHOD]
        if key in cases:
            raise FormatError(f"{path.name}: line {line} repeats a case")
        files = {name: path.parent / words[name] for name in (*required, *optional) if words[name]}
        alone = words["case"] if PATIENT not in columns else UNNAMED + words["case"]
        cases[key] = Case(words["case"], files, words[PATIENT] or alone, words[METHOD], line)
    return CaseTable(path.name, tuple(cases.values()), unread)
