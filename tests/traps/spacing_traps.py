"""Planes that are not evenly spaced, or not stacked along their normal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import radians, tan
from pathlib import Path

import numpy as np

from .truth import Expected, Truth, either, read, refuse, trap
from .writing import AXIAL, INTERCEPT, RAMP, Lattice, decimals, hu, pattern, ramp, save, stack, turned

POSITION = "ImagePositionPatient"


def _tilted(folder: Path, degrees: float, tag: str | None, lattice: Lattice = AXIAL, order: int = 1) -> Truth:
    """Planes stacked along a direction that leans towards the column direction; the values tell the place."""
    shift = np.array(lattice.column) * lattice.spacing[0] * tan(radians(degrees))
    lattice = replace(lattice, step=tuple(lattice.steps + shift))
    stored = ramp(lattice.points((7, 12, 10)))
    save(folder, stack(stored, lattice, GantryDetectorTilt=tag)[::order])
    return read(hu(stored, lattice, ramp=RAMP), says=["tilt"])


@trap("gantry tilt +25, tag right")
def tilt_plus(folder: Path) -> Truth:
    return _tilted(folder, 25, "25")


@trap("gantry tilt -25, tag right")
def tilt_minus(folder: Path) -> Truth:
    return _tilted(folder, -25, "-25")


@trap("gantry tilt +25, tag missing")
def tilt_unsaid(folder: Path) -> Truth:
    return _tilted(folder, 25, None)


@trap("gantry tilt -25, tag 0")
def tilt_denied(folder: Path) -> Truth:
    return _tilted(folder, -25, "0")


@trap("gantry tilt -18, tag of the other sign, slices from head to feet")
def tilt_wrong_sign(folder: Path) -> Truth:
    return _tilted(folder, -18, "18", order=-1)


@trap("gantry tilt as scanners write it: planes oblique, table straight")
def tilt_oblique(folder: Path) -> Truth:
    """The plane is turned about x and the table moves along S."""
    plane = turned(AXIAL, 20, 0, 0)
    lattice = replace(plane, step=(0.0, 0.0, 3.0))
    stored = ramp(lattice.points((7, 12, 10)))
    save(folder, stack(stored, lattice, GantryDetectorTilt="20"))
    return read(hu(stored, lattice, ramp=RAMP), says=["tilt"])


@trap("tilt tag 15, planes upright")
def tilt_claimed(folder: Path) -> Truth:
    stored = ramp(AXIAL.points((7, 12, 10)))
    save(folder, stack(stored, GantryDetectorTilt="15"))
    return read(hu(stored, ramp=RAMP))


def _uneven(folder: Path, z: Sequence[float], thickness: list[str] | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Planes at these distances in slice spacings; returns stored values and positions of the first voxels."""
    points = AXIAL.points((1, 12, 10)) + np.array(z)[:, None, None, None] * AXIAL.steps
    stored = ramp(points)
    save(folder, stack(stored, z=z, **({"SliceThickness": thickness} if thickness else {})))
    return stored, points[:, 0, 0]


def _resampled(z: Sequence[float]) -> Expected:
    """No right answer but a resampled one."""
    stored = ramp(AXIAL.points((1, 12, 10)) + np.array(z)[:, None, None, None] * AXIAL.steps)
    return Expected(stored + INTERCEPT, None, axes="none", unit="HU", ramp=RAMP)


@trap("blocks: 14 slices of 4 mm, then 14 of 7 mm")
def blocks(folder: Path) -> Truth:
    z = [*(4 / 3 * i for i in range(14)), *(52 / 3 + 7 / 3 * i for i in range(1, 15))]
    stored, positions = _uneven(folder, z, ["4"] * 14 + ["7"] * 14)
    lower = Lattice(origin=tuple(positions[0]), spacing=(4.0, 0.8, 0.7))
    upper = Lattice(origin=tuple(positions[14]), spacing=(7.0, 0.8, 0.7))
    return read(hu(stored[:14], lower, ramp=RAMP), hu(stored[14:], upper, ramp=RAMP), instead=[_resampled(z)])


