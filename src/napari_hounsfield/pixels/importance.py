"""What moves a classifier: how much worse it does on strokes held back when a feature is shuffled."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.errors import LabelError
from napari_hounsfield.feature_maps import KINDS
from napari_hounsfield.feature_params import FeatureParams
from napari_hounsfield.operation import Params, Progress, number, part

from .learning import PaintedSamples, learn
from .recogniser import Recogniser
from .stroke_parts import hold_back
from .train_params import TrainParams

MOST_ROWS = 50_000
"""Shuffled samples recognised in one go."""


class ImportanceParams(Params):
    """How often features are shuffled, and on how much."""

    repeats: int = number(10, 1, 1000)
    """Shuffles of each feature."""
    holdout: float = number(0.33, 0.05, 0.9)
    """Part of each class's strokes that is not learned from, and shuffled."""
    seed: int = number(0, 0, 2**31 - 1)
    """Of the shuffles and the strokes held back."""


@dataclass(frozen=True)
class Shuffled:
    """What shuffling one feature, or all of one kind together, costs.

    Attributes
    ----------
    name
        Of the map, or of the kind.
    drop
        Mean loss of balanced accuracy over the shuffles; about 0, or below, where the feature does not matter.
    spread
        Standard deviation over the shuffles.
    """

    name: str
    drop: float
    spread: float
    maps: tuple[str, ...]
    """Names of the maps that were shuffled."""

    def to_json(self) -> dict[str, Any]:
        """JSON-ready."""
        return {"name": self.name, "drop": self.drop, "spread": self.spread, "maps": list(self.maps)}


@dataclass(frozen=True)
class Importance:
    """Permutation importance of features.

    Attributes
    ----------
    accuracy
        Balanced accuracy on the strokes held back, with nothing shuffled.
    maps
        Of each map, in the order of the maps.
    kinds
        Of all maps of a kind shuffled together: features that are much alike stand in for each other, so that each alone
        seems to matter little.

    References
    ----------
    Breiman: Random Forests, 2001, section 10.
    """

    accuracy: float
    maps: tuple[Shuffled, ...]
    kinds: tuple[Shuffled, ...]

    def keep(self, least: float = 0.0) -> str:
        """Maps that matter, as `TrainParams.keep` takes them.

        Those whose shuffling costs more than `least`; of a kind that matters while none of its maps does alone, all; in any case
        the most important one.
        """
        lost = {one.name: one.drop for one in self.maps}
        chosen = {name for name, drop in lost.items() if drop > least}
        for kind in self.kinds:
            if kind.drop > least and not chosen & set(kind.maps):
                chosen |= set(kind.maps)
        chosen = chosen or {max(lost, key=lambda name: lost[name])}
        return "; ".join(name for name in lost if name in chosen)

    def to_json(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "accuracy": self.accuracy,
            "maps": [one.to_json() for one in self.maps],
            "kinds": [one.to_json() for one in self.kinds],
        }


def importance(
    samples: PaintedSamples, classes: Mapping[int, str], params: TrainParams, how: ImportanceParams | None = None
) -> Generator[Progress, None, Importance]:
    """Find what each feature is worth to a classifier: learn without some strokes, then shuffle each feature on these.

    Parameters
    ----------
    samples, classes, params
        As for `learn`.

    Raises
    ------
    LabelError
        If no strokes can be held back.
    """
    how = how or ImportanceParams()
    if samples.testing is not None:
        samples = samples.some(~samples.testing)
    random = np.random.default_rng(how.seed)
    held = hold_back(samples.values, samples.strokes, how.holdout, random)
    if not held.any():
        raise LabelError("too few strokes are painted to hold any back")
    alike = params.model_copy(update={"calibrate": False, "refit": True})
    model = yield from part(learn(samples.some(~held), classes, alike), 0.0, 0.4)
    rows, values = samples.rows[held], samples.values[held]
    truth = np.searchsorted(list(model.classes), values)
    names = params.kept
    groups = [(name, [column]) for column, name in enumerate(names)]
    groups += [(kind, [names.index(name) for name in of_kind]) for kind, of_kind in kinds_of(params.features, names).items()]
    found = yield from part(model.recogniser.steps(rows), 0.4, 0.41)
    accuracy = balanced_accuracy(found.argmax(axis=1), truth)
    costs = []
    for number_done, (name, columns) in enumerate(groups):
        step = 0.59 / len(groups)
        steps = _shuffled(model.recogniser, rows, truth, columns, how.repeats, random)
        scores = yield from part(steps, 0.41 + step * number_done, 0.41 + step * (number_done + 1))
        costs.append(Shuffled(name, float(accuracy - scores.mean()), float(scores.std()), tuple(names[c] for c in columns)))
    return Importance(accuracy, tuple(costs[: len(names)]), tuple(costs[len(names) :]))


def _shuffled(
    recogniser: Recogniser,
    rows: NDArray[np.float32],
    truth: NDArray[np.intp],
    columns: list[int],
    repeats: int,
    random: np.random.Generator,
) -> Generator[Progress, None, NDArray[np.float64]]:
    """Balanced accuracy (repeats,) with some features shuffled, all alike, from voxel to voxel."""
    scores: list[float] = []
    together = max(1, MOST_ROWS // len(rows))
    while len(scores) < repeats:
        count = min(together, repeats - len(scores))
        several = np.tile(rows, (count, 1))
        orders = np.concatenate([random.permutation(len(rows)) for _ in range(count)])
        for column in columns:
            several[:, column] = rows[orders, column]
        steps = recogniser.steps(several)
        found = (yield from part(steps, len(scores) / repeats, (len(scores) + count) / repeats)).argmax(axis=1)
        scores += [balanced_accuracy(one, truth) for one in found.reshape(count, -1)]
    return np.array(scores)


def balanced_accuracy(found: NDArray[np.integer], truth: NDArray[np.integer]) -> float:
    """Mean over the classes of the part of their samples that is found."""
    return float(np.mean([(found[truth == value] == value).mean() for value in np.unique(truth)]))


def kinds_of(features: FeatureParams, names: list[str]) -> dict[str, list[str]]:
    """Names of the maps of each kind, of those that are taken."""
    kinds: dict[str, list[str]] = {}
    for kind in KINDS:
        of_kind = set(kind.names(features))
        taken = [name for name in names if name in of_kind]
        if taken:
            kinds[kind.__name__.lower()] = taken
    for channel in features.channels:
        of_channel = kinds_of(channel.features, channel.own(names))
        kinds |= {f"{channel.name}: {kind}": [f"{channel.name}: {n}" for n in taken] for kind, taken in of_channel.items()}
    return kinds
