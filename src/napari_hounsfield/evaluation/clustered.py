"""Tests of two methods on cases of which some are of one patient, and so are not independent: whole patients are what varies."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_hounsfield.errors import ParameterError

from .paired import SAME, Areas, Floats, PairedTest, area_test, placements


def clustered_mcnemar(first: ArrayLike, second: ArrayLike, patients: ArrayLike) -> PairedTest:
    """McNemar's test by patient, exact: were the two alike, each patient's differences would as often have the other sign.

    The statistic is how many more cases the first gets right. With one case a patient this is McNemar's exact test.

    Parameters
    ----------
    first, second
        Bool (n,): whether each method was right.
    patients
        Whole numbers (n,): whom each case is of.

    Raises
    ------
    ParameterError
        If they are not of one length.
    """
    ours, theirs, groups = np.asarray(first, bool), np.asarray(second, bool), _groups(patients)
    if not ours.shape == theirs.shape == groups.shape:
        raise ParameterError(f"shapes {ours.shape}, {theirs.shape} and {groups.shape} are no pairs of patients")
    name, n = "McNemar, exact, by patient", ours.size
    more = np.bincount(groups, ours.astype(np.int64) - theirs).astype(np.int64)
    total = int(more.sum())
    difference = total / n if n else None
    if not more.any():
        reason = SAME if np.array_equal(ours, theirs) else "no patient has more right by one of the two"
        return PairedTest(name, n, None, None, difference, reason)
    sums = np.ones(1)  # chance of each sum of so many patients, from the least up by steps of two
    for step in np.abs(more[more != 0]):
        moved = np.zeros(sums.size + step)
        moved[: sums.size] += sums / 2
        moved[step:] += sums / 2
        sums = moved
    reach = sums.size - 1
    as_far = np.abs(2 * np.arange(sums.size) - reach) >= abs(total)
    return PairedTest(name, n, float(total), min(1.0, float(sums[as_far].sum())), difference)


def clustered_areas(scores: ArrayLike, truth: ArrayLike, patients: ArrayLike) -> Areas:
    """Areas under ROC curves and their covariance over patients (Obuchowski 1997); with one case a patient DeLong's.

    Parameters
    ----------
    scores
        (k, n): k scores of n cases, higher for positive.
    truth
        Bool (n,).
    patients
        Whole numbers (n,): whom each case is of.

    Raises
    ------
    ParameterError
        If a score is not finite, lengths differ, or fewer than two patients have positives, or negatives.
    """
    positive, groups = np.asarray(truth, bool), _groups(patients)
    if positive.shape != groups.shape:
        raise ParameterError(f"{groups.size} patients for {positive.size} cases")
    of_positive, of_negative = placements(scores, positive)
    many = int(groups.max(initial=-1)) + 1
    with_positive, with_negative = (len(np.unique(groups[side])) for side in (positive, ~positive))
    if min(with_positive, with_negative) < 2:
        raise ParameterError(
            f"{with_positive} patients with positive and {with_negative} with negative cases: variances of areas need two of each"
        )
    areas = of_positive.mean(axis=1)
    ours = _sums(of_positive - areas[:, None], groups[positive], many)
    theirs = _sums(of_negative - areas[:, None], groups[~positive], many)
    m, n = of_positive.shape[1], of_negative.shape[1]
    mixed = many / (many - 1) * ours @ theirs.T
    covariance = with_positive / (with_positive - 1) * (ours @ ours.T) / m**2
    covariance += with_negative / (with_negative - 1) * (theirs @ theirs.T) / n**2
    return Areas(areas, covariance + (mixed + mixed.T) / (m * n))


def clustered_delong(first: ArrayLike, second: ArrayLike, truth: ArrayLike, patients: ArrayLike) -> PairedTest:
    """DeLong's test over patients (Obuchowski 1997); statistic is z.

    Parameters
    ----------
    first, second
        Scores (n,), higher for positive.
    truth, patients
        As `clustered_areas`.

    Raises
    ------
    ParameterError
        As `clustered_areas`.
    """
    scores = np.stack([np.asarray(first, np.float64), np.asarray(second, np.float64)])
    return area_test("DeLong, by patient", scores.shape[1], clustered_areas(scores, truth, patients))


def _groups(patients: ArrayLike) -> NDArray[np.intp]:
    return np.unique(np.asarray(patients), return_inverse=True)[1].reshape(-1)


def _sums(values: Floats, groups: NDArray[np.intp], many: int) -> Floats:
    return np.stack([np.bincount(groups, row, many) for row in values])
