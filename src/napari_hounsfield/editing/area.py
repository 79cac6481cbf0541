"""Where edits may write: not into locked classes, only over some of them, only where the image is in a range of values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class EditableArea:
    """Voxels that edits may change; without arguments all of them.

    Attributes
    ----------
    over
        Label values that may be painted over; None: all.
    image
        (z, y, x), voxel on voxel with the labels; None: its values do not matter.
    low, high
        Both belong to the range of values that may be changed.
    """

    over: frozenset[int] | None = None
    image: NDArray[Any] | None = None
    low: float = -np.inf
    high: float = np.inf

    @property
    def everywhere(self) -> bool:
        """Whether nothing is left out."""
        return self.over is None and self.image is None

    def allows(
        self, old: NDArray[Any], new: NDArray[Any] | int, image: NDArray[Any] | None, locked: Iterable[int] = ()
    ) -> NDArray[np.bool_] | None:
        """Which voxels may change; None: all.

        Parameters
        ----------
        old
            Labels of the voxels in question.
        new
            What they would become: an array of the same shape, or one value for all.
        image
            Image values there, where the area has an image.
        locked
            Label values that no voxel may get or lose.
        """
        allowed: NDArray[np.bool_] | None = None
        for value in locked:
            allowed = _both(allowed, (old != value) & np.asarray(new != value))
        if self.over is not None:
            allowed = _both(allowed, np.isin(old, list(self.over)))
        if image is not None:
            allowed = _both(allowed, (image >= self.low) & (image <= self.high))
        return allowed


EVERYWHERE = EditableArea()


def _both(one: NDArray[np.bool_] | None, other: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return other if one is None else one & other
