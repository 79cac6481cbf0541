"""Learning a pixel classifier from samples whose features are there: of one image, or of several."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.bp import BPNetwork
from napari_hounsfield.errors import LabelError
from napari_hounsfield.operation import Progress, part

from .calibration import fitted_temperature
from .classifier import PixelClassifier
from .classifiers import BP, fitted
from .stroke_parts import hold_back
from .train_params import TrainParams


@dataclass(frozen=True, eq=False)
class PaintedSamples:
    """Painted voxels and what a classifier sees of them.

    Attributes
    ----------
    rows
        Features (n, maps): those that the classifier takes (`TrainParams.kept`), in that order.
    values
        Label (n,), positive.
    strokes
        Number (n,) of the stroke that each belongs to, unlike in all images (`stroke_parts.stroke_numbers`).
    testing
        (n,) those that are only tested on; None: what `TrainParams.holdout` holds back.
    slices
        (n,) number of the slice, unlike in all images; only for folds by slice.
    """

    rows: NDArray[np.float32]
    values: NDArray[np.integer]
    strokes: NDArray[np.integer]
    testing: NDArray[np.bool_] | None = None
    slices: NDArray[np.integer] | None = None

    def some(self, chosen: NDArray[Any]) -> PaintedSamples:
        """Those of a mask, or of places; all to learn from."""
        slices = None if self.slices is None else self.slices[chosen]
        return PaintedSamples(self.rows[chosen], self.values[chosen], self.strokes[chosen], None, slices)


def learn(
    samples: PaintedSamples,
    classes: Mapping[int, str],
    params: TrainParams,
    unit: str = "",
    modality: str = "",
    start: PixelClassifier | None = None,
) -> Generator[Progress, None, PixelClassifier]:
    """Learn a classifier from painted samples.

    Parameters
    ----------
    samples
        Of at least two classes.
    classes
        Name of each label value that is painted.
    params
        With resolved features.
    unit, modality
        Of the images.
    start
        A BP network to go on from, where it fits: trained on the same maps with as many hidden units. It may know fewer classes
        or others; those of the same name keep what was learned. The result then depends on it, not on samples and seed alone.

    Returns
    -------
    PixelClassifier
        With figures on what was held back (on nothing, where nothing was), and the loss curve of the BP network in `course`.

    Raises
    ------
    LabelError
        If fewer than two classes are painted.
    """
    values = sorted(int(v) for v in np.unique(samples.values))
    if len(values) < 2:
        raise LabelError(f"{len(values)} classes are painted, at least two are needed")
    names = {value: classes[value] for value in values}
    targets = np.searchsorted(values, samples.values).astype(np.int64)
    learned, watched, tested = _parts(samples, params)
    kind, recipe = params.classifier, params.chosen

    def fit(chosen: NDArray[np.bool_], held: NDArray[np.bool_] | None, before: Any) -> Any:
        watching = None if held is None or not held.any() else (samples.rows[held], targets[held])
        return fitted(kind, samples.rows[chosen], targets[chosen], len(values), recipe, params.seed, watching, before)

    end = 0.5 if params.refit else 0.9
    recogniser = yield from part(fit(learned, watched, _going_on(start, names, params)), 0.0, end)
    temperature, figures = 1.0, {}
    looked_at = watched | tested
    if looked_at.any():
        found = yield from part(recogniser.steps(samples.rows[looked_at]), end, end + 0.05)
        if params.calibrate:
            chosen = watched[looked_at] if watched.any() else tested[looked_at]
            temperature = fitted_temperature(found[chosen], targets[looked_at][chosen])
        judged = tested[looked_at]
        if judged.any():
            figures = figures_on(found[judged].argmax(axis=1), targets[tested], names)
    own = samples.testing is None
    everything = learned | watched if not own else np.ones(len(targets), bool)
    if params.refit and (everything & ~learned).any():
        before = recogniser if isinstance(recogniser, BPNetwork) else None
        refitted = yield from part(fit(everything, None, before), end + 0.05, 1.0)
        recogniser = replace(refitted, course=recogniser.course) if before is not None else refitted
    counts = {
        part_name: {name: int((samples.values[chosen] == value).sum()) for value, name in names.items()}
        for part_name, chosen in (("train", everything if params.refit else learned), ("test", tested))
    }
    return PixelClassifier(params, names, recogniser, unit, modality, counts, figures, temperature)


def catch_up(samples: PaintedSamples, last: PixelClassifier) -> Generator[Progress, None, PixelClassifier]:
    """Go on learning from more samples, for which half of the work of `learn` is enough.

    Parameters
    ----------
    samples
        Of the classes of `last`, and all to learn from.
    last
        A BP network. Its temperature, and its figures with the number of samples that they are of, stay as they are.
    """
    values = list(last.classes)
    targets = np.searchsorted(values, samples.values).astype(np.int64)
    params, start = last.params, last.recogniser
    recogniser = yield from fitted(BP, samples.rows, targets, len(values), params.chosen, params.seed, None, start)
    assert isinstance(recogniser, BPNetwork)
    assert isinstance(start, BPNetwork)
    train = {name: int((samples.values == value).sum()) for value, name in last.classes.items()}
    counts = {**last.counts, "train": train}
    return replace(last, recogniser=replace(recogniser, course=start.course), counts=counts)


def _parts(samples: PaintedSamples, params: TrainParams) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
    """Samples to learn from, to watch (for early stopping and calibration), and to test on.

    What is held back is watched and tested on. Where test samples are given, they are not watched, and a network that stops
    early watches a part of the others.
    """
    random = np.random.default_rng(params.seed)
    if samples.testing is None:
        held = hold_back(samples.values, samples.strokes, params.holdout, random)
        return ~held, held, held
    learned, watched = ~samples.testing, np.zeros(len(samples.testing), bool)
    if params.classifier == BP and params.bp.patience and params.holdout:
        places = np.flatnonzero(learned)
        watched[places] = hold_back(samples.values[places], samples.strokes[places], params.holdout, random)
    return learned & ~watched, watched, samples.testing


def figures_on(
    predicted: NDArray[np.integer],
    targets: NDArray[np.integer],
    classes: Mapping[int, str],
    judged: NDArray[np.integer] | None = None,
) -> dict[str, Any]:
    """Figures of samples as `evaluate` gives them, per class and as means over them; both arrays are class indices.

    `judged` are the indices of the classes that have figures: those that no sample is of have none; None: all.
    """
    from napari_hounsfield.evaluation.figures import figures_of, macro_means

    values = np.asarray(list(classes))
    listed = classes if judged is None else {int(value): classes[int(value)] for value in values[judged]}
    of_classes = figures_of(values[predicted], values[targets], listed)
    records = [{f.name: getattr(c, f.name) for f in fields(c)} | {"reasons": dict(c.reasons)} for c in of_classes]
    return {"classes": records, "macro": macro_means(of_classes)}


def _going_on(start: PixelClassifier | None, classes: Mapping[int, str], params: TrainParams) -> BPNetwork | None:
    """The network to go on from, with an output for each class; None where it does not fit."""
    if start is None or params.classifier != BP or not isinstance(start.recogniser, BPNetwork):
        return None
    network, known = start.recogniser, list(start.classes.values())
    widths = [len(bias) for bias in network.biases[:-1]]
    same_maps = start.params.features == params.features and start.params.kept == params.kept
    if not same_maps or widths != [int(h) for h in params.bp.hidden]:
        return None
    return network.with_outputs([known.index(name) if name in known else None for name in classes.values()])
