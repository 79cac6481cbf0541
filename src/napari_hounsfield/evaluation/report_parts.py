"""The parts of a report: tables and pictures of the figures, and where they come from."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from napari_hounsfield._version import __version__

from .case_results import CaseFigures, CasesEvaluation
from .definitions import DEFINITIONS, STATISTICS
from .html import Cell, Missing, paragraph, picture, table
from .report_plots import curves_plot, spread_plot
from .summaries import numbers_of

COUNTS = ("tp", "fp", "fn", "tn")
PLOTTED = ("dice", "sensitivity", "precision", "surface_dice", "hausdorff95_mm", "volume_error", "auc", "object_sensitivity")
RATES = {"dice", "sensitivity", "precision", "surface_dice", "auc", "object_sensitivity"}
MOST_CLASSES, MOST_LINES = 12, 50
"""Classes whose curves are drawn, or whose confusion is shown, and curves in one picture of each method: more is not readable."""


def _ends(interval: Any, reason: str) -> Cell:
    return Missing(reason) if interval is None else f"{interval[0]:.4g} to {interval[1]:.4g}"


def _or(value: Any, reasons: Mapping[str, str], name: str) -> Cell:
    return Missing(reasons.get(name, "")) if value is None else value


def summaries(result: CasesEvaluation) -> Iterator[str]:
    """Spread and pooled rates of every class and method."""
    shown = ("n", "mean", "interval", "sd", "median", "interval of median", "q1", "q3", "min", "max", "undefined")
    for each in result.classes:
        rows: list[list[Cell]] = []
        for f in each.figures.values():
            if f.n:
                mean, median = (_ends(getattr(f, name), f.reasons.get(name, "")) for name in ("mean_interval", "median_interval"))
                middle = (f.n, f.mean, mean, _or(f.sd, f.reasons, "sd"), f.median, median)
                rows.append([f.figure, *middle, f.q1, f.q3, f.min, f.max, sum(f.undefined.values())])
        method = f", {each.method}" if each.method else ""
        title = f"{each.name} (label {each.label}){method}: spread over {each.cases} cases"
        yield table(title, ("figure", *shown), rows, STATISTICS | {"mean": STATISTICS["mean, sd, median, quartiles"]})
        pooled: list[list[Cell]] = []
        for p in (rate for rate in each.pooled.values() if rate.total):
            intervals = (_ends(getattr(p, name), p.reasons.get(name, "")) for name in ("interval", "wilson"))
            pooled.append([p.rate, p.successes, p.total, _or(p.value, p.reasons, "value"), *intervals])
        header = ("rate", "counts above", "counts below", "pooled", "interval", "Wilson")
        yield table(f"{each.name}{method}: counts of all cases added up", header, pooled, STATISTICS)


def comparisons(result: CasesEvaluation) -> str:
    """Methods compared."""
    rows: list[list[Cell]] = []
    for c in result.comparisons:
        if c.pairs:
            tested = (_or(getattr(c, name), c.reasons, name) for name in ("statistic", "p", "p_adjusted"))
            interval = _ends(c.interval, c.reasons.get("interval", ""))
            numbers = (c.pairs, c.patients, c.left_out, c.mean_difference, interval)
            rows.append([c.first, c.second, c.name, c.figure, *numbers, *tested])
    header = (
        "first",
        "second",
        "class",
        "figure",
        "pairs",
        "patients",
        "left out",
        "mean difference",
        "interval",
        "statistic",
        "p",
    )
    return table("First less second, on the same cases; Wilcoxon signed rank", (*header, "p adjusted"), rows, STATISTICS)


def pictures(result: CasesEvaluation, figures: list[str]) -> Iterator[str]:
    """Every case as a point, figure by figure."""
    for figure in PLOTTED:
        values: dict[str, dict[str, list[float]]] = {}
        for each in result.cases:
            for record in each.record["classes"]:
                value = numbers_of(record).get(figure)
                if value is not None:
                    values.setdefault(record["name"], {}).setdefault(each.case.method, []).append(value)
        if figure in figures and values:
            svg = spread_plot(figure, values, (0, 1) if figure in RATES else None)
            yield picture(svg, f"{figure.replace('_', ' ')} of every case, by class; the same numbers are in the tables below")


def curves(result: CasesEvaluation) -> Iterator[str]:
    """ROC and reliability curves of each class that has probabilities, and what they are worth in a table of their own."""
    found: dict[str, tuple[dict[str, list[Any]], dict[str, list[Any]]]] = {}
    for each in result.cases:
        for curve in each.record["curves"]:
            roc, reliability = found.setdefault(curve["name"], ({}, {}))
            if curve["roc"] and len(roc.get(each.case.method, ())) < MOST_LINES:
                bins = [(b["mean_probability"], b["share"]) for b in curve["reliability"] if b["count"]]
                roc.setdefault(each.case.method, []).append(curve["roc"])
                reliability.setdefault(each.case.method, []).append(bins)
    for name, (roc, reliability) in list(found.items())[:MOST_CLASSES]:
        if roc:
            yield picture(
                curves_plot(roc, reliability),
                f"{name}: ROC curve, and how often the class occurs where it is given a probability",
            )


def confusion(result: CasesEvaluation) -> Iterator[str]:
    """Voxels of each class by class, of a single case."""
    if len(result.cases) == 1 and 0 < len(result.cases[0].record["confusion"]["names"]) <= MOST_CLASSES:
        matrix = result.cases[0].record["confusion"]
        rows = [[name, *counts] for name, counts in zip(matrix["names"], matrix["counts"], strict=True)]
        yield table(
            "Voxels of each class of the reference (row) by class of the prediction (column)", ("", *matrix["names"]), rows
        )


def case_table(result: CasesEvaluation, names: Mapping[str, str], figures: list[str]) -> Iterator[str]:
    """Every class of every case."""
    by_method = any(each.case.method for each in result.cases)
    rows: list[list[Cell]] = []
    for each in result.cases:
        for record in each.record["classes"]:
            own: list[Cell] = [names[each.case.name], *([each.case.method] * by_method), record["name"], record["label"]]
            found = numbers_of(record)
            rows.append(own + [record[c] for c in COUNTS] + [_or(found.get(f), record.get("reasons", {}), f) for f in figures])
    header = ("case", *(["method"] * by_method), "class", "label", *COUNTS, *figures)
    yield table("Every class of every case against the rest", header, rows, DEFINITIONS)


def undefined(result: CasesEvaluation, names: Mapping[str, str]) -> Iterator[str]:
    """Which figures are undefined, and why."""
    found: dict[tuple[str, str], list[str]] = {}
    for each in result.cases:
        for record in each.record["classes"]:
            for figure, reason in record.get("reasons", {}).items():
                found.setdefault((figure, reason), []).append(f"{names[each.case.name]} ({record['name']})")
    if not found:
        yield paragraph("None: every figure is defined in every case.")
        return
    yield paragraph("These are left out of means, tests and pictures; they are neither 0 nor 1.")
    rows: list[list[Cell]] = [
        [figure.replace("_", " "), reason, len(cases), ", ".join(cases[:5]) + (", ..." if len(cases) > 5 else "")]
        for (figure, reason), cases in found.items()
    ]
    yield table("Why figures are undefined", ("figure", "reason", "how often", "where"), rows)


def provenance(result: CasesEvaluation, names: Mapping[str, str], figures: list[str], hidden: bool) -> Iterator[str]:
    """Files, definitions, parameters and versions."""
    numbered = {name: number for number, name in enumerate(names, 1)}
    columns = list(dict.fromkeys(column for each in result.cases for column in each.case.files))

    def file(each: CaseFigures, column: str) -> str:
        given = each.case.files.get(column)
        return "" if given is None else f"{column} {numbered[each.case.name]}" if hidden else Path(given).name

    rows: list[list[Cell]] = [
        [names[e.case.name], e.case.method, *(file(e, c) for c in columns), e.record["voxels"], e.record["tolerance_mm"]]
        for e in result.cases
    ]
    header = ("case", "method", *columns, "voxels counted", "tolerance (mm)")
    yield table("Files that each row was computed from", header, rows)
    given = {name: DEFINITIONS[name] for name in (*COUNTS, *figures) if name in DEFINITIONS} | (
        STATISTICS if result.classes else {}
    )
    yield table("Definitions", ("figure", "definition"), [[name.replace("_", " "), text] for name, text in given.items()])
    for record in result.history:
        settings: list[list[Cell]] = [[name, json.dumps(value)] for name, value in _flat(record.parameters)]
        yield table(f"Parameters of {record.operation}, version {record.version}", ("parameter", "value"), settings)
    yield table("Software", ("package", "version"), [[name, version] for name, version in _versions().items()])


def _flat(parameters: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in parameters.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


def _versions() -> dict[str, str]:
    import platform
    from importlib.metadata import version

    packages = {name: version(name) for name in ("numpy", "scipy", "matplotlib")}
    return {"napari-hounsfield": __version__, **packages, "Python": platform.python_version()}
