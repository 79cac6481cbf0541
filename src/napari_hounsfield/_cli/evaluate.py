"""`hounsfield evaluate`: one case, or many from a table with statistics of them; and a report to read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from napari_hounsfield.evaluation.case_results import CasesEvaluation, of_one_case
from napari_hounsfield.evaluation.case_statistics import StatisticsParams
from napari_hounsfield.evaluation.case_table import PROBABILITIES, read_case_table
from napari_hounsfield.evaluation.cases import CasesParams, evaluate_cases, with_probabilities

from . import files
from .operation import RESERVED
from .options import Option, build, derive
from .tables import TableCommand

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .console import Console

REPORT_SUFFIXES = (".html",)
STATISTICS = "statistics"


class EvaluateCommand(TableCommand):
    """Adds probabilities, statistics over cases, and the report, to the command of the operation."""

    extras: ClassVar[Mapping[str, str]] = {
        PROBABILITIES: "probabilities that PREDICTION was made from: a map a class, as `segment --probabilities` writes them"
    }

    def _derived(self) -> dict[str, list[Option]]:
        reserved = RESERVED | set(self.inputs) | set(self.extras)
        return derive({self.name: self.operation.params_type, STATISTICS: StatisticsParams}, reserved)

    def add_output(self, result: type) -> None:
        """Add the report beside the table."""
        super().add_output(result)
        self.option("--report", "write a report to read in a browser there (.html)", metavar="HTML", type=Path)
        self.option("--keep-going", "leave out cases that fail, say why, and exit with 2", action="store_true")
        self.option("--pseudonyms", "in the report call cases and files by numbers", action="store_true")

    def check(self, values: Mapping[str, Any]) -> None:
        """Check every file that will be written."""
        super().check(values)
        if values["report"] is not None:
            files.check([values["report"]], REPORT_SUFFIXES, values["overwrite"], [values.get("cases")])
        for path in _beside(values):
            files.check([path], files.TABLE_SUFFIXES, values["overwrite"], [values.get("cases")])

    def data(self, values: Mapping[str, Any], reader: files.Reader) -> list[Any]:
        """The inputs, read; the prediction with its probabilities."""
        prediction, *others = super().data(values, reader)
        given = values[PROBABILITIES]
        return [prediction if given is None else with_probabilities(prediction, given), *others]

    def compute(self, values: Mapping[str, Any], reader: files.Reader, console: Console) -> Any:
        """One case, or all of the table."""
        if values["cases"] is None:
            return super().compute(values, reader, console)
        required, optional = self.columns(values)
        table = read_case_table(values["cases"], required, optional)
        statistics = build(StatisticsParams, self.options[STATISTICS], values)
        params = CasesParams(evaluate=self.parameters(values), statistics=statistics, keep_going=values["keep_going"])
        return console.run(evaluate_cases.steps(table, params=params), self.name)

    def write(self, result: Any, values: Mapping[str, Any]) -> list[Path]:
        """Write the table, for many cases the summary beside it, and the report."""
        written = super().write(result, values)
        if beside := _beside(values):
            for path, records in zip(beside, (result.summary_rows(), result.comparison_rows()), strict=True):
                written += files.save([path], records, None, values["overwrite"]) if records else []
        if values["report"] is not None:
            from napari_hounsfield.evaluation.report import write_report

            if not isinstance(result, CasesEvaluation):
                given = {name: values[name] for name in (*self.inputs, *self.extras) if values[name] is not None}
                result = of_one_case(result, given)
            written.append(write_report(values["report"], result, values["overwrite"], values["pseudonyms"]))
        return written


def _beside(values: Mapping[str, Any]) -> list[Path]:
    """Summary and comparisons, beside a CSV of many cases; JSON holds them itself."""
    from napari_hounsfield.formats.atomic import sibling

    out: Path | None = values["out"]
    if out is None or values["cases"] is None or out.suffix.lower() != ".csv":
        return []
    return [sibling(out, "summary"), sibling(out, "comparisons")]
