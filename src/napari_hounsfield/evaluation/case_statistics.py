"""From the figures of many cases to their spread, and to methods compared."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any, Literal

from napari_hounsfield.formats.notes import one_line
from napari_hounsfield.operation import Params, Progress, number
from napari_hounsfield.volume import is_background

from .case_results import CaseFigures, ClassSummary
from .case_table import CaseTable
from .comparisons import Comparison, comparison, corrected
from .intervals import Bootstrap
from .summaries import ABSENT, Observation, figure_names, pooled_rates, spread


class StatisticsParams(Params):
    """How sure figures over cases are."""

    interval: Literal["percentile", "bca"] = "percentile"
    """Bootstrap interval, patients drawn with replacement: the plain percentiles, or corrected for bias and skew (BCa)."""
    confidence: float = number(0.95, 0.5, 0.999)
    """How often intervals hold the truth."""
    resamples: int = number(2000, 100, 100_000)
    """How often patients are drawn anew."""
    seed: int = number(0, 0, 2**31 - 1)
    """Of what is drawn."""
    correction: Literal["holm", "benjamini-hochberg", "none"] = "holm"
    """For many classes and pairs of methods: against any false finding, or for the share of false ones."""

    @property
    def bootstrap(self) -> Bootstrap:
        """How patients are resampled."""
        return Bootstrap(self.resamples, self.confidence, self.interval, self.seed)


def statistics(
    figures: Sequence[CaseFigures], params: StatisticsParams
) -> Generator[Progress, None, tuple[list[ClassSummary], list[Comparison]]]:
    """Summaries of every method and class, and comparisons of every pair of methods."""
    kinds = _classes(figures)
    names = figure_names(record for each in figures for record in each.record["classes"])
    methods = list(dict.fromkeys(each.case.method for each in figures))
    seen = {(method, key): _observed(figures, method, key) for method in methods for key in kinds}
    steps = len(kinds) * len(names) * (len(methods) + len(methods) * (len(methods) - 1) // 2)
    classes, comparisons, done = [], [], 0
    for method in methods:
        for key, (label, name) in kinds.items():
            observations, spreads = list(seen[method, key].values()), {}
            for figure in names:
                spreads[figure] = spread(figure, observations, params.bootstrap)
                done += 1
                yield Progress(done / steps, "statistics")
            pooled = {rate.rate: rate for rate in pooled_rates(observations, params.bootstrap)}
            classes.append(ClassSummary(label, name, method, len(observations), spreads, pooled))
    for pair in combinations(methods, 2):
        for key, (label, name) in kinds.items():
            for figure in names:
                both = seen[pair[0], key], seen[pair[1], key]
                comparisons.append(comparison(pair, label, name, figure, *both, params.bootstrap))
                done += 1
                yield Progress(done / steps, "statistics")
    return classes, corrected(comparisons, params.correction)


def _classes(figures: Sequence[CaseFigures]) -> dict[str, tuple[int, str]]:
    """Label and name of every class, by what stands for it in all cases; background only where there is nothing else."""
    found: dict[str, tuple[int, str]] = {}
    for each in figures:
        for record in each.record["classes"]:
            found.setdefault(_key(record), (record["label"], record["name"]))
    return {key: kind for key, kind in found.items() if kind[0] and not is_background(kind[1])} or found


def _key(record: Mapping[str, Any]) -> str:
    return str(record["name"]).strip().casefold()


def _observed(figures: Sequence[CaseFigures], method: str, key: str) -> dict[str, Observation]:
    of_method = [each for each in figures if each.case.method == method]
    records = [next((r for r in each.record["classes"] if _key(r) == key), None) for each in of_method]
    return {e.case.name: Observation(e.case.patient, record) for e, record in zip(of_method, records, strict=True)}


def notes_on(table: CaseTable, figures: Sequence[CaseFigures], classes: Sequence[ClassSummary]) -> Iterator[str]:
    """What to know of the figures, in words."""
    patients = {case.patient for case in table.cases}
    yield f"{len({case.name for case in table.cases})} cases of {len(patients)} patients; intervals are by patient."
    if table.without_patient:
        yield f"{table.without_patient} cases have no patient: each counts as a patient of its own."
    if table.unread:
        yield f"Columns of the table that were not read: {', '.join(one_line(name) for name in table.unread)}."
    tolerances = [each.record["tolerance_mm"] for each in figures]
    if max(tolerances) > min(tolerances):
        ends = f"{min(tolerances):.4g} to {max(tolerances):.4g} mm"
        yield f"The tolerance of surface Dice differs between cases ({ends}, by their voxels): give one to compare them."
    for each in classes:
        absent = max((figure.undefined.get(ABSENT, 0) for figure in each.figures.values()), default=0)
        if absent:
            of = f" of {each.method}" if each.method else ""
            yield f"{absent} of {each.cases} cases{of} do not hold the class {each.name}: it is left out there."
    for first, second in combinations(table.methods, 2):
        alone = {c.name for c in table.cases if c.method == first} ^ {c.name for c in table.cases if c.method == second}
        if alone:
            yield f"{len(alone)} cases have only one of {first} and {second}, and are left out of their comparison."
    yield from dict.fromkeys(note for each in figures for note in each.record.get("notes", ()))
