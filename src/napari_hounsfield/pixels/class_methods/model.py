"""What every method finds: classes that any voxel can be assigned to."""

from __future__ import annotations

from collections.abc import Generator
from functools import partial
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.operation import Progress
from napari_hounsfield.parallel import in_threads

ROWS = 16_384
"""Voxels that are assigned at once, so that what is computed of them stays in the processor's cache."""


class Assigned(NamedTuple):
    """Of some voxels: class from 1, sureness from 0 (a tie between two classes) to 1, and the share of each class."""

    labels: NDArray[np.uint8]
    sureness: NDArray[np.float32]
    shares: NDArray[np.float32] | None
    """(classes, n), summing to 1; None where it was not asked for."""


class ClassModel(Protocol):
    """Classes found on a sample, by rising mean intensity."""

    def __len__(self) -> int: ...

    def shares(self, maps: NDArray[np.float32]) -> NDArray[np.float32]:
        """How far voxels belong to each class (classes, n), summing to 1, of their features (maps, n) as the image has them."""
        ...


def assign(model: ClassModel, maps: NDArray[np.float32], with_shares: bool = False) -> Generator[Progress, None, Assigned]:
    """Assign voxels to classes, some at a time.

    Parameters
    ----------
    maps
        (maps, n), as the image has them.
    with_shares
        Give the share of every class.
    """
    size = maps.shape[1]
    labels, sureness = np.empty(size, np.uint8), np.empty(size, np.float32)
    shares = np.empty((len(model), size), np.float32) if with_shares else None

    def fill(some: slice) -> float:
        found = model.shares(maps[:, some])
        labels[some], best, second = best_two(found)
        labels[some] += 1
        np.subtract(best, second, out=sureness[some])
        if shares is not None:
            shares[:, some] = found
        return float(min(1.0, some.stop / size))

    for done in in_threads(partial(fill, slice(start, start + ROWS)) for start in range(0, size, ROWS)):
        yield Progress(done, "classes")
    return Assigned(labels, sureness, shares)


def best_two(scores: NDArray[np.floating]) -> tuple[NDArray[np.uint8], NDArray[np.floating], NDArray[np.floating]]:
    """Index of the largest score (classes, n) of every voxel, the first of equals; that score; and the next one, or 0."""
    labels = np.zeros(scores.shape[1], np.uint8)
    best = scores[0].copy()
    second = np.full_like(best, -np.inf if len(scores) > 1 else 0)
    for index, score in enumerate(scores[1:], 1):  # row by row: many times faster than partition along the first axis
        np.maximum(second, np.minimum(best, score), out=second)
        np.maximum(labels, (score > best).view(np.uint8) * np.uint8(index), out=labels)  # the last that was better
        np.maximum(best, score, out=best)
    return labels, best, second
