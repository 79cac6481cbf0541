"""The command of an operation whose result is a table: printed, and written where asked; for one case, or for many from a CSV."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import files
from .cases import CaseResults, read_cases
from .operation import OperationCommand
from .summary import record
from .usage import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_hounsfield.operation import Input

    from .console import Console


class TableCommand(OperationCommand):
    """A command whose result is printed."""

    def add_input(self, item: Input, word: str) -> None:
        """Add a positional that may be left out where there is a table of cases, or an option."""
        if item.required:
            self.take(word, files.describe(word), to=item.name, required=False)
        else:
            super().add_input(item, word)

    def add_output(self, result: type) -> None:
        """Add where the table goes, beside standard output."""
        columns = ",".join(word.lower() for word in self.inputs.values())
        self.option("--cases", f"many cases from a table with the columns case,{columns}", metavar="CSV", type=Path)
        self.option("--out", f"write the table there too ({', '.join(files.suffixes(result))})", metavar="FILE", type=Path)

    def run(self, values: Mapping[str, Any], console: Console) -> None:
        """Check what was asked for, read, compute, print."""
        params = self.parameters(values)
        cases = self._cases(values)
        out: Path | None = values["out"]
        if out is not None:
            files.check([out], files.TABLE_SUFFIXES, values["overwrite"])
        reader = self.reader(values, console)
        results = []
        for case in cases:
            paths = {item: case.get(word.lower()) for item, word in self.inputs.items()}
            steps = self.operation.steps(*self.data(paths, reader), params=params)
            results.append(console.run(steps, case.get("case", self.name)))
        result = CaseResults(cases, results) if values["cases"] else results[0]
        if out is not None:
            rows = result.rows() if isinstance(result, CaseResults) and out.suffix.lower() == ".csv" else result
            files.save([out], rows, None, values["overwrite"])
        said = record(self.name, result, [] if out is None else [out]) | {"warnings": reader.warnings}
        console.result(said, "\n".join(result.table()) + ("" if out is None else f"\nwrote {out.name}"))

    def _cases(self, values: Mapping[str, Any]) -> list[dict[str, Any]]:
        """What to work on: one case without a name, or those of the table."""
        given = {word.lower(): values[name] for name, word in self.inputs.items()}
        required = [self.inputs[item.name].lower() for item in self.operation.inputs if item.required]
        table: Path | None = values["cases"]
        if table is None:
            missing = [word.upper() for word in required if given[word] is None]
            if missing:
                raise UsageError(f"missing: {', '.join(missing)} (see {self.parser.prog} --help)")
            return [given]
        if any(given.values()):
            raise UsageError("--cases: the inputs come from the table, leave the others out")
        return read_cases(table, required, [word for word in given if word not in required])
