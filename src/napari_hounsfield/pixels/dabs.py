"""Dabs of a round brush, spread over what may be painted on."""

from __future__ import annotations

from collections.abc import Generator

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.operation import Progress

TRIES = 6
"""Places that are looked at for each dab; the one that gives the fullest dab, farthest from others, is taken."""
APART = 4.0
"""Brushes between two dabs of a slice beyond which more distance is no better."""


class Dabs:
    """Paints on an array, slice by slice in turn.

    Parameters
    ----------
    into
        Labels (z, y, x) to paint on, in place.
    allowed
        Mask (z, y, x) of the voxels that may be painted; those that were are taken out of it.
    spacing
        Voxel size (y, x) in mm.
    brush
        Diameter in mm.
    random
        Draws slices and places.
    """

    def __init__(
        self,
        into: NDArray[np.integer],
        allowed: NDArray[np.bool_],
        spacing: tuple[float, float],
        brush: float,
        random: np.random.Generator,
    ) -> None:
        self._into, self._allowed, self._brush, self._random = into, allowed, brush, random
        self._reach = [int(brush / 2 / step) for step in spacing]
        self._spacing = np.array(spacing)
        rows, columns = (np.arange(-reach, reach + 1) * step for reach, step in zip(self._reach, spacing, strict=True))
        self._distance = np.hypot(rows[:, None], columns)
        self._disc = self._distance <= brush / 2 + 1e-9
        self._places: dict[int, NDArray[np.intp]] = {}
        self._dabbed: dict[int, list[tuple[int, int]]] = {}

    def painted(self, value: int, wanted: int) -> Generator[Progress, None, int]:
        """Paint so many voxels, or all that may be; returns how many were."""
        left = np.count_nonzero(self._allowed, axis=(1, 2))
        wanted = min(wanted, int(left.sum()))
        if wanted == 0:
            return 0
        slices = np.flatnonzero(left)
        used = self._spread(slices, -(-wanted // int(self._disc.sum())))
        spare = list(self._random.permutation(np.setdiff1d(slices, used)))
        turn, done = list(used), 0
        while done < wanted:
            yield Progress(done / wanted, "samples")
            if not turn:
                turn = spare[:1]
                spare = spare[1:]
            for z in list(turn):
                if done == wanted:
                    break
                done += self._dab(int(z), value, wanted - done)
                if not self._allowed[z].any():
                    turn.remove(z)
        return done

    def _spread(self, slices: NDArray[np.intp], dabs: int) -> NDArray[np.intp]:
        """As many slices as there are to be dabs, evenly spread over those that have any room."""
        count = min(len(slices), dabs)
        steps = (np.arange(count) + self._random.random()) * len(slices) / count
        return np.unique(slices[steps.astype(int) % len(slices)])

    def _dab(self, z: int, value: int, most: int) -> int:
        """Paint one dab of at most so many voxels on a slice; returns how many it has."""
        if z not in self._places:
            self._places[z] = np.flatnonzero(self._allowed[z])
            self._dabbed[z] = []
        plane = self._allowed[z].reshape(-1)
        drawn = self._places[z][self._random.integers(0, len(self._places[z]), TRIES)]
        drawn = drawn[plane[drawn]]
        if not drawn.size:  # most of the slice is painted
            self._places[z] = self._places[z][plane[self._places[z]]]
            drawn = self._places[z][self._random.integers(0, len(self._places[z]), TRIES)]
        columns = self._allowed.shape[2]
        tried = [self._around(z, int(place) // columns, int(place) % columns) for place in drawn]
        best = max(tried, key=lambda dab: dab[0])
        _, centre, rows, cols, distances = best
        nearest = np.argsort(distances, kind="stable")[:most]
        rows, cols = rows[nearest], cols[nearest]
        self._into[z, rows, cols] = value
        self._allowed[z, rows, cols] = False
        self._dabbed[z].append(centre)
        return len(rows)

    def _around(
        self, z: int, row: int, column: int
    ) -> tuple[float, tuple[int, int], NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]:
        """How good a dab at a place is; the place; rows, columns and distances of its voxels, which hang together."""
        from scipy.ndimage import label

        up, left = max(0, row - self._reach[0]), max(0, column - self._reach[1])
        window = self._allowed[z, up : row + self._reach[0] + 1, left : column + self._reach[1] + 1]
        corner = up - row + self._reach[0], left - column + self._reach[1]
        cut = tuple(slice(start, start + size) for start, size in zip(corner, window.shape, strict=True))
        parts, _ = label(window & self._disc[cut])
        rows, columns = np.nonzero(parts == parts[row - up, column - left])
        others = (np.array([(row, column)]) - self._dabbed[z]) * self._spacing if self._dabbed[z] else np.full((1, 2), np.inf)
        away = float(np.linalg.norm(others, axis=1).min())
        worth = len(rows) / self._disc.sum() + min(1.0, away / (APART * self._brush))
        return float(worth), (row, column), rows + up, columns + left, self._distance[cut][rows, columns]
