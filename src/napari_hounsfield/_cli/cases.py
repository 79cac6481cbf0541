"""What an operation that gives tables finds in many cases."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari_hounsfield.formats.table import rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_hounsfield.evaluation.case_table import Case


@dataclass(frozen=True)
class CaseResults:
    """The results of an operation that gives tables, case by case."""

    cases: Sequence[Case]
    results: Sequence[Any]

    @property
    def history(self) -> tuple[Any, ...]:
        """Of the first case: the parameters that were given are the same for all."""
        return tuple(self.results[0].history) if self.results else ()

    def to_json(self) -> dict[str, Any]:
        """A record a case: its name, its inputs, and what the operation gives for it."""
        named = [{"case": case.name} | {name: str(path) for name, path in case.files.items()} for case in self.cases]
        return {"cases": [case | result.to_json() for case, result in zip(named, self.results, strict=True)]}

    def rows(self) -> list[dict[str, Any]]:
        """A flat record for every class and object of every case; none of a case whose labels are empty."""
        named = zip(self.cases, self.results, strict=True)
        return [
            {"case": c.name} | record for c, result in named if not getattr(result, "empty", False) for record in rows(result)
        ]

    def table(self) -> list[str]:
        """Lines of a table for each case, under its name."""
        blocks = [[case.name, *result.table(), ""] for case, result in zip(self.cases, self.results, strict=True)]
        return [line for block in blocks for line in block][:-1]
