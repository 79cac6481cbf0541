"""A report of one case or many: a single HTML file that needs nothing else, with where each number comes from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from napari_hounsfield.errors import WriteError

from .agreement import Evaluation
from .case_results import CasesEvaluation, of_one_case
from .html import bullets, heading, page, paragraph
from .report_parts import case_table, comparisons, confusion, curves, pictures, provenance, summaries, undefined
from .summaries import figure_names, numbers_of

NOT_FOR_DIAGNOSIS = "Not for diagnosis. Numbers are shown with four digits; each shows all of its own when it is pointed at."


def write_report(
    path: str | Path, result: CasesEvaluation | Evaluation, overwrite: bool = False, pseudonyms: bool = False
) -> Path:
    """Write a report as HTML.

    It holds base names of files, never paths or patients, and uses no network. The same result gives the same bytes.

    Parameters
    ----------
    path
        Ends with .html.
    result
        From `evaluate_cases` or `evaluate`; one case with its files from `of_one_case`.
    overwrite
        Whether an existing file may be replaced.
    pseudonyms
        Call cases and files by numbers.

    Raises
    ------
    WriteError
        If it cannot be written; nothing is left under the name then.
    TypeError
        If the result is of another kind.
    """
    from napari_hounsfield.formats.atomic import atomic_path

    if isinstance(result, Evaluation):
        result = of_one_case(result, {})
    if not isinstance(result, CasesEvaluation):
        raise TypeError(f"write_report() takes an Evaluation or a CasesEvaluation, not {type(result).__name__}")
    path = Path(path)
    if path.suffix.lower() != ".html":
        raise WriteError(f"{path.name}: a report ends with .html")
    text = report_html(result, pseudonyms)
    with atomic_path(path, overwrite) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")
        if temporary.read_text(encoding="utf-8") != text:
            raise WriteError(f"{path.name}: did not read back as it was written")
    return path


def report_html(result: CasesEvaluation, pseudonyms: bool = False) -> str:
    """The text of a report; as `write_report`."""
    names = _names(result, pseudonyms)
    figures = [f for f in figure_names(_records(result)) if any(numbers_of(r).get(f) is not None for r in _records(result))]
    parts = [paragraph(NOT_FOR_DIAGNOSIS, "warning"), bullets(result.notes)]
    if result.classes:
        parts += [heading("All cases"), *summaries(result)]
    if result.comparisons:
        parts += [heading("Methods compared"), comparisons(result)]
    parts += [
        heading("Cases" if len(result.cases) > 1 else "Figures"),
        *pictures(result, figures),
        *curves(result),
        *case_table(result, names, figures),
        *confusion(result),
    ]
    parts += [heading("Undefined figures"), *undefined(result, names)]
    parts += [heading("Where the numbers come from"), *provenance(result, names, figures, pseudonyms)]
    return page("Evaluation of labels against a reference", parts)


def _records(result: CasesEvaluation) -> Iterator[Mapping[str, Any]]:
    return (record for each in result.cases for record in each.record["classes"])


def _names(result: CasesEvaluation, pseudonyms: bool) -> dict[str, str]:
    """What each case is called."""
    cases = dict.fromkeys(each.case.name for each in result.cases)
    return {name: f"case {number}" if pseudonyms else name for number, name in enumerate(cases, 1)}
