"""The report of a comparison of models: one HTML file that needs nothing else, made from the record alone."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from napari_hounsfield.evaluation.html import Cell, Missing, bullets, heading, page, paragraph, picture, table
from napari_hounsfield.evaluation.report import NOT_FOR_DIAGNOSIS
from napari_hounsfield.evaluation.report_plots import curves_plot
from napari_hounsfield.operation import Progress, finish

from .comparison_plots import bars_plot, courses_plot
from .fold_figures import FIGURES
from .published import TABLE_3, WARNING
from .score_curves import reliability_points, roc_points

COUNTS = ("tp", "fp", "fn", "tn")
DEFINITIONS = {
    "tp": "images of the positive class that are called so; with no positive class, the sum over the classes",
    "fp": "other images that are called so",
    "fn": "images of the positive class that are called otherwise",
    "tn": "other images that are called otherwise",
    "sensitivity": "SE: tp / (tp + fn); with no positive class the mean over the classes",
    "specificity": "SP: tn / (tn + fp); with no positive class the mean over the classes",
    "accuracy": "AR: share of the images that are given their class",
    "auc": "area under the ROC curve of the probabilities; with no positive class the mean over the classes",
    "p adjusted": "corrected for all pairs of models (Holm 1979)",
}
MOST_CLASSES = 12
"""Classes that curves are drawn of."""

Record = Mapping[str, Any]


def report_html(record: Record) -> str:
    """The text of the report of a record, as `crossvalidation.json` holds it; the same record gives the same bytes."""
    return finish(report_steps(record))


def report_steps(record: Record) -> Generator[Progress, None, str]:
    """As `report_html`, picture by picture."""
    parts: list[str] = []
    for each in _parts(record):
        parts.append(each)
        yield Progress(0.5, "report")
    return page("Comparison of models that recognise images", parts)


def _parts(record: Record) -> Iterator[str]:
    yield paragraph(NOT_FOR_DIAGNOSIS, "warning")
    yield paragraph(_about(record))
    yield bullets(record["notes"])
    yield heading("Pooled figures")
    yield _figures(record, "pooled", TABLE_3, "All images together, each judged by the model that did not learn from its fold")
    yield paragraph(WARNING)
    yield picture(bars_plot({name: model["pooled"] for name, model in record["models"].items()}), "Pooled figures as bars")
    yield from _locked(record)
    if record["comparisons"]:
        yield heading("Models compared")
        yield _compared(record)
    yield heading("Curves")
    yield from _curves(record)
    yield heading("Confusion")
    yield from _confusion(record)
    yield heading("Folds")
    yield _folds(record)
    yield from _courses(record)
    yield heading("Images")
    yield from _near_duplicates(record)
    yield from _unreadable(record)
    yield heading("Undefined figures")
    yield from _undefined(record)
    yield heading("Where the numbers come from")
    yield from _provenance(record)


def _about(record: Record) -> str:
    images, count = record["images"], record["folds"]["count"]
    patients, locked = len(set(images["patient"])), images["fold"].count(None)
    each = ", ".join(f"{images['class'].count(k)} {name}" for k, name in enumerate(record["classes"]))
    said = f"{len(images['row'])} images of {patients} patients: {each}. {count} folds, seed {record['folds']['seed']}"
    said += f"; {locked} images locked away and scored once. " if locked else ". "
    said += f"Positive: {record['positive']}. " if record["positive"] else "Each class against the rest, mean over classes. "
    share, said_of = record["statistics"]["confidence"], record["statistics"]
    return said + f"Intervals of {share:.0%}: of rates {said_of['rates']}; of areas {said_of['auc']}."


def _value(figures: Record, name: str) -> Cell:
    return Missing(figures["reasons"].get(name, "")) if figures[name] is None else figures[name]


def _interval(figures: Record, name: str) -> Cell:
    ends = figures["intervals"][name]
    return Missing(figures["reasons"].get(f"intervals.{name}", "")) if ends is None else f"{ends[0]:.4g} to {ends[1]:.4g}"


def _figures(record: Record, part: str, published: Mapping[str, Mapping[str, float]], caption: str) -> str:
    """A column a model, as the seed's Table 3 has it."""
    models = [model[part] for model in record["models"].values()]
    beside: list[list[Cell]] = [[figures.get(name) for name in FIGURES] for figures in published.values()]
    share, rows = f"{record['statistics']['confidence']:.0%} interval", []
    for place, name in enumerate(FIGURES):
        rows.append([name, *(_value(figures, name) for figures in models), *(column[place] for column in beside)])
        rows.append([share, *(_interval(figures, name) for figures in models), *([None] * len(beside))])
    rows += [[count, *(figures[count] for figures in models), *([None] * len(beside))] for count in COUNTS]
    header = ("", *record["models"], *(f"{name}, as published" for name in published))
    return table(caption, header, rows, {name: model["title"] for name, model in record["models"].items()})


