"""Figures of probabilities: ROC, precision-recall and calibration of each class against the rest, exactly.

Scores are sorted by buckets of their leading bits, and thresholds are walked once, so that areas are of every threshold and not
of a histogram. This takes room for one map (4 bytes a voxel), whatever the number of classes.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.components import slabs
from napari_hounsfield.errors import IntensityError, LabelError
from napari_hounsfield.operation import Progress

from .curves import ClassCurves, ReliabilityBin
from .rates import ALL_REFERENCE, NO_REFERENCE, NOTHING

BINS = 10
"""Bins of calibration, equally wide; each holds its upper end, the first its lower end too (as scikit-learn)."""
POINTS = 256
"""A point of a curve is kept where sensitivity or specificity changes by one part in so many."""
SLACK = 1e-5
"""Probabilities may exceed 1 by rounding."""

Map = NDArray[np.float32]
Masks = Callable[[slice], tuple[NDArray[np.bool_], NDArray[np.bool_]]]
"""For a range of planes: which voxels are of the class, and which are counted."""


def class_curves(label: int, name: str, scores: Map, masks: Masks) -> Generator[Progress, None, ClassCurves]:
    """Measure the probabilities of one class.

    AUC is the share of pairs of a voxel of the class and another one in which the first has the higher score, ties counting one
    half (Hanley and McNeil 1982); average precision the sum of precision times the step of recall over all thresholds, without
    interpolation; Brier the mean squared error; ECE (expected calibration error; Naeini 2015) the mean over bins, weighted by
    their voxels, of the difference between the mean probability and the share of the class.

    Parameters
    ----------
    label, name
        The class.
    scores
        Probabilities (z, y, x), taken as float32.
    masks
        Which voxels are of the class, and which are counted.

    Raises
    ------
    IntensityError
        If a counted probability is NaN or not from 0 to 1.
    """
    from .compiled import BUCKETS, scatter_scores, survey_scores, walk_scores

    buckets, bins = np.zeros(BUCKETS, np.int64), np.zeros((2, BINS), np.int64)
    sums, squares = np.zeros(BINS), np.zeros(1)
    every = slabs(scores.shape)
    for planes in every:
        values, positive, counted = _flat(scores, masks, planes)
        _check(values[counted.view(bool)], name)
        partial, square = np.zeros(BINS), np.zeros(1)  # sums of slabs, so that few roundings add up
        survey_scores(values, positive, counted, buckets, bins, partial, square)
        sums += partial
        squares += square
        yield Progress(0.3 * planes.stop / len(scores))
    total, trues = (int(n) for n in bins.sum(axis=1))
    keys, places = np.empty(total, np.uint32), np.concatenate(([0], np.cumsum(buckets)))
    following = places[:-1].copy()
    for planes in every:
        scatter_scores(*_flat(scores, masks, planes), following, keys)
        yield Progress(0.3 + 0.3 * planes.stop / len(scores))
    state, precision = np.array([trues, total - trues, 0, 0, 0], np.int64), np.zeros(2)
    points, known, done = np.zeros((2 * POINTS + 4, 2), np.int64), 0, 0
    for bucket in np.flatnonzero(buckets):
        inside = keys[places[bucket] : places[bucket + 1]]
        inside.sort()
        known = walk_scores(inside, state, precision, points, known, POINTS)
        if places[bucket + 1] - done > 1_000_000:
            done = int(places[bucket + 1])
            yield Progress(0.6 + 0.4 * done / total)
    figures: dict[str, Any] = {
        "auc": int(state[4]) / (2 * trues * (total - trues)) if trues and total > trues else None,
        "average_precision": float(precision.sum()) / trues if trues else None,
        "brier": float(squares[0]) / total if total else None,
        "ece": calibration_error(bins, sums),
    }
    return ClassCurves(
        label,
        name,
        **figures,
        **_curves(points[:known], trues, total - trues),
        reliability=reliability(bins, sums),
        reasons=_reasons(figures, trues, total),
    )


def top_calibration(
    probabilities: Sequence[Map],
    truth: Callable[[slice], NDArray[np.int64]],
    counted: Callable[[slice], NDArray[np.bool_]],
) -> Generator[Progress, None, float | None]:
    """ECE of the most probable class of each voxel (Guo 2017): None where nothing was counted.

    Parameters
    ----------
    probabilities
        (z, y, x) of each class.
    truth
        For a range of planes, which of the maps is the voxel's class; -1 where none is.
    counted
        For a range of planes, which voxels are counted.
    """
    from .compiled import survey_tops

    bins, sums = np.zeros((2, BINS), np.int64), np.zeros(BINS)
    many, shape = len(probabilities), probabilities[0].shape
    for planes in slabs(shape, 4_000_000 // many):
        scores = np.stack([scores[planes].ravel() for scores in probabilities], dtype=np.float32)
        inside, partial = counted(planes).ravel(), np.zeros(BINS)
        for each in scores:
            _check(each[inside])
        survey_tops(scores, truth(planes).ravel(), inside.view(np.uint8), bins, partial)
        sums += partial
        yield Progress(planes.stop / shape[0])
    return calibration_error(bins, sums)


def maps_by_name(names: Sequence[str], wanted: Mapping[int, Sequence[str]]) -> dict[int, int]:
    """Which map is of which class: keys are those of `wanted`, whose values are the names that a class may go by."""
    plain = [name.strip().casefold() for name in names]
    found = {}
    for key, aliases in wanted.items():
        places = [plain.index(alias.strip().casefold()) for alias in aliases if alias.strip().casefold() in plain]
        if places:
            found[key] = places[0]
    return found


def maps_by_value(many: int, values: Sequence[Sequence[int]]) -> dict[int, int]:
    """Which of so many maps without names is of which class: one for each value from 0 on, from 1 on, or of the only class.

    Parameters
    ----------
    many
        How many maps there are.
    values
        Label values of each class, those of background first.

    Raises
    ------
    LabelError
        If the number of maps does not tell.
    """
    highest = max((value for own in values for value in own), default=0)
    classes = [i for i, own in enumerate(values) if any(own)]
    if many == 1 and len(classes) == 1:
        return {classes[0]: 0}
    if many not in (highest, highest + 1) or many < 2:
        wanted = f"{highest + 1} (values 0 to {highest}) or {highest} (1 to {highest})"
        raise LabelError(f"{many} maps of probabilities without names do not tell their classes: there should be {wanted}")
    first = highest + 1 - many
    return {i: own[0] - first for i, own in enumerate(values) if own and own[0] >= first}


def calibration_error(bins: NDArray[np.int64], sums: NDArray[np.float64]) -> float | None:
    """Sum over bins of |sum of scores - how many were so|, as a share of all."""
    total = int(bins[0].sum())
    return float(np.abs(sums - bins[1]).sum()) / total if total else None


def reliability(bins: NDArray[np.int64], sums: NDArray[np.float64]) -> tuple[ReliabilityBin, ...]:
    """Records of the bins."""
    many = len(sums)
    return tuple(
        ReliabilityBin(k / many, (k + 1) / many, n, float(sums[k]) / n if n else None, int(bins[1, k]) / n if n else None)
        for k, n in enumerate(bins[0].tolist())
    )


def _flat(scores: Map, masks: Masks, planes: slice) -> tuple[Map, NDArray[np.uint8], NDArray[np.uint8]]:
    positive, counted = masks(planes)
    values = np.ascontiguousarray(scores[planes], np.float32).ravel() + np.float32(0)  # -0 becomes 0
    return values, np.ascontiguousarray(positive).ravel().view(np.uint8), np.ascontiguousarray(counted).ravel().view(np.uint8)


def _check(values: Map, name: str = "") -> None:
    if values.size and not (values.min() >= 0 and values.max() <= 1 + SLACK):  # NaN compares as False
        unknown = int(np.isnan(values).sum())
        wrong = f"hold NaN ({unknown} voxels of those looked at)" if unknown else "are not all from 0 to 1"
        raise IntensityError(f"probabilities{f' of {name!r}' if name else ''} {wrong}")


def _curves(points: NDArray[np.int64], trues: int, falses: int) -> dict[str, Any]:
    """Points of both curves, from the highest threshold down."""
    falling = [(int(t), int(f)) for t, f in points[::-1]]
    roc = [(f / falses, t / trues) for t, f in falling] if trues and falses else []
    recall = [(t / trues, t / (t + f)) for t, f in falling] if trues else []
    return {"roc": ((0.0, 0.0), *roc) if roc else (), "precision_recall": tuple(recall)}


def _reasons(figures: Mapping[str, float | None], trues: int, total: int) -> dict[str, str]:
    reason = NOTHING if not total else NO_REFERENCE if not trues else ALL_REFERENCE
    return {name: reason for name, value in figures.items() if value is None}
