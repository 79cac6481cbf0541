"""What a classifier has seen: the nearest examples, and whether an image is like any of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.errors import ModelError

NEIGHBOURS = 5
USUAL = 0.99
"""Part of the training images that are taken for like the others."""


@dataclass(frozen=True, eq=False)
class Familiar:
    """Training images as the model sees them.

    Attributes
    ----------
    embeddings
        float32 (n, k).
    targets
        Class index (n,).
    rows
        Row (n,) of the training table, by which examples are named.
    """

    embeddings: NDArray[np.float32]
    targets: NDArray[np.int64]
    rows: NDArray[np.int64]

    def nearest(self, embeddings: NDArray[np.float32], count: int = NEIGHBOURS) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """Places (m, count) of the nearest training images, the nearest first, and their distances (m, count)."""
        distances = _distances(self._scaled(embeddings), self._scaled(self.embeddings))
        order = np.argsort(distances, axis=1, kind="stable")[:, :count]
        return order, np.take_along_axis(distances, order, axis=1)

    def unlikeness(self, embeddings: NDArray[np.float32]) -> NDArray[np.float64]:
        """How far images (m,) are from the nearest training images, in terms of what is usual among these: above 1 is unusual.

        The mean distance to the nearest five by that which 99 % of the training images keep to the others.
        """
        _, distances = self.nearest(embeddings)
        unlikeness: NDArray[np.float64] = distances.mean(axis=1) / self._usual
        return unlikeness

    @cached_property
    def _usual(self) -> float:
        scaled = self._scaled(self.embeddings)
        distances = np.sort(_distances(scaled, scaled), axis=1)[:, 1 : NEIGHBOURS + 1]  # the first is the image itself
        return max(float(np.quantile(distances.mean(axis=1), USUAL)), 1e-12) if distances.size else 1.0

    def _scaled(self, embeddings: NDArray[np.float32]) -> NDArray[np.float64]:
        """In terms of the spread of each number among the training images."""
        spread = self.embeddings.std(axis=0, dtype=np.float64)
        scaled: NDArray[np.float64] = embeddings / np.where(spread > 1e-6, spread, 1.0)
        return scaled

    def tensors(self) -> dict[str, NDArray[Any]]:
        """Everything to save, by name."""
        return {"embeddings": self.embeddings, "targets": self.targets, "rows": self.rows}

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, NDArray[Any]], classes: int) -> Self:
        """Rebuild from `tensors`; ModelError where they do not fit together."""
        found = [tensors.get(name) for name in ("embeddings", "targets", "rows")]
        embeddings, targets, rows = found
        if embeddings is None or targets is None or rows is None:
            raise ModelError("the training images are missing")
        fits = embeddings.ndim == 2 and len(embeddings) and targets.shape == rows.shape == embeddings.shape[:1]
        if not fits or targets.dtype.kind != "i" or targets.min() < 0 or targets.max() >= classes:
            raise ModelError("the training images do not fit the classes")
        return cls(embeddings, targets, rows)


def _distances(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """Euclidean distances (m, n)."""
    from scipy.spatial.distance import cdist

    distances: NDArray[np.float64] = cdist(one, other)
    return distances
