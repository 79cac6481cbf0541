"""Which part of an image is kept for the test."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

BLOCK_VOXELS = 16
"""Edge in the plane of the blocks that an image of few slices is divided in."""
FEW_SLICES = 8


class Holdout:
    """Whole slices, or blocks of the plane where there are few slices, drawn at random.

    Parameters
    ----------
    shape
        (z, y, x) of the image.
    share
        Part of the slices or blocks.
    random
        Draws them.
    """

    def __init__(self, shape: tuple[int, ...], share: float, random: np.random.Generator) -> None:
        if shape[0] >= FEW_SLICES:
            self._unit = np.arange(shape[0])[:, None, None]
        else:
            rows, columns = (-(-n // BLOCK_VOXELS) for n in shape[1:])
            blocks = np.arange(rows * columns).reshape(rows, columns)
            plane = blocks.repeat(BLOCK_VOXELS, axis=0).repeat(BLOCK_VOXELS, axis=1)
            self._unit = plane[None, : shape[1], : shape[2]]
        self._tested = np.zeros(int(self._unit.max()) + 1, bool)
        self._tested[random.permutation(len(self._tested))[: round(share * len(self._tested))]] = True

    def leave_some(self, mask: NDArray[np.bool_]) -> None:
        """Where all voxels of a mask (z, y, x) are kept for the test, train on the slice or block that has most of them."""
        sizes = np.zeros(len(self._tested), np.int64)
        unit = np.broadcast_to(self._unit, mask.shape)
        for plane, inside in zip(unit, mask, strict=True):
            sizes += np.bincount(plane[inside], minlength=len(sizes))
        if self._tested[sizes > 0].all():
            self._tested[sizes.argmax()] = False

    def only(self, mask: NDArray[np.bool_], test: bool) -> NDArray[np.bool_]:
        """The voxels of a mask that are in the test part, or those that are not."""
        kept: NDArray[np.bool_] = mask & (self._tested[self._unit] == test)
        return kept