@trap("blocks far apart")
def distant_blocks(folder: Path) -> Truth:
    z = [0, 1, 2, 3, 13, 14, 15, 16]
    _uneven(folder, z)
    return refuse(POSITION, volumes=[_resampled(z)])


@trap("spacing even within 1 %")
def nearly_even(folder: Path) -> Truth:
    stored, positions = _uneven(folder, [0, 1.005, 1.996, 3.004, 3.995, 5.002])
    step = (positions[-1] - positions[0]) / 5
    return read(hu(stored, Lattice(spacing=(float(step[2]), 0.8, 0.7)), ramp=RAMP))


@trap("positions rounded: even within 10 %")
def rounded(folder: Path) -> Truth:
    stored, positions = _uneven(folder, [0, 1.06, 1.95, 3.07, 3.96, 5.0])
    step = (positions[-1] - positions[0]) / 5
    return read(hu(stored, Lattice(spacing=(float(step[2]), 0.8, 0.7)), ramp=RAMP), says=["mm"])


@trap("positions rounded to a millimetre, 2.5 mm slices")
def rounded_to_mm(folder: Path) -> Truth:
    """0, 3, 5, 8, 10: off by half a millimetre of 2.5."""
    z = [v / 3 for v in (0, 3, 5, 8, 10, 13, 15)]
    _uneven(folder, z)
    return refuse(POSITION, volumes=[_resampled(z)])


@trap("one slice missing")
def missing_slice(folder: Path) -> Truth:
    z = [0, 1, 2, 4, 5, 6]
    _uneven(folder, z)
    return refuse(f"{POSITION}|missing", volumes=[_resampled(z)])


@trap("one slice of forty missing")
def missing_of_many(folder: Path) -> Truth:
    z = [i for i in range(40) if i != 23]
    _uneven(folder, z)
    return refuse(f"{POSITION}|missing", volumes=[_resampled(z)])


@trap("spacing jumps once")
def jump(folder: Path) -> Truth:
    z = [0, 1, 2, 3.6, 4.6, 5.6]
    _uneven(folder, z)
    return refuse(POSITION, volumes=[_resampled(z)])


@trap("spacing grows from slice to slice")
def growing(folder: Path) -> Truth:
    z = [0, 1, 2.15, 3.45, 4.9, 6.5]
    _uneven(folder, z)
    return refuse(POSITION, volumes=[_resampled(z)])


@trap("one slice shifted along the stack")
def outlier_along(folder: Path) -> Truth:
    z = [0, 1, 2, 3.4, 4, 5]
    _uneven(folder, z)
    return refuse(POSITION, volumes=[_resampled(z)])


@trap("one slice shifted within its plane")
def outlier_across(folder: Path) -> Truth:
    datasets = stack(pattern(seed=30))
    datasets[3].ImagePositionPatient = decimals(AXIAL.position(3) + np.array([4.0, 0.0, 0.0]))
    save(folder, datasets)
    return refuse("slice04|" + POSITION)


@trap("one slice far away")
def outlier_far(folder: Path) -> Truth:
    datasets = stack(pattern(seed=31))
    datasets[5].ImagePositionPatient = decimals(AXIAL.position(300))
    save(folder, datasets)
    return refuse(POSITION)


@trap("last slice of the series missing")
def cut_off(folder: Path) -> Truth:
    """Nothing in the files can tell, so what is there is right."""
    stored = pattern(seed=32)
    save(folder, stack(stored)[:5])
    return read(hu(stored[:5]))


@trap("two even halves in one frame, moved between them")
def moved_table(folder: Path) -> Truth:
    z = [0, 1, 2, 3, 3.5, 4.5, 5.5, 6.5]
    stored, positions = _uneven(folder, z)
    halves = [hu(stored[i : i + 4], Lattice(origin=tuple(positions[i])), ramp=RAMP) for i in (0, 4)]
    return either(*halves, instead=[_resampled(z)], blames=[POSITION])
