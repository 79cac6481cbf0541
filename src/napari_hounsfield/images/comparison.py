"""What a comparison of models gives: one record from which every number of tables and report follows, and what it cost."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.evaluation.text_table import text_table
from napari_hounsfield.operation import Progress

from .crossvalidate_params import CrossValidateParams
from .fold_figures import CONFIDENCE, FIGURES, figures_of
from .fold_outcome import FoldOutcome
from .folds import LOCKED, Folds
from .model_comparisons import comparisons_of
from .prepared import PreparedImages

Outcomes = Mapping[str, Sequence[FoldOutcome]]
"""By model: of each fold, then of the locked part if there is one."""
BY_PATIENT = {
    "rates": "percentile bootstrap of patients, 2000 times",
    "auc": "DeLong's variance over patients (Obuchowski 1997)",
    "mcnemar": "exact, whole patients exchanged",
    "delong": "over patients (Obuchowski 1997)",
}
BY_IMAGE = {
    "rates": "Wilson's score interval",
    "auc": "DeLong's variance",
    "mcnemar": "exact below 25 images that differ, else chi-squared with continuity correction",
    "delong": "of correlated areas",
}


@dataclass(frozen=True)
class Comparison:
    """Models compared on the same folds.

    Attributes
    ----------
    record
        JSON-ready, the content of `crossvalidation.json`: `models`, by name, each with `pooled` and `folds`; `comparisons`; and
        what they follow from. No times, names of files or patients: images go by their rows.
    cost
        Seconds and memory of each model and fold.
    """

    record: Mapping[str, Any]
    cost: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        """The record."""
        return dict(self.record)

    def table(self) -> list[str]:
        """Lines of the pooled figures, and of the comparisons."""
        return table_of(self.record)


def record_of(
    images: PreparedImages, rows: Sequence[int], folds: Folds, outcomes: Outcomes, titles: Mapping[str, str], positive: str
) -> Generator[Progress, None, dict[str, Any]]:
    """The part of the record that follows from the models' probabilities.

    Parameters
    ----------
    images
        What was classified.
    rows
        Row of the table of each image.
    folds
        Of the images.
    outcomes
        What each model said.
    titles
        Of each model, for people.
    positive
        The positive class, or empty.
    """
    classes, by_patient = list(images.classes), len(np.unique(images.patients)) < len(images)
    open_, locked = ~folds.locked, folds.locked
    models: dict[str, Any] = {}
    pooled: dict[str, NDArray[np.float64]] = {}

    def figures(chosen: NDArray[np.bool_], probabilities: NDArray[np.float64]) -> dict[str, Any]:
        targets, patients = images.targets[chosen], images.patients[chosen]
        return figures_of(targets, probabilities[chosen], patients, classes, positive, by_patient)

    for done, (name, parts) in enumerate(outcomes.items()):
        every = np.zeros((len(images), len(classes)))
        for fold, part in enumerate(parts):
            every[folds.of == (fold if fold < folds.count else LOCKED)] = part.probabilities
        pooled[name] = every[open_]
        of_folds = []
        for fold in range(folds.count):
            yield Progress(done / len(outcomes), f"figures of {name}")
            of_folds.append({"fold": fold + 1} | figures(folds.of == fold, every))
        models[name] = {
            "title": titles[name],
            "pooled": figures(open_, every),
            "folds": of_folds,
            **({"locked": figures(locked, every)} if locked.any() else {}),
            "courses": [[list(point) for point in part.course] for part in parts],
            "probabilities": every.tolist(),
        }
    place = classes.index(positive) if positive else None
    compared = comparisons_of(pooled, images.targets[open_], images.patients[open_], place, by_patient)
    return {
        "classes": classes,
        "positive": positive or None,
        "statistics": {"confidence": CONFIDENCE, **(BY_PATIENT if by_patient else BY_IMAGE), "correction": "Holm"},
        "folds": {"count": folds.count, "seed": folds.seed},
        "models": models,
        "comparisons": compared,
        "images": {
            "row": list(rows),
            "class": images.targets.tolist(),
            "patient": images.patients.tolist(),
            "fold": [int(fold) + 1 if fold >= 0 else None for fold in folds.of],
        },
    }


def cost_of(outcomes: Outcomes, count: int) -> dict[str, Any]:
    """Seconds and memory of each model and fold."""
    models: dict[str, dict[str, Any]] = {
        name: {
            "seconds": round(sum(part.seconds for part in parts), 3),
            "peak_memory_mb": max((part.peak_memory_mb for part in parts if part.peak_memory_mb is not None), default=None),
            "folds": [
                {"fold": fold + 1 if fold < count else None, "seconds": part.seconds, "peak_memory_mb": part.peak_memory_mb}
                for fold, part in enumerate(parts)
            ],
        }
        for name, parts in outcomes.items()
    }
    return {"seconds": round(sum(each["seconds"] for each in models.values()), 3), "models": models}


def table_of(record: Mapping[str, Any]) -> list[str]:
    """Lines of the pooled figures of a record, and of its comparisons."""
    pooled = {name: model["pooled"] for name, model in record["models"].items()}
    rows = [
        [name, *(cell for figure in FIGURES for cell in (f[figure], _ends(f["intervals"][figure])))] for name, f in pooled.items()
    ]
    lines = text_table(("model", *(head for name in ("SE", "SP", "AR", "AUC") for head in (name, "95 % interval"))), rows)
    if any("locked" in model for model in record["models"].values()):
        locked = [[name, *(model["locked"][figure] for figure in FIGURES)] for name, model in record["models"].items()]
        lines += ["", "on the locked part", *text_table(("model", "SE", "SP", "AR", "AUC"), locked)]
    tested = [
        [
            f"{c['first']} - {c['second']}",
            *(c[test][key] for test in ("mcnemar", "delong") for key in ("difference", "p_adjusted")),
        ]
        for c in record["comparisons"]
    ]
    if tested:
        lines += ["", *text_table(("compared", "AR", "p (McNemar)", "AUC", "p (DeLong)"), tested)]
    positive = f"{record['positive']} is positive" if record["positive"] else "mean over classes, each against the rest"
    folds = record["images"]["fold"]
    locked_away = f", {folds.count(None)} more locked away" if None in folds else ""
    said = f"{len(folds) - folds.count(None)} images in {record['folds']['count']} folds{locked_away}; {positive}"
    lines += ["", f"{said}; p by Holm's correction. Not for diagnosis."]
    return lines + [f"row {each['row']} left out: {each['reason']}" for each in record.get("unreadable", ())]


def described(params: CrossValidateParams) -> dict[str, Any]:
    """Parameters that what the models say depends on: all but which are compared, and what is positive."""
    return params.model_dump(mode="json", exclude={"models", "positive"})


def _ends(interval: Sequence[float] | None) -> str:
    return "-" if interval is None else f"{interval[0]:.3f}-{interval[1]:.3f}"
