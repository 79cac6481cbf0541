"""Many cases from a table: a CSV with the column `case` and the inputs of the operation by name."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .usage import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


def read_cases(path: Path, required: Sequence[str], optional: Sequence[str]) -> list[dict[str, Any]]:
    """The rows of a table of cases; paths are relative to the table, an optional input that is blank is None.

    Raises
    ------
    UsageError
        If a column, a name or a path is missing, a name comes twice, or there is no row.
    """
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (UnicodeDecodeError, csv.Error):
        raise UsageError(f"{path.name}: not a CSV table in UTF-8") from None
    if not rows:
        raise UsageError(f"{path.name}: holds no case")
    missing = [name for name in ("case", *required) if name not in rows[0]]
    if missing:
        raise UsageError(f"{path.name}: has no column {', '.join(missing)}; it takes {', '.join(('case', *required, *optional))}")
    cases: dict[str, dict[str, Any]] = {}
    for number, row in enumerate(rows, 2):
        empty = [name for name in ("case", *required) if not (row[name] or "").strip()]
        if empty:
            raise UsageError(f"{path.name}: row {number} has no {empty[0]}")
        name = row["case"].strip()
        if name in cases:
            raise UsageError(f"{path.name}: row {number} repeats a case")
        paths = {word: (row.get(word) or "").strip() for word in (*required, *optional)}
        cases[name] = {"case": name} | {word: path.parent / text if text else None for word, text in paths.items()}
    return list(cases.values())


@dataclass(frozen=True)
class CaseResults:
    """The results of an operation that gives tables, case by case."""

    inputs: Sequence[Mapping[str, Any]]
    results: Sequence[Any]

    @property
    def history(self) -> tuple[Any, ...]:
        """Of the first case: the parameters that were given are the same for all."""
        return tuple(self.results[0].history) if self.results else ()

    def to_json(self) -> dict[str, Any]:
        """A record a case: its name, its inputs, and what the operation gives for it."""
        named = [{name: None if value is None else str(value) for name, value in case.items()} for case in self.inputs]
        return {"cases": [case | result.to_json() for case, result in zip(named, self.results, strict=True)]}

    def rows(self) -> list[dict[str, Any]]:
        """A flat record for every class of every case."""
        return [
            {"case": case["case"]} | record
            for case, result in zip(self.inputs, self.results, strict=True)
            for record in result.to_json()["classes"]
        ]

    def table(self) -> list[str]:
        """Lines of a table for each case, under its name."""
        blocks = [[case["case"], *result.table(), ""] for case, result in zip(self.inputs, self.results, strict=True)]
        return [line for block in blocks for line in block][:-1]
