"""Whether what a reader gave is right: compared with the truth in patient coordinates, or as declared refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import permutations, product

import numpy as np
from numpy.typing import NDArray

from .truth import Expected, Truth

PLACE = 0.02
"""Corners of other readers' volumes may be off by so many mm: NIfTI keeps its affine in single precision."""
RESAMPLED = 0.1
"""A resampled volume may be off by so many mm, by what its values say of the place (they are rounded)."""


@dataclass(frozen=True, eq=False)
class Found:
    """One volume that a reader gave."""

    array: NDArray
    """(z, y, x), (t, z, y, x), (z, y, x, rgb) or (t, z, y, x, rgb), or any order of the spatial axes that the affine tells."""
    affine: NDArray
    """4x4 from the spatial axes, in their order, to patient mm (L, P, S); NaN where the reader does not say."""
    axes: str = "zyx"
    unit: str = ""


@dataclass(frozen=True)
class Outcome:
    """What a reader did with an input."""

    volumes: tuple[Found, ...] = ()
    errors: tuple[str, ...] = ()
    """Why something was refused."""
    warnings: str = ""
    """All that it said."""
    skipped: tuple[str, ...] = field(default=())


def verdict(truth: Truth, outcome: Outcome) -> str:
    """Verdict on another reader: `right`, `refused`, `warned` (wrong, and something was said) or `wrong` (and silent)."""
    if not outcome.volumes:
        return "refused"
    for wanted in (truth.volumes, truth.instead):
        for volumes in (list(outcome.volumes), _apart(outcome.volumes)):
            missing, extra = _compared(wanted, volumes)
            if wanted and not extra and (not missing or outcome.errors):
                return "refused" if missing else "right"
    return "warned" if outcome.warnings.strip() or outcome.errors else "wrong"


def _compared(wanted: Sequence[Expected], found: list[Found]) -> tuple[int, list[Found]]:
    """How many volumes are missing, and those that are none of them."""
    missing = 0
    for expected in wanted:
        matching = _matching(expected, found)
        missing += not matching
        found = [one for one in found if not any(one is m for m in matching)]
    return missing, found


def _apart(found: Sequence[Found]) -> list[Found]:
    """Volumes stacked along a fourth axis, one by one."""
    return [Found(a, f.affine, f.axes[1:], f.unit) for f in found for a in (f.array if f.axes[0] == "t" else [])] + [
        f for f in found if f.axes[0] != "t"
    ]


def _matching(expected: Expected, found: Sequence[Found]) -> list[Found]:
    """The volume that is the expected one, or the volumes that are its time points."""
    for one in found:
        if same(expected, one):
            return [one]
    if not expected.axes.startswith("t"):
        return []
    points = [Expected(a, expected.affine, expected.axes[1:], spacing=expected.spacing, within=expected.within,
                       also=tuple(o[t] for o in expected.also)) for t, a in enumerate(expected.array)]  # fmt: skip
    chosen: list[Found] = []
    for point in points:
        match = next((one for one in found if not any(one is c for c in chosen) and same(point, one)), None)
        if match is None:
            return []
        chosen.append(match)
    return chosen


def same(expected: Expected, found: Found) -> bool:
    """Whether the values lie where they should, however the axes run; or are resampled rightly."""
    if expected.ramp and found.axes == "zyx" and _resampled_rightly(expected.ramp, found):
        return True
    if expected.axes == "none":
        return False
    wanted = [expected.array, *expected.also]
    if expected.affine is None or np.isnan(found.affine).all():
        return any(_same_picture(expected, array, found) for array in wanted)
    if len(expected.axes) != len(found.axes):
        return False
    return any(_equal(expected, array, moved) for moved in _moved(expected, found) for array in wanted)


def _moved(expected: Expected, found: Found) -> list[NDArray]:
    """The found values on the expected lattice: every flip and permutation whose corners agree."""
    first = expected.axes.index("z")
    shape = expected.array.shape[first : first + 3]
    start = found.axes.index("z")
    results = []
    for order in permutations(range(3)):
        if tuple(found.array.shape[start + i] for i in order) != shape:
            continue
        for flips in product((False, True), repeat=3):
            step = np.zeros((4, 4))
            step[3, 3] = 1
            for axis, (of, flip) in enumerate(zip(order, flips, strict=True)):
                step[of, axis] = -1 if flip else 1
                step[of, 3] = shape[axis] - 1 if flip else 0
            if _corners_agree(expected.affine, found.affine @ step, shape):
                axes = [*range(start), *(start + i for i in order), *range(start + 3, found.array.ndim)]
                moved = found.array.transpose(axes)
                results.append(np.flip(moved, [start + i for i in range(3) if flips[i]]))
    return results


def _corners_agree(first: NDArray | None, second: NDArray, shape: Sequence[int]) -> bool:
    assert first is not None
    corners = np.array([(*index, 1) for index in product(*[(0, n - 1) for n in shape])], float)
    return bool(np.abs(corners @ (first - second).T).max() <= PLACE)


def _equal(expected: Expected, wanted: NDArray, found: NDArray) -> bool:
    """Equal values, in the scanned field."""
    if wanted.shape != found.shape:
        return False
    if expected.any_order:
        left = list(found)
        for point in wanted:
            match = next((i for i, other in enumerate(left) if _close(point, other, expected)), None)
            if match is None:
                return False
            del left[match]
        return True
    return _close(wanted, found, expected)


def _close(wanted: NDArray, found: NDArray, expected: Expected) -> bool:
    allowed = max(expected.within, 1e-5 * float(np.abs(wanted).max()))
    off = np.abs(wanted.astype(float) - found.astype(float))
    if expected.valid is not None:
        off = off[..., expected.valid]
    return bool((off <= allowed).all())  # NaN is not close


def _same_picture(expected: Expected, wanted: NDArray, found: Found) -> bool:
    """Equal pictures whose rows may be stored from below, as NIfTI has them; frames may stand for time or for slices."""
    colour = expected.axes.endswith("c")
    if colour != found.axes.endswith("c"):
        return False
    flat = wanted.reshape(-1, *wanted.shape[-3 if colour else -2 :])
    array = found.array
    start = found.axes.index("z")
    lengths = np.linalg.norm(found.affine[:3, :3], axis=0)
    for order in ((0, 1, 2), (0, 2, 1)):
        moved = array.transpose([*range(start), *(start + i for i in order), *range(start + 3, array.ndim)])
        moved = moved.reshape(-1, *moved.shape[start + 1 :])
        says_spacing = np.isfinite(lengths).all()
        if says_spacing and expected.spacing and not np.allclose(lengths[list(order)][1:], expected.spacing, rtol=1e-4):
            continue
        if any(_equal(expected, flat, turned) for turned in (moved, moved[:, ::-1])):
            return True
    return False


def _resampled_rightly(ramp: Sequence[float], found: Found) -> bool:
    """Whether values that grow linearly through the patient are found at their place on another lattice.

    What was not scanned has one value; where the two meet, a few voxels may be of both.
    """
    index = np.stack(np.meshgrid(*map(np.arange, found.array.shape), indexing="ij"), axis=-1)
    points = index @ found.affine[:3, :3].T + found.affine[:3, 3]
    slope = np.array(ramp[:3])
    inside = np.abs(found.array - points @ slope - ramp[3]) <= RESAMPLED * np.linalg.norm(slope)
    values, counts = np.unique(found.array[~inside], return_counts=True)
    filled = counts.max() if len(values) else 0
    return bool(inside.mean() > 0.3 and inside.sum() + filled > 0.9 * inside.size)
