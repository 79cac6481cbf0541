"""Enhanced multi-frame objects that hold several volumes: stacks, frame types, times, echoes, b-values."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .multiframe import MR, enhanced, frame_groups, item, plane_groups, save_multi, shared_groups
from .truth import Truth, expected, read, trap
from .writing import AXIAL, CORONAL, pattern


@trap("enhanced MR, two stacks")
def two_stacks(folder: Path) -> Truth:
    """An axial stack and a coronal one in one object."""
    first, second = pattern(4, seed=211), pattern(3, seed=212, low=1000)
    groups = []
    for number, (lattice, count) in enumerate(((AXIAL, 4), (CORONAL, 3)), start=1):
        orientation = plane_groups(lattice).PlaneOrientationSequence[0]
        for z in range(count):
            content = item(StackID=str(number), DimensionIndexValues=[number, z + 1])
            groups.append(frame_groups(lattice, z, z + 1, FrameContentSequence=content, PlaneOrientationSequence=orientation))
    shared = shared_groups(AXIAL, None)
    del shared.PlaneOrientationSequence
    save_multi(folder, enhanced(np.concatenate([first, second]), groups, shared, MR, (0x00209056, 0x00209057)))
    return read(expected(first, AXIAL.affine), expected(second, CORONAL.affine))


@trap("enhanced MR, magnitude and phase frames")
def frame_types(folder: Path) -> Truth:
    first, second = pattern(5, seed=213), pattern(5, seed=214, low=900)
    groups = []
    for z in range(5):
        for letter in ("M", "P"):
            kind = item(FrameType=["ORIGINAL", "PRIMARY", letter, "NONE"])
            content = item(DimensionIndexValues=[1 + (letter == "P"), z + 1])
            groups.append(frame_groups(AXIAL, z, z + 1, FrameContentSequence=content, MRImageFrameTypeSequence=kind))
    frames = np.stack([first, second], axis=1).reshape(10, 12, 10)
    dataset = enhanced(frames, groups, shared_groups(AXIAL, None), MR, (0x00080008, 0x00209057))
    dataset.DimensionIndexSequence[0].FunctionalGroupPointer = 0x00189226
    dataset.DimensionIndexSequence[0].DimensionIndexPointer = 0x00089007
    save_multi(folder, dataset)
    return read(expected(first, AXIAL.affine), expected(second, AXIAL.affine))


@trap("enhanced MR, temporal positions")
def temporal(folder: Path) -> Truth:
    """Frames run through time at each place, and then to the next."""
    arrays = np.stack([pattern(5, seed=215 + t, low=500 * t) for t in range(3)])
    groups = []
    for z in range(5):
        for t in range(3):
            content = item(TemporalPositionIndex=t + 1, DimensionIndexValues=[t + 1, z + 1])
            timing = item(NominalCardiacTriggerDelayTime=50.0 * t)
            groups.append(frame_groups(AXIAL, z, z + 1, FrameContentSequence=content, CardiacSynchronizationSequence=timing))
    frames = arrays.transpose(1, 0, 2, 3).reshape(15, 12, 10)
    save_multi(folder, enhanced(frames, groups, shared_groups(AXIAL, None), MR, (0x00209128, 0x00209057)))
    return read(expected(arrays, AXIAL.affine, axes="tzyx"))


@trap("enhanced MR, three echoes")
def echoes(folder: Path) -> Truth:
    arrays = [pattern(5, seed=218 + e, low=300 * e) for e in range(3)]
    groups = []
    for e in range(3):
        for z in range(5):
            content = item(DimensionIndexValues=[e + 1, z + 1])
            echo = item(EffectiveEchoTime=2.5 * (e + 1))
            groups.append(frame_groups(AXIAL, z, z + 1, FrameContentSequence=content, MREchoSequence=echo))
    dataset = enhanced(np.concatenate(arrays), groups, shared_groups(AXIAL, None), MR, (0x00189082, 0x00209057))
    dataset.DimensionIndexSequence[0].FunctionalGroupPointer = 0x00189114
    save_multi(folder, dataset)
    return read(*[expected(a, AXIAL.affine) for a in arrays])


@trap("enhanced MR, b-values")
def b_values(folder: Path) -> Truth:
    arrays = np.stack([pattern(5, seed=221 + b, low=300 * b) for b in range(3)])
    groups = []
    for b, value in enumerate((0.0, 500.0, 1000.0)):
        for z in range(5):
            content = item(DimensionIndexValues=[b + 1, z + 1])
            diffusion = item(DiffusionBValue=value, DiffusionDirectionality="ISOTROPIC" if b else "NONE")
            groups.append(frame_groups(AXIAL, z, z + 1, FrameContentSequence=content, MRDiffusionSequence=diffusion))
    dataset = enhanced(arrays.reshape(15, 12, 10), groups, shared_groups(AXIAL, None), MR, (0x00189087, 0x00209057))
    dataset.DimensionIndexSequence[0].FunctionalGroupPointer = 0x00189117
    save_multi(folder, dataset)
    return read(expected(arrays, AXIAL.affine, axes="tzyx"))
