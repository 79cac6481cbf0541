"""Slices in any order and any direction: only positions and orientation say how they lie."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .truth import Truth, expected, read, trap
from .writing import AXIAL, CORONAL, MR, SAGITTAL, Lattice, hu, pattern, save, stack, turned


@trap("slices in order")
def plain(folder: Path) -> Truth:
    stored = pattern()
    save(folder, stack(stored))
    return read(hu(stored, dtype="int16"))


@trap("file names shuffled")
def shuffled(folder: Path) -> Truth:
    stored = pattern(seed=1)
    save(folder, [stack(stored)[i] for i in (3, 0, 5, 2, 1, 4)])
    return read(hu(stored))


@trap("file names and instance numbers shuffled")
def shuffled_both(folder: Path) -> Truth:
    stored = pattern(seed=2)
    save(folder, [stack(stored, InstanceNumber=[2, 6, 1, 5, 3, 4])[i] for i in (3, 0, 5, 2, 1, 4)])
    return read(hu(stored))


@trap("instance numbers reversed")
def reversed_numbers(folder: Path) -> Truth:
    stored = pattern(seed=3)
    save(folder, stack(stored, InstanceNumber=[6, 5, 4, 3, 2, 1]))
    return read(hu(stored))


@trap("instance number missing")
def no_numbers(folder: Path) -> Truth:
    stored = pattern(seed=4)
    save(folder, [stack(stored, InstanceNumber=None)[i] for i in (4, 1, 0, 5, 3, 2)])
    return read(hu(stored))


@trap("instance numbers all equal")
def equal_numbers(folder: Path) -> Truth:
    stored = pattern(seed=5)
    save(folder, [stack(stored, InstanceNumber=1)[i] for i in (4, 1, 0, 5, 3, 2)])
    return read(hu(stored))


@trap("slices from head to feet")
def descending(folder: Path) -> Truth:
    stored = pattern(seed=6)
    save(folder, stack(stored, InstanceNumber=[6, 5, 4, 3, 2, 1])[::-1])
    return read(hu(stored))


def _lying(folder: Path, lattice: Lattice, seed: int) -> Truth:
    stored = pattern(seed=seed)
    save(folder, [stack(stored, lattice)[i] for i in (1, 0, 3, 2, 5, 4)])
    return read(hu(stored, lattice))


@trap("sagittal slices")
def sagittal(folder: Path) -> Truth:
    return _lying(folder, SAGITTAL, 7)


@trap("coronal slices")
def coronal(folder: Path) -> Truth:
    return _lying(folder, CORONAL, 8)


@trap("oblique slices")
def oblique(folder: Path) -> Truth:
    return _lying(folder, turned(AXIAL, 20, 0, 0), 9)


@trap("doubly oblique slices")
def doubly_oblique(folder: Path) -> Truth:
    return _lying(folder, turned(SAGITTAL, 17, -24, 31), 10)


@trap("prone patient")
def prone(folder: Path) -> Truth:
    return _lying(folder, Lattice(row=(-1.0, 0.0, 0.0), column=(0.0, -1.0, 0.0), origin=(40.0, 30.0, -700.0)), 11)


@trap("row x column direction points to the feet")
def mirrored_normal(folder: Path) -> Truth:
    """Patient positioned feet first: the array ascends along its own normal, which is -S."""
    return _lying(folder, Lattice(row=(-1.0, 0.0, 0.0), origin=(40.0, -30.0, 900.0)), 12)


@trap("two series in one folder, interleaved")
def two_series(folder: Path) -> Truth:
    first, second = pattern(seed=13), pattern(5, 8, 9, seed=14)
    other = stack(second, CORONAL, MR, series="other", SeriesNumber=4)
    mine = stack(first)
    mixed = [d for pair in zip(mine, other, strict=False) for d in pair] + mine[5:]
    save(folder, mixed)
    return read(hu(first), expected(second, CORONAL.affine))


@trap("two series of the same number, same matrix and place")
def twin_series(folder: Path) -> Truth:
    first, second = pattern(seed=15), pattern(seed=16)
    save(folder, [*stack(first), *stack(second, series="twin")])
    return read(hu(first), hu(second))


@trap("two slices only")
def two_slices(folder: Path) -> Truth:
    stored = pattern(2, seed=17)
    save(folder, stack(stored)[::-1])
    return read(hu(stored))


@trap("one slice only")
def one_slice(folder: Path) -> Truth:
    """Its thickness stands for the distance to the next."""
    stored = pattern(1, seed=18)
    save(folder, stack(stored, turned(CORONAL, 0, 12, 0)))
    return read(hu(stored, turned(CORONAL, 0, 12, 0)))


@trap("slice thickness and spacing tags contradict the positions")
def wrong_thickness(folder: Path) -> Truth:
    stored = pattern(seed=19)
    save(folder, stack(stored, SliceThickness="5", SpacingBetweenSlices="7"))
    return read(hu(stored))


@trap("slice location contradicts the positions")
def wrong_location(folder: Path) -> Truth:
    stored = pattern(seed=20)
    save(folder, stack(stored, SliceLocation=[f"{v}" for v in (50, 40, 30, 20, 10, 0)]))
    return read(hu(stored))


@trap("overlapping slices")
def overlapping(folder: Path) -> Truth:
    stored = pattern(seed=21)
    save(folder, stack(stored, Lattice(spacing=(1.25, 0.8, 0.7)), SliceThickness="2.5"))
    return read(hu(stored, Lattice(spacing=(1.25, 0.8, 0.7))))


@trap("many slices a tenth of a millimetre apart, far from the origin")
def fine(folder: Path) -> Truth:
    stored = pattern(12, 7, 5, seed=22)
    lattice = Lattice(origin=(812.5, -1033.25, -1580.1), spacing=(0.1, 0.05, 0.05))
    save(folder, [stack(stored, lattice)[i] for i in np.random.default_rng(0).permutation(12)])
    return read(hu(stored, lattice))
