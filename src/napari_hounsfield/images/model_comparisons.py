"""Whether models differ on the same images: McNemar of what they get right, DeLong of areas, corrected for all pairs."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from napari_hounsfield.errors import ParameterError
from napari_hounsfield.evaluation.clustered import clustered_delong, clustered_mcnemar
from napari_hounsfield.evaluation.paired import PairedTest, adjusted, delong, mcnemar

from .fold_figures import called_class

if TYPE_CHECKING:
    import numpy as np

TESTS = ("mcnemar", "delong")
NO_POSITIVE = "areas are compared where one class is the positive one"


def comparisons_of(
    probabilities: Mapping[str, NDArray[np.float64]],
    targets: NDArray[np.int64],
    patients: NDArray[np.int64],
    positive: int | None,
    by_patient: bool,
) -> list[dict[str, Any]]:
    """Compare every pair of models.

    Parameters
    ----------
    probabilities
        (n, classes) of each model, by name.
    targets, patients
        Class index and patient (n,).
    positive
        Index of the class whose probabilities DeLong's test is of; None: no such test.
    by_patient
        Whether whole patients vary: where some have several images.

    Returns
    -------
    list of dict
        `first`, `second`, and `mcnemar` and `delong`, each with `test`, `n`, `statistic`, `p`, `p_adjusted` (Holm, over
        all pairs), `difference` (first less second, of accuracies and of areas) and `reason` where p is None.
    """
    found: list[dict[str, Any]] = []
    for first, second in combinations(probabilities, 2):
        ours, theirs = probabilities[first], probabilities[second]
        right, also = called_class(ours) == targets, called_class(theirs) == targets
        hits = clustered_mcnemar(right, also, patients) if by_patient else mcnemar(right, also)
        areas = _areas(ours, theirs, targets, patients if by_patient else None, positive)
        found.append({"first": first, "second": second, "mcnemar": hits.to_json(), "delong": areas.to_json()})
    for test in TESTS:
        for each, p in zip(found, adjusted([each[test]["p"] for each in found], "holm"), strict=True):
            each[test]["p_adjusted"] = p
    return found


def _areas(
    ours: NDArray[np.float64],
    theirs: NDArray[np.float64],
    targets: NDArray[np.int64],
    patients: NDArray[np.int64] | None,
    positive: int | None,
) -> PairedTest:
    if positive is None:
        return PairedTest("DeLong", len(targets), None, None, None, NO_POSITIVE)
    first, second, truth = ours[:, positive], theirs[:, positive], targets == positive
    try:
        return delong(first, second, truth) if patients is None else clustered_delong(first, second, truth, patients)
    except ParameterError as error:
        return PairedTest("DeLong", len(targets), None, None, None, str(error))
