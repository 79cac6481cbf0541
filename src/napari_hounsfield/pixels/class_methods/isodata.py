"""ISODATA: centres that are split and merged until every class is compact and apart; the number of classes is found."""

from __future__ import annotations

from collections.abc import Generator
from typing import Self

import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator

from napari_hounsfield.operation import Params, Progress, number, part

from .kmeans import Clustering, class_means, first_centres, nearest_centres, settled

SETTLING = 50
"""Most moves of the centres after the last split or merge."""


class IsodataParams(Params):
    """When classes are split, merged and dissolved. Lengths are in standard deviations of the features."""

    start: int = number(6, 1, 32)
    """Number of centres to begin with."""
    fewest: int = number(2, 1, 32)
    """No merge leaves fewer classes than this."""
    most: int = number(12, 1, 32)
    """No split makes more classes than this."""
    deviation: float = number(0.6, 0.01, 100.0)
    """Split a class whose standard deviation, as a root mean square over the features, is larger than this."""
    distance: float = number(0.3, 0.0, 100.0)
    """Merge two classes whose centres are closer than this, as a root mean square over the features."""
    smallest: float = number(0.01, 0.0, 0.5)
    """Dissolve a class that holds a smaller part of the voxels than this."""
    merges: int = number(2, 1, 16)
    """Most pairs of classes that are merged in one iteration."""
    change: float = number(0.02, 0.0, 0.5)
    """Stop when a smaller part of the voxels than this changes its class, and nothing is split or merged."""
    iterations: int = number(30, 1, 1000)
    """Stop after so many."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.fewest <= self.most:
            raise ValueError(f"fewest {self.fewest} lies above most {self.most}")
        return self


def isodata(
    maps: NDArray[np.float64], params: IsodataParams, count: int, seed: int
) -> Generator[Progress, None, NDArray[np.float64]]:
    """Find centres (classes, features).

    In turn, classes that are too wide are split along their widest feature, and pairs that are too close are merged, after each
    voxel went to its nearest centre, too small classes were dissolved, and each centre moved to the mean of its voxels.

    Parameters
    ----------
    maps
        (features, n), standardised.
    params
        When to split, merge and stop.
    count
        Number of classes that further splits and merges are to end with; 0: as found.
    seed
        Of the first centres.

    References
    ----------
    Ball and Hall, ISODATA, a novel method of data analysis and pattern classification, Stanford Research Institute, 1965. The
    parameters are those of ENVI's classification of that name.
    """
    start = min(max(params.start, params.fewest), params.most)
    centres = first_centres(maps, start, np.random.default_rng(seed))
    labels = np.full(maps.shape[1], -1)
    splits = False
    for done in range(params.iterations):
        yield Progress(0.8 * done / params.iterations, f"{len(centres)} classes")
        found = _dissolved(maps, nearest_centres(maps, centres), params)
        changed = float((found.labels != labels).mean()) if len(found.centres) == len(centres) else 1.0
        labels, centres = found.labels, class_means(maps, found)
        splits = not splits
        ways = (_split, _merged) if splits else (_merged, _split)
        for way in ways:
            centres, altered = way(maps, centres, found.labels, params)
            if altered:
                break
        if not altered and changed <= params.change:
            break
    if count:
        centres = yield from part(_brought_to(maps, centres, count), 0.8, 0.9)
    return (yield from part(settled(maps, centres, SETTLING), 0.9, 1.0)).centres


def _dissolved(maps: NDArray[np.float64], found: Clustering, params: IsodataParams) -> Clustering:
    """Without the classes that are too small, the smallest first; their voxels go to the centres that are nearest then."""
    while len(found.centres) > params.fewest:
        sizes = np.bincount(found.labels, minlength=len(found.centres))
        smallest = int(sizes.argmin())
        if sizes[smallest] >= max(1.0, params.smallest * maps.shape[1]):
            break
        found = nearest_centres(maps, np.delete(found.centres, smallest, axis=0))
    return found


def _split(
    maps: NDArray[np.float64], centres: NDArray[np.float64], labels: NDArray[np.intp], params: IsodataParams
) -> tuple[NDArray[np.float64], bool]:
    """Centres after every class that is too wide, the widest first, became two, and whether there was one."""
    widths, spread, sizes = _widths(maps, centres, labels)
    enough = sizes > 2 * max(1.0, params.smallest * maps.shape[1])
    overall = np.sqrt((widths**2).mean(axis=1))
    wide = (overall > params.deviation) & enough
    if len(centres) > params.start / 2:  # else any that is wide
        wide &= spread >= np.average(spread, weights=sizes)
    order = [int(k) for k in np.argsort(-overall, kind="stable") if wide[k]][: params.most - len(centres)]
    return _halved(centres, widths, order), bool(order)


def _merged(
    maps: NDArray[np.float64], centres: NDArray[np.float64], labels: NDArray[np.intp], params: IsodataParams
) -> tuple[NDArray[np.float64], bool]:
    """Centres after the closest pairs became one each, by their sizes, and whether there was one."""
    sizes = np.bincount(labels, minlength=len(centres)).astype(np.float64)
    pairs: list[tuple[int, int]] = []
    for first, second, distance in _pairs(centres):
        if distance >= params.distance or len(pairs) == min(params.merges, len(centres) - params.fewest):
            break
        if not {first, second} & {index for pair in pairs for index in pair}:
            pairs.append((first, second))
    return _joined(centres, sizes, pairs), bool(pairs)


def _brought_to(
    maps: NDArray[np.float64], centres: NDArray[np.float64], count: int
) -> Generator[Progress, None, NDArray[np.float64]]:
    """Split the widest class, or merge the closest two, until there are so many."""
    while len(centres) != count:
        yield Progress(0.0, f"{len(centres)} classes")
        labels = nearest_centres(maps, centres).labels
        widths, _, sizes = _widths(maps, centres, labels)
        if len(centres) < count:
            centres = _halved(centres, widths, [int((widths.max(axis=1) * np.sqrt(sizes)).argmax())])
        else:
            first, second, _ = next(iter(_pairs(centres)))
            centres = _joined(centres, sizes, [(first, second)])
        centres = (yield from settled(maps, centres, 2)).centres
    return centres


def _widths(
    maps: NDArray[np.float64], centres: NDArray[np.float64], labels: NDArray[np.intp]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Standard deviations (classes, features), mean distance to the centre (classes,) and size (classes,) of each class."""
    widths, spread = np.zeros_like(centres), np.zeros(len(centres))
    for index, centre in enumerate(centres):
        away = maps[:, labels == index] - centre[:, None]
        if away.size:
            widths[index] = np.sqrt((away**2).mean(axis=1))
            spread[index] = np.sqrt((away**2).sum(axis=0)).mean()
    return widths, spread, np.bincount(labels, minlength=len(centres)).astype(np.float64)


