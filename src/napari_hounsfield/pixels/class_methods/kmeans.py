"""k-means: centres that leave the least squared distance to their voxels."""

from __future__ import annotations

from collections.abc import Generator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.operation import Progress, part

from .centres import squared_distances
from .products import inner_product

RESTARTS = 3
"""Fits from other first centres, of which the best is taken."""
ITERATIONS = 100
SHIFT = 1e-4
"""Centres that move less than this, as a mean square, have settled; features have standard deviation 1."""


class Clustering(NamedTuple):
    """Centres, the nearest of them for every voxel, and what is left."""

    centres: NDArray[np.float64]
    """(classes, features)"""
    labels: NDArray[np.intp]
    """From 0."""
    distances: NDArray[np.float64]
    """Squared, of every voxel to its centre."""

    @property
    def inertia(self) -> float:
        """Sum of the squared distances."""
        return float(self.distances.sum())


def kmeans(maps: NDArray[np.float64], count: int, seed: int, restarts: int = RESTARTS) -> Generator[Progress, None, Clustering]:
    """Divide voxels into a number of classes.

    Parameters
    ----------
    maps
        (features, n), standardised.
    count
        Number of classes; at least as many voxels must differ.
    seed
        Of the first centres.
    restarts
        How often it is begun anew.

    References
    ----------
    Lloyd, IEEE Trans. Inf. Theory 28, 1982; first centres: Arthur and Vassilvitskii, k-means++, SODA 2007, the best of some
    candidates each.
    """
    random = np.random.default_rng(seed)
    best: Clustering | None = None
    for done in range(restarts):
        steps = settled(maps, first_centres(maps, count, random))
        found = yield from part(steps, done / restarts, (done + 1) / restarts)
        if best is None or found.inertia < best.inertia:
            best = found
    assert best is not None
    return best


def first_centres(maps: NDArray[np.float64], count: int, random: np.random.Generator) -> NDArray[np.float64]:
    """Centres (count, features) that are voxels far from each other, drawn by their squared distance to those before."""
    candidates = 2 + int(np.log(count))
    places = [int(random.integers(maps.shape[1]))]
    (nearest,) = squared_distances(maps, maps[:, places].T)
    for _ in range(1, count):
        sums = np.cumsum(nearest)
        drawn = np.searchsorted(sums, random.random(candidates) * sums[-1]).clip(max=maps.shape[1] - 1)
        closer = np.minimum(nearest, squared_distances(maps, maps[:, drawn].T))
        chosen = int(closer.sum(axis=1).argmin())
        places.append(int(drawn[chosen]))
        nearest = closer[chosen]
    return np.ascontiguousarray(maps[:, places].T)


def settled(
    maps: NDArray[np.float64], centres: NDArray[np.float64], iterations: int = ITERATIONS
) -> Generator[Progress, None, Clustering]:
    """Move centres to the mean of their voxels until they stay."""
    found = nearest_centres(maps, centres)
    for done in range(iterations):
        yield Progress(done / iterations, f"{len(centres)} classes")
        moved = class_means(maps, found)
        shift = ((moved - found.centres) ** 2).mean()
        before, found = found.labels, nearest_centres(maps, moved)
        if shift <= SHIFT**2 or np.array_equal(before, found.labels):
            break
    return found


def nearest_centres(maps: NDArray[np.float64], centres: NDArray[np.float64]) -> Clustering:
    """The nearest centre of every voxel, the first of equals."""
    distances = squared_distances(maps, centres)
    labels = distances.argmin(axis=0)
    return Clustering(centres, labels, np.take_along_axis(distances, labels[None], axis=0)[0])


def class_means(maps: NDArray[np.float64], found: Clustering) -> NDArray[np.float64]:
    """Mean (classes, features) of the voxels of each class; one without any takes the voxel farthest from its own centre."""
    members = (found.labels == np.arange(len(found.centres))[:, None]).astype(np.float64)
    sizes = members.sum(axis=1)
    means: NDArray[np.float64] = inner_product(members, maps) / np.maximum(sizes, 1)[:, None]
    empty = np.flatnonzero(sizes == 0)
    if empty.size:
        means[empty] = maps[:, np.argsort(-found.distances, kind="stable")[: empty.size]].T
    return means
