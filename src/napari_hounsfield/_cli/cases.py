"""Many cases from a table: a CSV with the column `case` and the inputs of the operation by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari_hounsfield.evaluation.case_table import read_case_table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


def read_cases(path: Path, required: Sequence[str], optional: Sequence[str]) -> list[dict[str, Any]]:
    """The rows of a table of cases; an optional input that is blank is None. Raises as `read_case_table`."""
    table = read_case_table(path, required, optional)
    return [{"case": case.name} | {name: case.files.get(name) for name in (*required, *optional)} for case in table.cases]


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
