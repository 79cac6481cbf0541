"""How well a classifier does on strokes that it has not seen: cross-validation in which no stroke is divided."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.errors import LabelError
from napari_hounsfield.operation import Params, Progress, number, part

from .calibration import calibration_error, fitted_temperature, tempered
from .learning import PaintedSamples, figures_on, learn
from .stroke_parts import whole_folds
from .train_params import TrainParams


class ValidationParams(Params):
    """How the strokes are divided."""

    folds: int = number(5, 2, 50)
    """Parts that are left out in turn."""
    by: Literal["strokes", "slices"] = "strokes"
    """What is never divided; slices are the stricter, because strokes of a slice are alike."""
    seed: int = number(0, 0, 2**31 - 1)
    """Of the division."""


@dataclass(frozen=True)
class CrossValidation:
    """Figures of every sample, found by classifiers that did not learn its stroke.

    Attributes
    ----------
    figures
        As `evaluate` gives them: `classes` and their means `macro`.
    temperature
        That makes the probabilities as frequent as they say (`PixelClassifier.temperature`).
    calibration_error
        Expected error of the most probable class's probability at that temperature.
    counts
        Samples judged, by class name. Of a class of one stroke (or slice) there are none.
    """

    figures: Mapping[str, Any] = field(repr=False)
    temperature: float
    calibration_error: float
    counts: Mapping[str, int]

    @property
    def dice(self) -> float | None:
        """Mean Dice over the classes."""
        value: float | None = self.figures["macro"]["dice"]
        return value

    def to_json(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "figures": self.figures,
            "temperature": self.temperature,
            "calibration_error": self.calibration_error,
            "counts": dict(self.counts),
        }


def cross_validate(
    samples: PaintedSamples, classes: Mapping[int, str], params: TrainParams, validation: ValidationParams | None = None
) -> Generator[Progress, None, CrossValidation]:
    """Estimate how a classifier does on what is not painted, fold by fold.

    Parameters
    ----------
    samples
        Painted samples (`training.painted_samples`); test samples among them are left out.
    classes
        Name of each label value.
    params
        As for `learn`. A network that stops early holds back a part of what it learns from, and learns that too in the end.

    Raises
    ------
    LabelError
        If no class has two strokes (or slices).
    """
    validation = validation or ValidationParams()
    if samples.testing is not None:
        samples = samples.some(~samples.testing)
    wholes = samples.strokes if validation.by == "strokes" else samples.slices
    if wholes is None:
        raise LabelError("samples do not say what slice they lie in")
    fold_of = whole_folds(samples.values, wholes, validation.folds, np.random.default_rng(validation.seed))
    folds = [fold for fold in range(validation.folds) if (fold_of == fold).any()]
    if len(folds) < 2:
        raise LabelError(f"no class has two {validation.by}: nothing to leave out")
    values = sorted({int(v) for v in np.unique(samples.values)})
    targets = np.searchsorted(values, samples.values).astype(np.int64)
    alike = params.model_copy(update={"calibrate": False, "refit": True})
    found = np.zeros((len(targets), len(values)), np.float32)
    for done, fold in enumerate(folds):
        left_out = fold_of == fold
        steps = _found(samples, classes, alike, left_out, len(values))
        found[left_out] = yield from part(steps, done / len(folds), (done + 1) / len(folds))
    judged = fold_of >= 0
    temperature = fitted_temperature(found[judged], targets[judged])
    error = calibration_error(tempered(found[judged], temperature), targets[judged])
    names = {value: classes[value] for value in values}
    figures = figures_on(found[judged].argmax(axis=1), targets[judged], names, np.unique(targets[judged]))
    counts = {name: int((samples.values[judged] == value).sum()) for value, name in names.items()}
    return CrossValidation(figures, temperature, error, counts)


def _found(
    samples: PaintedSamples, classes: Mapping[int, str], params: TrainParams, left_out: NDArray[np.bool_], count: int
) -> Generator[Progress, None, NDArray[np.float32]]:
    """Probabilities of the samples left out."""
    model = yield from part(learn(samples.some(~left_out), classes, params), 0.0, 0.9)
    assert model.recogniser.outputs == count
    return (yield from part(model.recogniser.steps(samples.rows[left_out]), 0.9, 1.0))
