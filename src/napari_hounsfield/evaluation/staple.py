"""STAPLE: what readers who are each right to some degree most probably saw."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.operation import Progress

Floats = NDArray[np.float64]

SETTLED = 1e-14
"""Square of the change of every sensitivity and specificity at which the iteration ends."""


@dataclass(frozen=True)
class Staple:
    """Estimates for one class.

    Attributes
    ----------
    probability
        (n,) that the voxels of each combination of readings belong to the class.
    sensitivity, specificity
        (readers,) against the estimated truth; NaN where no voxel is, or every voxel is, of the class.
    iterations
        How many were made.
    converged
        Whether they settled within those allowed.
    """

    probability: Floats
    sensitivity: Floats
    specificity: Floats
    iterations: int
    converged: bool


def staple(decisions: NDArray[np.bool_], counts: NDArray[np.integer], most: int) -> Generator[Progress, None, Staple]:
    """Estimate the truth and the readers together by expectation maximisation (Warfield 2004, IEEE TMI 23, 903).

    The prior is the share of all readings that are of the class, the start their mean, as in SimpleITK's `STAPLEImageFilter`, of
    whose results these are to rounding. Voxels that all readers see alike are alike in the truth too, so that each combination of
    readings is computed once, however many voxels have it.

    Parameters
    ----------
    decisions
        (n, readers): combinations, True where a reader saw the class.
    counts
        (n,) voxels of each.
    most
        Iterations allowed.
    """
    weights = counts.astype(np.float64)
    truth = decisions.mean(axis=1)
    prior = float(truth @ weights / weights.sum())
    before = np.full((2, decisions.shape[1]), np.inf)
    rates = before
    for iteration in range(1, most + 1):
        inside, outside = truth * weights, (1 - truth) * weights
        with np.errstate(invalid="ignore", divide="ignore"):
            rates = np.stack([inside @ decisions / inside.sum(), outside @ ~decisions / outside.sum()])
        sensitivity, specificity = np.nan_to_num(rates, nan=1.0)
        of_class = prior * np.where(decisions, sensitivity, 1 - sensitivity).prod(axis=1)
        of_rest = (1 - prior) * np.where(decisions, 1 - specificity, specificity).prod(axis=1)
        known = of_class + of_rest > 0  # neither: as it was
        truth = np.divide(of_class, of_class + of_rest, out=truth.copy(), where=known)
        settled = bool((np.nan_to_num(rates - before, posinf=1, neginf=1) ** 2 <= SETTLED).all())
        if settled:
            return Staple(truth, rates[0], rates[1], iteration, True)
        before = rates
        yield Progress(min(iteration / 50, 0.99))
    return Staple(truth, rates[0], rates[1], most, False)
