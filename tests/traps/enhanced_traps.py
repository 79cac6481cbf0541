"""Enhanced multi-frame objects: geometry and rescale lie in functional groups."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .multiframe import CT, LEGACY_CT, MR, PET, enhanced, frame_groups, item, plane_groups, save_multi, shared_groups
from .truth import Truth, either, expected, read, refuse, trap
from .writing import AXIAL, CORONAL, RAMP, Lattice, hu, pattern, ramp, save, turned, uid

ORDER = (3, 0, 5, 2, 1, 4)


def _simple(folder: Path, seed: int, lattice: Lattice, sop_class: str = CT, order: tuple[int, ...] = tuple(range(6))) -> NDArray:
    stored = pattern(seed=seed)
    groups = [frame_groups(lattice, z, z + 1) for z in order]
    slope = "1" if sop_class in (CT, LEGACY_CT) else None
    save_multi(folder, enhanced(stored[list(order)], groups, shared_groups(lattice, slope), sop_class))
    return stored


@trap("enhanced CT")
def ct(folder: Path) -> Truth:
    return read(hu(_simple(folder, 199, AXIAL)))


@trap("enhanced CT, frames shuffled")
def ct_shuffled(folder: Path) -> Truth:
    return read(hu(_simple(folder, 200, AXIAL, order=ORDER)))


@trap("enhanced CT, doubly oblique")
def ct_oblique(folder: Path) -> Truth:
    lattice = turned(CORONAL, 11, -23, 7)
    return read(hu(_simple(folder, 201, lattice), lattice))


@trap("enhanced MR")
def mr(folder: Path) -> Truth:
    return read(expected(_simple(folder, 202, CORONAL, MR), CORONAL.affine))


@trap("enhanced PET")
def pet(folder: Path) -> Truth:
    return read(expected(_simple(folder, 203, AXIAL, PET), AXIAL.affine))


@trap("legacy converted enhanced CT")
def legacy(folder: Path) -> Truth:
    return read(hu(_simple(folder, 204, AXIAL, LEGACY_CT)))


@trap("enhanced CT, rescale per frame")
def rescale_per_frame(folder: Path) -> Truth:
    stored, slopes = pattern(seed=205), [1, 2, 3, 4, 5, 0.5]
    groups = [
        frame_groups(AXIAL, z, z + 1, PixelValueTransformationSequence=item(
            RescaleIntercept="-1024", RescaleSlope=str(slopes[z]), RescaleType="HU"))
        for z in range(6)
    ]  # fmt: skip
    save_multi(folder, enhanced(stored, groups, shared_groups(AXIAL, None)))
    return read(hu(stored * np.array(slopes)[:, None, None]))


@trap("enhanced CT, spacing and orientation per frame")
def planes_per_frame(folder: Path) -> Truth:
    stored = pattern(seed=206)
    groups = []
    for z in range(6):
        plane = plane_groups(CORONAL)
        more = {k: plane[k].value[0] for k in ("PixelMeasuresSequence", "PlaneOrientationSequence")}
        groups.append(frame_groups(CORONAL, z, z + 1, **more))
    shared = item(PixelValueTransformationSequence=[item(RescaleIntercept="-1024", RescaleSlope="1", RescaleType="HU")])
    save_multi(folder, enhanced(stored, groups, shared))
    return read(hu(stored, CORONAL))


@trap("enhanced CT, gantry tilt")
def tilted(folder: Path) -> Truth:
    lattice = replace(AXIAL, step=(0.0, 1.2, 3.0))
    stored = ramp(lattice.points((6, 12, 10)))
    groups = [frame_groups(lattice, z, z + 1) for z in range(6)]
    save_multi(folder, enhanced(stored, groups, shared_groups(lattice)))
    return read(hu(stored, lattice, ramp=RAMP), says=["tilt"])


@trap("enhanced CT, one frame missing")
def missing(folder: Path) -> Truth:
    stored = pattern(seed=207)
    there = [0, 1, 2, 4, 5]
    groups = [frame_groups(AXIAL, z, i + 1) for i, z in enumerate(there)]
    save_multi(folder, enhanced(stored[there], groups, shared_groups(AXIAL)))
    return refuse("multi|missing|ImagePositionPatient")


@trap("enhanced CT, fewer functional groups than frames")
def few_groups(folder: Path) -> Truth:
    """The last place may be guessed."""
    stored = pattern(seed=208)
    groups = [frame_groups(AXIAL, z, z + 1) for z in range(5)]
    save_multi(folder, enhanced(stored, groups, shared_groups(AXIAL)))
    return refuse("multi", volumes=[hu(stored)])


@trap("enhanced CT without positions")
def unplaced(folder: Path) -> Truth:
    groups = [frame_groups(AXIAL, z, z + 1) for z in range(6)]
    for group in groups:
        del group.PlanePositionSequence
    save_multi(folder, enhanced(pattern(seed=209), groups, shared_groups(AXIAL)))
    return refuse("multi")


@trap("enhanced CT, fewer pixels than frames")
def few_pixels(folder: Path) -> Truth:
    stored = pattern(seed=210)
    dataset = enhanced(stored, [frame_groups(AXIAL, z, z + 1) for z in range(6)], shared_groups(AXIAL))
    dataset.PixelData = stored[:5].tobytes()
    save_multi(folder, dataset)
    return refuse("multi")


@trap("enhanced CT in two parts (concatenation)")
def concatenation(folder: Path) -> Truth:
    stored = pattern(seed=224)
    parts = []
    for number, span in enumerate((range(4), range(4, 6)), start=1):
        groups = [frame_groups(AXIAL, z, z + 1) for z in span]
        part = enhanced(stored[list(span)], groups, shared_groups(AXIAL), number=number)
        part.ConcatenationUID, part.InConcatenationNumber = uid("concatenation"), number
        part.InConcatenationTotalNumber, part.ConcatenationFrameOffsetNumber = 2, span[0]
        parts.append(part)
    save(folder, parts)
    upper = replace(AXIAL, origin=tuple(AXIAL.position(4)))
    return either(hu(stored), instead=[hu(stored[:4]), hu(stored[4:], upper)])
