"""Folds: which images are left out together, with classes in each as in the whole, and no patient divided."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.errors import FormatError, ParameterError


@dataclass(frozen=True, eq=False)
class Folds:
    """Fold (n,) of each image, from 0; -1 where it is locked away."""

    of: NDArray[np.int64]
    count: int
    seed: int


def stratified_folds(
    targets: NDArray[np.int64], patients: NDArray[np.int64], count: int, seed: int, locked: float = 0.0
) -> Folds:
    """Divide images into folds, by patient."""
    from sklearn.model_selection import StratifiedGroupKFold

    if len(np.unique(patients)) < count:
        raise ParameterError(f"folds: {count} of {len(np.unique(patients))} patients; give as many patients or fewer folds")
    of = np.full(len(targets), -1)
    free = np.arange(len(targets))
    if locked:
        parts = StratifiedGroupKFold(max(2, round(1 / locked)), shuffle=True, random_state=seed).split(targets, targets, patients)
        free = next(iter(parts))[0]
    split = StratifiedGroupKFold(count, shuffle=True, random_state=seed)
    for number, (_, left_out) in enumerate(split.split(free, targets[free], patients[free])):
        of[free[left_out]] = number
    return Folds(of, count, seed)


def save_folds(path: str | Path, folds: Folds) -> None:
    """Write folds as JSON."""
    text = json.dumps({"count": folds.count, "seed": folds.seed, "of": folds.of.tolist()})
    Path(path).write_text(text, encoding="utf-8")


def load_folds(path: str | Path) -> Folds:
    """Read folds."""
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
        return Folds(np.array(content["of"], np.int64), int(content["count"]), int(content["seed"]))
    except (ValueError, KeyError, TypeError):
        raise FormatError(f"{Path(path).name}: no folds of a comparison") from None
