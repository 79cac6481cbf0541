"""What comes of evaluating many cases: records, flat rows and tables of text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from napari_hounsfield.volume import Record

from .agreement import Evaluation
from .case_table import Case
from .comparisons import Comparison
from .summaries import PooledRate, Spread
from .text_table import text_table


@dataclass(frozen=True)
class CaseFigures:
    """What `evaluate` gave for one case."""

    case: Case
    record: Mapping[str, Any]
    """`Evaluation.to_json()`."""
    lines: Sequence[str] = field(repr=False)
    """`Evaluation.table()`."""
    rows: Sequence[Mapping[str, Any]] = field(repr=False)
    """`Evaluation.rows()`."""

    def to_json(self) -> dict[str, Any]:
        """JSON-ready; without the patient."""
        method = {"method": self.case.method} if self.case.method else {}
        return {"case": self.case.name, **method, **{k: str(path) for k, path in self.case.files.items()}, **self.record}


@dataclass(frozen=True)
class ClassSummary:
    """One class over the cases of one method."""

    label: int
    name: str
    method: str
    cases: int
    figures: Mapping[str, Spread]
    pooled: Mapping[str, PooledRate]

    def to_json(self) -> dict[str, Any]:
        """JSON-ready."""
        figures = {name: each.to_json() for name, each in self.figures.items()}
        pooled = {name: each.to_json() for name, each in self.pooled.items()}
        own = {"label": self.label, "name": self.name, "method": self.method, "cases": self.cases}
        return {**own, "figures": figures, "pooled": pooled}


@dataclass(frozen=True)
class CasesEvaluation:
    """Figures of many cases.

    Attributes
    ----------
    cases
        One a row of the table.
    classes
        One a class and method.
    comparisons
        Of every pair of methods on the cases that both have.
    notes
        What to know of the figures, in words.
    failures
        Cases that were left out, and why.
    """

    cases: tuple[CaseFigures, ...]
    classes: tuple[ClassSummary, ...]
    comparisons: tuple[Comparison, ...] = ()
    notes: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()
    history: tuple[Record, ...] = field(default=(), repr=False)

    def with_record(self, record: Record) -> CasesEvaluation:
        """Return a copy whose history ends with `record`."""
        return replace(self, history=(*self.history, record))

    def to_json(self) -> dict[str, Any]:
        """JSON-ready: cases, summaries and comparisons, with null and an entry in `reasons` for what is undefined."""
        return {
            "cases": [each.to_json() for each in self.cases],
            "classes": [each.to_json() for each in self.classes],
            "comparisons": [each.to_json() for each in self.comparisons],
            "notes": list(self.notes),
        } | ({"failures": list(self.failures)} if self.failures else {})

    def rows(self) -> list[dict[str, Any]]:
        """A flat record for every class of every case, and where asked for every object, with the patient where there are any."""
        by_patient = any(each.case.patient not in ("", each.case.name) for each in self.cases)
        named = []
        for each in self.cases:
            patient = {"patient": each.case.known_patient} if by_patient else {}
            named.append({"case": each.case.name} | patient | ({"method": each.case.method} if each.case.method else {}))
        return [own | dict(record) for own, each in zip(named, self.cases, strict=True) for record in each.rows]

    def comparison_rows(self) -> list[dict[str, Any]]:
        """A flat record for every figure of every class and pair of methods."""
        return [_flat_ends(each.to_json()) for each in self.comparisons]

    def summary_rows(self) -> list[dict[str, Any]]:
        """A flat record for every figure of every class and method."""
        return [
            {"method": c.method, "label": c.label, "name": c.name, **_flat_ends(figure.to_json())}
            for c in self.classes
            for figure in c.figures.values()
        ]

    def table(self) -> list[str]:
        """Lines of a table for each case, under its name, then of the summary and of the comparisons."""
        lines: list[str] = []
        for each in self.cases:
            method = f" ({each.case.method})" if each.case.method else ""
            lines += [each.case.name + method, *each.lines, ""]
        return [*lines, *self.summary(), *self.notes, *(f"left out: {failure}" for failure in self.failures)]

    def summary(self) -> list[str]:
        """Lines of the tables of all cases."""
        by_method = any(c.method for c in self.classes)
        header = ("method",) * by_method + (
            "label",
            "name",
            "figure",
            "n",
            "mean",
            "interval",
            "sd",
            "median",
            "q1",
            "q3",
            "undefined",
        )
        rows = [
            [
                *([c.method] * by_method),
                *(c.label, c.name, f.figure, f.n, f.mean, _ends(f.mean_interval), f.sd, f.median, f.q1, f.q3),
                sum(f.undefined.values()),
            ]
            for c in self.classes
            for f in c.figures.values()
            if f.n  # what no case has is in the JSON, with its reason
        ]
        lines = ["all cases", *text_table(header, rows)]
        if not self.comparisons:
            return lines
        titles = ("first", "second", "label", "name", "figure", "patients", "difference", "interval", "p", "p adjusted")
        tests = [
            [c.first, c.second, c.label, c.name, c.figure, c.patients, c.mean_difference, _ends(c.interval), c.p, c.p_adjusted]
            for c in self.comparisons
            if c.pairs
        ]
        return [*lines, "", "methods compared", *text_table(titles, tests)]


def of_one_case(evaluation: Evaluation, files: Mapping[str, Path]) -> CasesEvaluation:
    """A single evaluation as a set of one case, without statistics."""
    case = CaseFigures(Case("case 1", files, "case 1"), evaluation.to_json(), tuple(evaluation.table()), tuple(evaluation.rows()))
    return CasesEvaluation((case,), (), notes=evaluation.notes, history=evaluation.history)


def _ends(interval: tuple[float, float] | None) -> str:
    return "-" if interval is None else f"{interval[0]:.4g} to {interval[1]:.4g}"


def _flat_ends(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record whose intervals are two numbers, and whose undefined values are counted."""
    flat: dict[str, Any] = {}
    for name, value in record.items():
        if name.endswith("interval"):
            flat[f"{name}_low"], flat[f"{name}_high"] = value or (None, None)
        elif name == "undefined":
            flat[name] = sum(value.values())
        elif name != "reasons":
            flat[name] = value
    return flat
