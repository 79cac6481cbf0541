"""How much of its surroundings each class fills: by count in a ball, or weighed by a Gaussian."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.components import Box
from napari_hounsfield.grid import Grid

from .metric import Offsets, ball, passes

Scores = NDArray[np.float32]
CUT = 3.0
"""Standard deviations after which a Gaussian ends."""


def surrounded(array: NDArray[Any], box: Box, reach: Sequence[int]) -> NDArray[Any]:
    """A box of an array with what lies around it; beyond the array its last voxels go on."""
    wanted = [(s.start - r, s.stop + r) for s, r in zip(box, reach, strict=True)]
    beyond = [(max(0, -start), max(0, stop - n)) for (start, stop), n in zip(wanted, array.shape, strict=True)]
    z, y, x = (slice(start + before, stop - after) for (start, stop), (before, after) in zip(wanted, beyond, strict=True))
    inner = array[z, y, x]
    return np.pad(inner, beyond, mode="edge") if any(map(any, beyond)) else inner


@dataclass(frozen=True, eq=False)
class Ball:
    """Every voxel of a ball counts the same."""

    offsets: Offsets

    @classmethod
    def of(cls, grid: Grid, radius: float, axes: Sequence[int]) -> Ball:
        """The ball of a radius in mm within some axes."""
        return cls(ball(grid, radius, axes))

    @property
    def reach(self) -> tuple[int, int, int]:
        """Voxels that are looked at to either side along (z, y, x)."""
        return self.offsets.reach

    @property
    def total(self) -> float:
        """The score of a class that fills everything."""
        return float(len(self.offsets.steps))

    def scores(self, mask: NDArray[np.bool_]) -> Scores:
        """Scores of a mask, whose edge of the width `reach` is looked at only."""
        from .compiled import count

        reach = np.array(self.reach)
        steps = self.offsets.steps + reach
        lines, place = np.unique(steps[:, :2], axis=0, return_inverse=True)
        starts, stops = np.full(len(lines), np.iinfo(np.int64).max), np.zeros(len(lines), np.int64)
        np.minimum.at(starts, place.ravel(), steps[:, 2])
        np.maximum.at(stops, place.ravel(), steps[:, 2] + 1)
        found = np.empty(tuple(np.array(mask.shape) - 2 * reach), np.int32)
        count(np.ascontiguousarray(mask).view(np.uint8), found, np.column_stack([lines, starts, stops]))
        return found.astype(np.float32)


@dataclass(frozen=True, eq=False)
class Gaussian:
    """A voxel counts the less the further it is."""

    rounds: list[Offsets]
    sigma: float

    @classmethod
    def of(cls, grid: Grid, sigma: float, axes: Sequence[int]) -> Gaussian:
        """The Gaussian of a standard deviation in mm within some axes."""
        return cls(passes(grid, CUT * sigma, axes), sigma)

    @property
    def reach(self) -> tuple[int, int, int]:
        """Voxels that are looked at to either side along (z, y, x)."""
        z, y, x = (max((offsets.reach[axis] for offsets in self.rounds), default=0) for axis in range(3))
        return z, y, x

    @property
    def total(self) -> float:
        """The score of a class that fills everything."""
        return 1.0

    def scores(self, mask: NDArray[np.bool_]) -> Scores:
        """Scores of a mask, whose edge of the width `reach` is looked at only."""
        from .compiled import weigh

        source = np.ascontiguousarray(mask, np.float32)
        for offsets in self.rounds:
            weights = np.exp(-0.5 * offsets.squares / self.sigma**2)
            reach = np.array(offsets.reach)
            target = np.empty(tuple(np.array(source.shape) - 2 * reach), np.float32)
            weigh(source, target, offsets.steps + reach, (weights / weights.sum()).astype(np.float32))
            source = target
        return source
