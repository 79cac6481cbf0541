"""Models learn fold by fold: from all images but those of a fold, and are asked about these."""

from __future__ import annotations

from collections.abc import Generator, Sequence

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.errors import ParameterError
from napari_hounsfield.memory import peak_memory, restart_peak
from napari_hounsfield.operation import Progress, part

from .fold_outcome import FoldOutcome
from .fold_store import FoldStore
from .folds import LOCKED, Folds
from .models.model import ModelKind
from .prepared import PreparedImages
from .recipe import ImageRecipe
from .time_left import TimeLeft, in_words

Places = NDArray[np.intp]
LEARNING = 0.95
"""What of a fold is learning; the rest is asking."""


def learned_outcomes(
    images: PreparedImages,
    kinds: Sequence[ModelKind],
    folds: Folds,
    recipe: ImageRecipe,
    seed: int,
    store: FoldStore | None = None,
) -> Generator[Progress, None, dict[str, list[FoldOutcome]]]:
    """What each kind of model says of each fold, and of the locked part, which it never learned from.

    Parameters
    ----------
    images
        With known classes.
    kinds
        Of models.
    folds
        Of the images.
    recipe, seed
        Of learning.
    store
        Where what is finished is kept.

    Raises
    ------
    ParameterError
        If a kind takes no volumes and the images are such.
    """
    if images.volumes and (flat := [kind.name for kind in kinds if not kind.volumes]):
        raise ParameterError(f"models: {flat[0]} takes images, not volumes; slices 0 takes the middle slice of each")
    parts = [*range(folds.count), *([LOCKED] if folds.locked.any() else [])]
    found: dict[str, list[FoldOutcome | None]] = {}
    for kind in kinds:
        shapes = [(len(folds.split(fold)[1]), len(images.classes)) for fold in parts]
        stored = (None if store is None else store.get(kind.name, *each) for each in zip(parts, shapes, strict=True))
        found[kind.name] = list(stored)
    clock = TimeLeft({name: outcomes.count(None) for name, outcomes in found.items()})
    for name, outcomes in found.items():
        for outcome in outcomes:
            if outcome is not None:
                clock.known(name, outcome.seconds)
    # what is locked away is asked about last of all
    order = sorted(((place, kind) for kind in kinds for place in range(len(parts))), key=lambda one: parts[one[0]] == LOCKED)
    for done, (place, kind) in enumerate(order):
        if found[kind.name][place] is None:
            fold = parts[place]
            said = f"{kind.name}, locked part" if fold == LOCKED else f"{kind.name}, fold {fold + 1} of {folds.count}"
            steps = _timed(_outcome(images, kind, folds.split(fold), recipe, seed), clock, kind.name, said)
            outcome = yield from part(steps, done / len(order), (done + 1) / len(order))
            found[kind.name][place] = outcome
            if store is not None:
                store.put(kind.name, fold, outcome)
    return {name: [each for each in outcomes if each is not None] for name, outcomes in found.items()}


def _outcome(
    images: PreparedImages, kind: ModelKind, split: tuple[Places, Places], recipe: ImageRecipe, seed: int
) -> Generator[Progress, None, FoldOutcome]:
    """Learn from the images of one side, and ask about those of the other."""
    learning, asked = (images.some(places) for places in split)
    model = yield from part(kind.learn(learning, recipe, seed), 0, LEARNING)
    probabilities = yield from part(model.steps(asked.array), LEARNING, 1)
    return FoldOutcome.of(kind.name, probabilities, (len(asked), len(images.classes)), model.course)


def _timed(
    steps: Generator[Progress, None, FoldOutcome], clock: TimeLeft, model: str, said: str
) -> Generator[Progress, None, FoldOutcome]:
    """The same steps, with the time that is left in words; the outcome has what it took."""
    clock.begin()
    restart_peak()
    while True:
        try:
            progress = next(steps)
        except StopIteration as end:
            outcome: FoldOutcome = end.value
            held = peak_memory()
            return outcome.after(clock.done(model), None if held is None else held >> 20)
        left = in_words(clock.seconds(model, progress.fraction))
        yield Progress(progress.fraction, f"{said}, {left}" if left else said)
