"""The kinds of classifiers, one a file: how each is trained, and rebuilt from what was saved."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import TYPE_CHECKING, Any, Literal, cast, get_args

from numpy.typing import NDArray

from napari_hounsfield.bp import BPNetwork
from napari_hounsfield.bp_params import BPParams
from napari_hounsfield.bp_training import Labelled
from napari_hounsfield.bp_training import fit as fit_network
from napari_hounsfield.operation import Params, Progress

from .boosting import Boosting
from .forest import Forest
from .logistic import Logistic
from .recogniser import Recogniser
from .sample_classifier import SampleClassifier
from .svm import SVM

if TYPE_CHECKING:
    import numpy as np

Kind = Literal["bp", "forest", "svm", "logistic", "boosting"]
"""Names of the kinds: those of the fields of `TrainParams` with their parameters."""
BP: Kind = "bp"
FROM_SAMPLES: dict[Kind, type[SampleClassifier[Any]]] = {
    "forest": Forest,
    "svm": SVM,
    "logistic": Logistic,
    "boosting": Boosting,
}
"""A new kind is a class in a module of its own, listed here and in `Kind`, and the field of its parameters in `TrainParams`."""
TITLES: dict[Kind, str] = {BP: "BP network", **{kind: made.name for kind, made in FROM_SAMPLES.items()}}
"""For people, in the order to offer them in."""

assert set(TITLES) == set(get_args(Kind))


def fitted(
    kind: Kind,
    rows: NDArray[np.float32],
    targets: NDArray[np.int64],
    count: int,
    params: Params,
    seed: int,
    held: Labelled | None = None,
    start: Recogniser | None = None,
) -> Generator[Progress, None, Recogniser]:
    """Train a classifier on samples.

    Parameters
    ----------
    rows, targets
        Features (n, features) and class indices (n,) from 0 to count - 1, each of which there is.
    params
        Of the kind.
    held, start
        As `bp_training.fit` takes them; other kinds make no use of them.
    """
    if kind == BP:
        before = start if isinstance(start, BPNetwork) else None
        return (yield from fit_network(rows, targets, count, cast("BPParams", params), seed, held, before))
    trained = FROM_SAMPLES[kind](rows, targets, params, seed)
    yield from trained.learned()
    return trained


def rebuilt(kind: Kind, tensors: Mapping[str, NDArray[Any]], params: Params, seed: int) -> Recogniser:
    """Rebuild a classifier of a kind from its tensors.

    Raises
    ------
    ModelError
        If the tensors are not those of the kind.
    """
    if kind == BP:
        return BPNetwork.from_tensors(tensors)
    return FROM_SAMPLES[kind].from_tensors(tensors, params, seed)
