"""Principal components of descriptions: what of many numbers can be learned from few images."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.errors import ModelError


@dataclass(frozen=True, eq=False)
class Principal:
    """A projection onto the components in which the training images differ most."""

    centre: NDArray[np.float32]
    """(numbers,) mean of the training images."""
    components: NDArray[np.float32]
    """(components, numbers), of length 1."""

    @classmethod
    def of(cls, rows: NDArray[np.float32], most: int) -> Self:
        """Components of rows (n, numbers), at most `most`; their signs are such that the largest weight is positive."""
        from scipy.linalg import eigh

        centre = rows.mean(axis=0, dtype=np.float64)
        different = rows - centre
        last = len(rows) - 1
        # Images are fewer than numbers: what spans them is found in a matrix of images by images.
        values, vectors = eigh(different @ different.T, subset_by_index=(max(0, last + 1 - most), last))
        count = int(np.sum(values > 1e-9 * values[-1]))
        spanned = vectors[:, ::-1][:, :count].T @ different
        components = spanned / np.linalg.norm(spanned, axis=1, keepdims=True)
        largest = np.take_along_axis(components, np.abs(components).argmax(axis=1)[:, None], axis=1)
        return cls(centre.astype(np.float32), (components * np.sign(largest)).astype(np.float32))

    def of_rows(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Projected rows (n, components)."""
        return np.asarray((rows - self.centre) @ self.components.T, np.float32)

    def tensors(self) -> dict[str, NDArray[np.float32]]:
        """Everything to save, by name."""
        return {"centre": self.centre, "components": self.components}

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, NDArray[Any]]) -> Self:
        """Rebuild from `tensors`; ModelError where they are not those of a projection."""
        centre, components = tensors.get("centre"), tensors.get("components")
        if centre is None or components is None or components.ndim != 2 or centre.shape != components.shape[1:]:
            raise ModelError("the tensors hold no projection onto principal components")
        return cls(centre, components)
