"""Classes by a table of tissues: ranges of Hounsfield units."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_hounsfield.intensity import SEED_TISSUES, TISSUES, Tissue

TABLES: dict[str, Sequence[Tissue]] = {"default": TISSUES, "seed": SEED_TISSUES}
WIDEST_HALF = 200.0
"""HU inside a range from which a voxel is as sure as can be."""
NARROWEST_HALF = 0.5


def by_table(values: NDArray[Any], tissues: Sequence[Tissue]) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Tissue (from 1) and sureness of values in HU.

    A value in several ranges goes to the narrowest of them, and is not sure; a value in none goes to the nearest, and is not
    sure either. Elsewhere sureness is the distance to the nearer end, as a part of half the range's width.

    Parameters
    ----------
    values
        Of any shape; NaN counts as 0.
    """
    hu = np.nan_to_num(values).astype(np.float32)
    widths = np.array([t.upper - t.lower for t in tissues], np.float32)
    best = np.full(hu.shape, -np.inf, np.float32)
    labels, holding = np.zeros(hu.shape, np.uint8), np.zeros(hu.shape, np.uint8)
    for index in np.argsort(widths, kind="stable"):  # the narrowest that holds a value is the first to come
        depth = np.minimum(hu - np.float32(tissues[index].lower), np.float32(tissues[index].upper) - hu)
        inside = depth >= 0
        taken = (depth > best) & (holding == 0)
        labels[taken] = index + 1
        np.copyto(best, depth, where=taken)
        holding += inside
    half = np.clip(widths / 2, NARROWEST_HALF, WIDEST_HALF)
    sureness = np.clip(best / half[labels - 1], 0, 1)
    sureness[holding != 1] = 0
    return labels, sureness
