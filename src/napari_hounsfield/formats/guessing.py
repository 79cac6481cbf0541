"""Whether an image is meant as labels, where its format does not tell the two apart."""

from __future__ import annotations

import numpy as np

from napari_hounsfield.volume import Volume

FEW_VALUES = 32
"""Different values, 0 among them, that labels have at the most; with more, an image is taken for one."""
LOOKED_AT = 2_000_000
"""Voxels that are looked at, evenly spread."""


def looks_like_labels(volume: Volume) -> bool:
    """Whether an image has no unit, and holds few whole numbers from 0 up and nothing else."""
    if volume.unit not in ("", "stored value") or volume.axes != "zyx" or volume.array.dtype.kind not in "iuf":
        return False
    step = max(1, round((volume.array.size / LOOKED_AT) ** (1 / 3)))
    found = np.unique(volume.array[::step, ::step, ::step])
    if not 1 < len(found) <= FEW_VALUES:
        return False
    return bool(found[0] == 0 and np.isfinite(found).all() and (found == np.round(found)).all())