def _halved(centres: NDArray[np.float64], widths: NDArray[np.float64], which: list[int]) -> NDArray[np.float64]:
    """Centres of which some became two, a standard deviation apart along their widest feature."""
    made = [centres]
    for index in which:
        feature = widths[index].argmax()
        other = centres[index].copy()
        other[feature] += widths[index, feature] / 2
        made[0] = made[0].copy()
        made[0][index, feature] -= widths[index, feature] / 2
        made.append(other[None])
    return np.concatenate(made)


def _pairs(centres: NDArray[np.float64]) -> list[tuple[int, int, float]]:
    """Pairs of centres and their root mean square distance, the closest first."""
    first, second = np.triu_indices(len(centres), 1)
    distances = np.sqrt(((centres[first] - centres[second]) ** 2).mean(axis=1))
    order = np.argsort(distances, kind="stable")
    return [(int(first[i]), int(second[i]), float(distances[i])) for i in order]


def _joined(centres: NDArray[np.float64], sizes: NDArray[np.float64], pairs: list[tuple[int, int]]) -> NDArray[np.float64]:
    """Centres of which each pair became its mean, weighted by size."""
    made = centres.copy()
    for first, second in pairs:
        weights = np.maximum(sizes[[first, second]], 1)
        made[first] = np.average(centres[[first, second]], axis=0, weights=weights)
    return np.delete(made, [second for _, second in pairs], axis=0)
