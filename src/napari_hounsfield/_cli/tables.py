"""The command of an operation whose result is a table: printed, and written where asked; for one case, or for many from a CSV."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from napari_hounsfield.errors import FormatError
from napari_hounsfield.evaluation.case_table import read_case_table
from napari_hounsfield.formats.atomic import full_suffix
from napari_hounsfield.formats.seg_params import PATIENT_NOTE

from . import files
from .cases import CaseResults
from .operation import OperationCommand
from .summary import record
from .usage import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_hounsfield.operation import Input

    from .console import Console


class TableCommand(OperationCommand):
    """A command whose result is printed."""

    extras: ClassVar[Mapping[str, str]] = {}
    """Files that belong to an input without being one, by name, with their help."""

    def add_input(self, item: Input, word: str) -> None:
        """Add a positional that may be left out where there is a table of cases, or an option."""
        if item.required:
            self.take(word, files.describe(word), to=item.name, required=False)
        else:
            super().add_input(item, word)

    def add_output(self, result: type) -> None:
        """Add where the table goes, beside standard output."""
        columns = ",".join((*(word.lower() for word in self.inputs.values()), *self.extras))
        for name, text in self.extras.items():
            self.option(f"--{name}", text, metavar="FILE", type=Path)
        self.option("--cases", f"many cases from a table with the columns case,{columns}", metavar="CSV", type=Path)
        self.option("--out", f"write the figures there too ({', '.join(files.suffixes(result))})", metavar="FILE", type=Path)

    def run(self, values: Mapping[str, Any], console: Console) -> None:
        """Check what was asked for, read, compute, write, print."""
        self.check(values)
        reader = self.reader(values, console)
        result = self.compute(values, reader, console)
        if values["out"] is not None and full_suffix(values["out"]) == files.REPORT_SUFFIX:
            console.note(f"{values['out'].name} {PATIENT_NOTE}")
        written = self.write(result, values)
        said = record(self.name, result, written) | {"warnings": console.warnings}
        lines = [*result.table(), *(f"wrote {path.name}" for path in written)]
        console.result(said, "\n".join(lines))
        if failures := getattr(result, "failures", ()):
            raise FormatError(f"{values['cases'].name}: {len(failures)} cases failed and were left out: {failures[0]}")

    def check(self, values: Mapping[str, Any]) -> None:
        """Raise if what is given does not fit together, or the table could not be written."""
        self.parameters(values)
        given = [self.inputs[name] for name in self.inputs if values[name] is not None]
        missing = [word.upper() for word in self.columns(values)[0] if word.upper() not in given]
        if values["cases"] is None and missing:
            raise UsageError(f"missing: {', '.join(missing)} (see {self.parser.prog} --help)")
        if values["cases"] is not None and (given or any(values[name] is not None for name in self.extras)):
            raise UsageError("--cases: the inputs come from the table, leave the others out")
        if values["out"] is not None:
            files.check([values["out"]], self._known(values), values["overwrite"], [values.get("cases"), *self.given(values)])
            if full_suffix(values["out"]) == files.REPORT_SUFFIX:
                files.require_segmentation(values["out"], values.get("labels"))

    def _known(self, values: Mapping[str, Any]) -> tuple[str, ...]:
        """Suffixes of what can be written: many cases are a table."""
        return files.suffixes(self.operation.result) if values["cases"] is None else files.TABLE_SUFFIXES

    def columns(self, values: Mapping[str, Any]) -> tuple[list[str], list[str]]:
        """Names of the columns of a table of cases: those it must have, and those it may have."""
        required = [self.inputs[item.name].lower() for item in self.operation.inputs if item.required]
        return required, [*(word.lower() for word in self.inputs.values() if word.lower() not in required), *self.extras]

    def compute(self, values: Mapping[str, Any], reader: files.Reader, console: Console) -> Any:
        """The operation's result, or those of all cases."""
        params = self.parameters(values)
        if values["cases"] is None:
            return console.run(self.operation.steps(*self.data(values, reader), params=params), self.name)
        table = read_case_table(values["cases"], *self.columns(values))
        table.check_files()
        results = []
        for case in table.cases:
            with table.naming(case):
                data = self.data({item: case.files.get(word.lower()) for item, word in self.inputs.items()}, reader)
                results.append(console.run(self.operation.steps(*data, params=params), case.name))
        return CaseResults(table.cases, results)

    def write(self, result: Any, values: Mapping[str, Any]) -> list[Path]:
        """Write the table where it was asked for; what was written."""
        out: Path | None = values["out"]
        if out is None:
            return []
        refers_to = values["labels"] if full_suffix(out) == files.REPORT_SUFFIX else None
        return files.save([out], result, refers_to, values["overwrite"])