def _locked(record: Record) -> Iterator[str]:
    if any("locked" in model for model in record["models"].values()):
        yield heading("Locked part")
        yield _figures(record, "locked", {}, "Images that were in no fold, judged by models that learned from all others")


def _compared(record: Record) -> str:
    rows: list[list[Cell]] = []
    for each in record["comparisons"]:
        for name in ("mcnemar", "delong"):
            test = each[name]
            cells: list[Cell] = [
                Missing(test["reason"]) if test[k] is None else test[k] for k in ("difference", "statistic", "p", "p_adjusted")
            ]
            rows.append([each["first"], each["second"], test["test"], test["n"], *cells])
    header = ("first", "second", "test", "images", "difference", "statistic", "p", "p adjusted")
    return table("First less second: of accuracies (McNemar), of areas under ROC curves (DeLong)", header, rows, DEFINITIONS)


def _curves(record: Record) -> Iterator[str]:
    """ROC and reliability of the positive class, or of each class, on the images of all folds."""
    classes, images = record["classes"], record["images"]
    open_ = np.array([fold is not None for fold in images["fold"]])
    targets = np.array(images["class"])[open_]
    for place, name in list(enumerate(classes))[:MOST_CLASSES]:
        truth = targets == place
        if record["positive"] in (None, name) and truth.any() and not truth.all():
            scores = {model: np.array(each["probabilities"])[open_, place] for model, each in record["models"].items()}
            roc = {model: [roc_points(each, truth)] for model, each in scores.items()}
            reliability = {model: [reliability_points(each, truth)] for model, each in scores.items()}
            yield picture(
                curves_plot(roc, reliability), f"{name}: ROC curve, and how often it is so where it is given a probability"
            )


def _confusion(record: Record) -> Iterator[str]:
    for name, model in record["models"].items():
        rows = [[label, *counts] for label, counts in zip(record["classes"], model["pooled"]["confusion"], strict=True)]
        yield table(f"{name}: images of each class (row) by what they are called (column)", ("", *record["classes"]), rows)


def _folds(record: Record) -> str:
    rows: list[list[Cell]] = []
    for name, model in record["models"].items():
        for fold in model["folds"]:
            figures = (_value(fold, figure) for figure in FIGURES)
            rows.append([name, fold["fold"], fold["images"], fold["patients"], *(fold[count] for count in COUNTS), *figures])
    header = ("model", "fold", "images", "patients", *COUNTS, *FIGURES)
    return table("Every fold, by a model that learned from the others", header, rows, DEFINITIONS)


def _courses(record: Record) -> Iterator[str]:
    courses = {name: model["courses"] for name, model in record["models"].items() if any(model["courses"])}
    if courses:
        yield heading("Training curves")
        yield picture(courses_plot(courses), "Loss by epoch; a line a fold, dashed of the images held back from training")


def _undefined(record: Record) -> Iterator[str]:
    """Which pooled figures and intervals are undefined, and why; those of folds say it where they are pointed at."""
    rows = [
        [name, figure.replace(".", " of "), reason]
        for name, model in record["models"].items()
        for figure, reason in model["pooled"]["reasons"].items()
    ]
    yield table("Why", ("model", "figure", "reason"), rows) if rows else paragraph("None of the pooled ones.")


def _near_duplicates(record: Record) -> Iterator[str]:
    pairs = record["near_duplicates"]
    if not pairs:
        yield paragraph("No two images that are nearly the same lie in different folds.")
        return
    yield paragraph(
        "Images that are nearly the same lie in different folds: a model was asked about what it had as good as seen. Give them "
        "one patient, or leave one out.",
        "warning",
    )
    yield table("Nearly the same images in different folds, by their rows in the table", *_columns(pairs))


def _unreadable(record: Record) -> Iterator[str]:
    if record["unreadable"]:
        yield table("Rows that were left out", *_columns(record["unreadable"]))
    else:
        yield paragraph("Every image of the table was read.")


def _columns(records: Sequence[Record]) -> tuple[list[str], list[list[Cell]]]:
    """Header and rows of records of the same keys."""
    header = list(records[0])

    def cell(value: Any) -> Cell:
        return ", ".join("locked" if each is None else str(each) for each in value) if isinstance(value, list) else value

    return header, [[cell(each[name]) for name in header] for each in records]


def _provenance(record: Record) -> Iterator[str]:
    yield table("Definitions", ("figure", "definition"), [[name, text] for name, text in DEFINITIONS.items()])
    methods: list[list[Cell]] = [[name, value] for name, value in record["statistics"].items()]
    yield table("Statistics", ("what", "how"), methods)
    settings: list[list[Cell]] = [[name, json.dumps(value)] for name, value in _flat(record["parameters"])]
    yield table("Parameters", ("parameter", "value"), settings)
    yield table("Software", ("package", "version"), [[name, version] for name, version in record["versions"].items()])


def _flat(parameters: Record, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in parameters.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value
