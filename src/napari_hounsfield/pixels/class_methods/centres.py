"""Classes by the nearest centre: what k-means and ISODATA find."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .products import product
from .sample import ClassSample

LEAST_DISTANCE = 1e-12
"""Squared; of a voxel that lies on a centre."""


class Centres:
    """Classes by the nearest of some centres in standardised features.

    A voxel's share of a class falls with the square of its distance to the centre, as the membership of fuzzy c-means does.

    Parameters
    ----------
    sample
        What the centres were found on.
    centres
        (classes, features), standardised.

    References
    ----------
    Bezdek, Pattern Recognition with Fuzzy Objective Function Algorithms, 1981 (membership, fuzzifier 2).
    """

    def __init__(self, sample: ClassSample, centres: NDArray[np.float64]) -> None:
        self.centres = centres.astype(np.float32)
        self._mean, self._scale = sample.mean[:, None], sample.scale[:, None]

    def __len__(self) -> int:
        return len(self.centres)

    def shares(self, maps: NDArray[np.float32]) -> NDArray[np.float32]:
        """Membership (classes, n) of voxels by their features (maps, n)."""
        standardised = maps - self._mean
        standardised /= self._scale
        found: NDArray[np.float32] = squared_distances(standardised, self.centres)
        np.maximum(found, np.float32(LEAST_DISTANCE), out=found)
        np.divide(1, found, out=found)
        found /= found.sum(axis=0)
        return found


def squared_distances(maps: NDArray[Any], centres: NDArray[Any]) -> NDArray[Any]:
    """Squared distance (classes, n) of features (features, n) to each centre (classes, features)."""
    found = product(centres, maps)
    found *= -2
    found += np.einsum("ij,ij->i", centres, centres)[:, None]
    found += np.einsum("ij,ij->j", maps, maps)
    np.maximum(found, 0, out=found)
    return found
