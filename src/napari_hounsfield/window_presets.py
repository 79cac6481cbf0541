"""Windows that a radiologist chooses by name, for what an image's numbers mean: HU, SUV, or anything else.

A window in HU or SUV is a pair of limits. Numbers that mean something only within one image, as those of MR, have windows by
percentiles of that image.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .intensity import WINDOWS

Limits = tuple[float, float]

SAMPLED = 200_000
"""Voxels from which percentiles are taken: within a millisecond or two, and to within a hundredth of the width."""


class WindowPreset(NamedTuple):
    """A named window: limits in the image's unit, or percentiles of its values."""

    name: str
    lower: float
    upper: float
    percentiles: bool = False


CT = tuple(WindowPreset(name, *WINDOWS[name]) for name in (*(n for n in WINDOWS if n != "seed"), "seed"))
PET = tuple(WindowPreset(f"SUV 0 to {upper}", 0.0, float(upper)) for upper in (5, 7, 10, 15, 20, 30, 2.5))
"""Ranges of SUV: the lower ones for the brain's surroundings and faint uptake, 0 to 7 and 0 to 10 for whole bodies."""
OTHERS = tuple(
    WindowPreset(f"{lower:g} to {100 - lower:g} %", lower, 100 - lower, True) for lower in (0.5, 0.0, 0.1, 1.0, 2.0, 5.0, 10.0)
)
"""Percentiles, the usual ones first."""


def presets_for(unit: str) -> tuple[WindowPreset, ...]:
    """Presets for images in a unit (`HU`, `SUV`, any other), the most used first."""
    return {"HU": CT, "SUV": PET}.get(unit, OTHERS)


def limits_of(preset: WindowPreset, array: NDArray[Any], valid: NDArray[np.bool_] | None = None) -> Limits:
    """Limits of a preset for one image.

    Parameters
    ----------
    preset
        Whose percentiles are taken of the image, where it has them.
    array
        Values (..., z, y, x).
    valid
        Bool (z, y, x): True where the scanner measured; None: everywhere.
    """
    if not preset.percentiles:
        return preset.lower, preset.upper
    values = sample(array, valid)
    if not values.size:
        return 0.0, 1.0
    lower, upper = (float(p) for p in np.percentile(values, (preset.lower, preset.upper)))
    return lower, upper if upper > lower else lower + 1.0


def sample(array: NDArray[Any], valid: NDArray[np.bool_] | None = None) -> NDArray[Any]:
    """Some of the finite values (n,) inside the scanned field, evenly spread.

    Whole slices are left out before rows and columns are thinned, since files on disk are read slice by slice.
    """
    steps = _steps(array.shape)
    chosen = tuple(slice(step // 2, None, step) for step in steps)
    values = np.asarray(array[chosen])
    inside = np.ones(values.shape, bool) if valid is None else np.broadcast_to(valid[chosen[-3:]], values.shape)
    if values.dtype.kind == "f":
        inside = inside & np.isfinite(values)
    found: NDArray[Any] = values[inside]
    return found


def _steps(shape: Sequence[int]) -> tuple[int, ...]:
    """Every how many-th voxel is taken along each axis, from the first axis on."""
    excess = int(np.prod(shape, dtype=np.int64)) / SAMPLED
    steps = []
    for length in shape:
        step = int(min(max(excess, 1), max(length / 32, 1)))  # 32 places along an axis are enough to know it by
        steps.append(step)
        excess /= step
    return tuple(steps)


def level_and_width(limits: Sequence[float]) -> tuple[float, float]:
    """Middle and extent of a window."""
    lower, upper = float(limits[0]), float(limits[1])
    return (lower + upper) / 2, upper - lower


def limits_around(level: float, width: float) -> Limits:
    """Limits of a window by its middle and its extent."""
    return level - width / 2, level + width / 2


def as_shown(value: float, unit: str, width: float) -> float:
    """A level or width rounded to what can be told apart: whole HU, hundredths of SUV, else a thousandth of the width."""
    decimals = {"HU": 0, "SUV": 2}.get(unit, max(0, 3 - int(np.floor(np.log10(max(width, 1e-12))))))
    return round(value, decimals)
