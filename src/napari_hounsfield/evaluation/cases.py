"""Many cases against their references: figures case by case, their spread, and methods compared."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Any

from napari_hounsfield.errors import HounsfieldError
from napari_hounsfield.operation import Params, Progress, operation, part
from napari_hounsfield.results import Segmentation
from napari_hounsfield.volume import LabelMap

from .agreement import EvaluateParams, evaluate
from .case_results import CaseFigures, CasesEvaluation
from .case_statistics import StatisticsParams, notes_on, statistics
from .case_table import PROBABILITIES, Case, CaseTable

READ, COMPARED = 0.2, 0.9
"""Where the reading of one case ends, and where the statistics of all begin, as parts of the work."""


class CasesParams(Params):
    """What is counted in each case, and what is made of it."""

    evaluate: EvaluateParams = EvaluateParams()
    """Of each case."""
    statistics: StatisticsParams = StatisticsParams()
    """Of all cases."""
    keep_going: bool = False
    """Leave out cases that fail, and say which and why, instead of stopping at the first."""


@operation("evaluate_cases", CasesParams)
def evaluate_cases(table: CaseTable, params: CasesParams) -> Generator[Progress, None, CasesEvaluation]:
    """Evaluate many cases, summarise each figure over them, and compare methods.

    One case is in memory at a time. Undefined figures are left out of means and counted. Classes are the same where their names
    are (case and outer blanks do not count). Cases of one patient are not independent: intervals come from drawing patients, and
    tests are of each patient's mean.

    Parameters
    ----------
    table
        From `read_case_table`.
    params
        What is counted, and how sure it is.

    Raises
    ------
    FormatError
        If a file cannot be read; whether all are there is known before the first is read.
    GridError, LabelError
        As `evaluate`. Every error names the table, the case, its line, and the file if it is of one.
    """
    if not params.keep_going:
        table.check_files()
    figures: list[CaseFigures] = []
    failures: list[str] = []
    for done, case in enumerate(table.cases):
        start, stop = (COMPARED * place / len(table.cases) for place in (done, done + 1))
        try:
            with table.naming(case):
                figures.append((yield from part(_evaluated(table, case, params.evaluate), start, stop)))
        except HounsfieldError as error:
            failures.append(str(error))
            if not params.keep_going or len(failures) == len(table.cases):
                raise
    steps = statistics(figures, params.statistics)
    classes, comparisons = yield from part(steps, COMPARED, 1)
    notes = tuple(notes_on(table, figures, classes))
    return CasesEvaluation(tuple(figures), tuple(classes), tuple(comparisons), notes, tuple(failures))


def _evaluated(table: CaseTable, case: Case, params: EvaluateParams) -> Generator[Progress, None, CaseFigures]:
    data: list[Any] = []
    for item in evaluate.inputs:
        yield Progress(0, case.name)
        path = case.files.get(item.name)
        data.append(None if path is None else _read(table, path, item.kinds[0]))
    if PROBABILITIES in case.files:
        with table.reading(case.files[PROBABILITIES]):
            data[0] = with_probabilities(data[0], case.files[PROBABILITIES])
    yield Progress(READ, case.name)
    found = yield from part(evaluate.steps(*data, params=params), READ, 1)
    return CaseFigures(case, found.to_json(), tuple(found.table()), tuple(found.rows()))


def with_probabilities(prediction: LabelMap | Segmentation, path: Path) -> Segmentation:
    """A prediction with its probabilities, from a file of maps.

    Raises
    ------
    FormatError
        As `read_maps`.
    """
    from napari_hounsfield.formats.label_reading import read_maps

    labels = prediction.labels if isinstance(prediction, Segmentation) else prediction
    return Segmentation(labels, read_maps(path))


def _read(table: CaseTable, path: Path, kind: type) -> Any:
    from napari_hounsfield.formats.label_reading import read_draft, read_labels
    from napari_hounsfield.formats.reading import read_volume

    with table.reading(path):
        return read_labels(path) if kind is LabelMap else read_draft(path) if kind is Segmentation else read_volume(path)
