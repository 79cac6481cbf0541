"""Several images at the same positions: echoes, phases, times, diffusion, duplicates, and strangers in the series."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset

from .truth import Expected, Truth, either, expected, read, refuse, trap
from .writing import AXIAL, CORONAL, CT, MR, RAMP, Lattice, hu, image, pattern, ramp, save, stack


def _series(count: int, sop_class: str = MR, first: int = 0, **tags: Sequence) -> tuple[list[np.ndarray], list[Dataset]]:
    """`count` stacks at the same positions; each tag has one value a stack (a list in it: one a plane)."""
    arrays = [pattern(5, seed=first + i, low=100 * i) for i in range(count)]
    datasets = []
    for i, array in enumerate(arrays):
        own = {keyword: values[i] for keyword, values in tags.items()}
        datasets += stack(array, AXIAL, sop_class, InstanceNumber=[5 * i + z + 1 for z in range(5)], **own)
    return arrays, datasets


def _times(arrays: Sequence[np.ndarray], **more: object) -> object:
    return expected(np.stack(arrays), AXIAL.affine, axes="tzyx", **more)


def _mixed(datasets: list[Dataset], seed: int = 0) -> list[Dataset]:
    return [datasets[i] for i in np.random.default_rng(seed).permutation(len(datasets))]


@trap("two echoes")
def echoes(folder: Path) -> Truth:
    arrays, datasets = _series(2, EchoTime=["4.6", "9.2"], EchoNumbers=[1, 2])
    save(folder, _mixed(datasets))
    return read(*[expected(a, AXIAL.affine) for a in arrays], says=["echo"])


@trap("three echoes, echo number missing")
def echo_times(folder: Path) -> Truth:
    arrays, datasets = _series(3, first=3, EchoTime=["2.3", "4.6", "6.9"])
    save(folder, _mixed(datasets, 1))
    return read(*[expected(a, AXIAL.affine) for a in arrays], says=["echo"])


@trap("two contrast phases by acquisition number")
def phases(folder: Path) -> Truth:
    arrays, datasets = _series(2, CT, 6, AcquisitionNumber=[1, 2])
    save(folder, datasets)
    return read(*[hu(a) for a in arrays], says=["acquisition|phase"])


@trap("magnitude and phase in one series")
def image_types(folder: Path) -> Truth:
    arrays, datasets = _series(2, first=9, ImageType=[["ORIGINAL", "PRIMARY", "M", "ND"], ["ORIGINAL", "PRIMARY", "P", "ND"]])
    save(folder, _mixed(datasets, 2))
    return read(*[expected(a, AXIAL.affine) for a in arrays])


@trap("time points by temporal position")
def temporal(folder: Path) -> Truth:
    arrays, datasets = _series(3, first=12, TemporalPositionIdentifier=[1, 2, 3], NumberOfTemporalPositions=[3] * 3)
    save(folder, _mixed(datasets, 3))
    return read(_times(arrays))


@trap("cardiac phases by trigger time")
def trigger(folder: Path) -> Truth:
    arrays, datasets = _series(4, first=15, TriggerTime=["0", "90", "180", "1000"])
    save(folder, _mixed(datasets, 4))
    return read(_times(arrays))


@trap("time points by acquisition time")
def acquisition_times(folder: Path) -> Truth:
    arrays, datasets = _series(3, CT, 20, AcquisitionTime=["095958.5", "100001.5", "100004.5"])
    save(folder, _mixed(datasets, 5))
    return read(expected(np.stack(arrays) - 1024, AXIAL.affine, "HU", axes="tzyx"))


@trap("time points where every slice has its own acquisition time")
def slice_times(folder: Path) -> Truth:
    times = [[f"1000{10 * t + 2 * z:02d}.0" for z in range(5)] for t in range(3)]
    arrays, datasets = _series(3, first=23, AcquisitionTime=times)
    save(folder, _mixed(datasets, 6))
    return either(_times(arrays))


@trap("b-values at the same positions")
def b_values(folder: Path) -> Truth:
    arrays, datasets = _series(3, first=26, DiffusionBValue=[0.0, 100.0, 800.0])
    save(folder, _mixed(datasets, 7))
    return read(_times(arrays))


@trap("b-values and gradient directions")
def b_vectors(folder: Path) -> Truth:
    ways = [None, [1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    arrays, datasets = _series(4, first=30, DiffusionBValue=[0.0, 700.0, 700.0, 700.0], DiffusionGradientOrientation=ways)
    save(folder, datasets)
    return read(_times(arrays, any_order=True))


@trap("last time point incomplete")
def incomplete(folder: Path) -> Truth:
    arrays, datasets = _series(3, first=34, TemporalPositionIdentifier=[1, 2, 3])
    save(folder, datasets[:-2])
    rest = expected(arrays[2][:3], AXIAL.affine)
    return either(_times(arrays[:2]), rest)


@trap("one slice of the middle time point missing")
def hole_in_time(folder: Path) -> Truth:
    _, datasets = _series(3, first=37, TemporalPositionIdentifier=[1, 2, 3])
    save(folder, datasets[:7] + datasets[8:])
    return refuse()


@trap("images at the same positions that nothing but the instance number tells apart")
def untold(folder: Path) -> Truth:
    arrays, datasets = _series(2, CT, 40)
    save(folder, datasets)
    return either(*[hu(a) for a in arrays])


@trap("files twice in the folder")
def duplicates(folder: Path) -> Truth:
    stored = pattern(seed=42)
    files = save(folder, stack(stored))
    for file in files[1:4]:
        shutil.copy(file, folder / f"copy of {file.name}")
    return read(hu(stored), says=["duplicate"])


@trap("one slice twice, under two instance UIDs")
def two_uids(folder: Path) -> Truth:
    stored = pattern(seed=43)
    datasets = stack(stored)
    save(folder, [*datasets, stack(stored, number=77)[2]])
    return either(hu(stored), says=["duplicate|twice|same"])


@trap("same instance UID, other pixels")
def forged(folder: Path) -> Truth:
    datasets = stack(pattern(seed=44))
    other = stack(pattern(seed=45))[2]
    other.SOPInstanceUID = datasets[2].SOPInstanceUID
    save(folder, [*datasets, other])
    return refuse("slice03|slice07")


@trap("one instance UID for all slices")
def one_uid(folder: Path) -> Truth:
    stored = pattern(seed=46)
    uid = stack(stored)[0].SOPInstanceUID
    save(folder, stack(stored, SOPInstanceUID=uid))
    return either(hu(stored), says=["unique|UID"])


@trap("localizer in the series")
def localizer(folder: Path) -> Truth:
    stored, scout = pattern(seed=47), pattern(1, 12, 10, seed=48)
    scouts = stack(scout, CORONAL, ImageType=("ORIGINAL", "PRIMARY", "LOCALIZER"), number=100)
    save(folder, [*scouts, *stack(stored)])
    return read(hu(stored), expected(scout - 1024.0, CORONAL.affine))


@trap("two orientations in one series")
def orientations(folder: Path) -> Truth:
    axial, coronal = pattern(4, seed=49), pattern(4, seed=50)
    save(folder, _mixed([*stack(axial), *stack(coronal, CORONAL)], 8))
    return read(hu(axial), hu(coronal, CORONAL))


@trap("three orthogonal planes, as localizers come")
def three_planes(folder: Path) -> Truth:
    lattices = [AXIAL, CORONAL, Lattice(row=(0.0, 1.0, 0.0), column=(0.0, 0.0, -1.0))]
    arrays = [pattern(1, seed=51 + i) for i in range(3)]
    pairs = zip(arrays, lattices, strict=True)
    save(folder, [stack(a, lattice, MR, number=i + 1)[0] for i, (a, lattice) in enumerate(pairs)])
    return read(*[expected(a, lattice.affine) for a, lattice in zip(arrays, lattices, strict=True)])


@trap("two matrices in one series")
def matrices(folder: Path) -> Truth:
    small, large = pattern(4, 8, 9, seed=55), pattern(4, seed=56)
    up = Lattice(origin=(-10.0, -20.0, 50.0))
    save(folder, _mixed([*stack(small), *stack(large, up)], 9))
    return read(hu(small), hu(large, up))


@trap("one slice of another matrix in the middle")
def stray_matrix(folder: Path) -> Truth:
    """What is left lacks a slice."""
    points = AXIAL.points((7, 12, 10))
    datasets = stack(ramp(points))
    stray = pattern(1, 8, 9, seed=58)
    datasets[3] = stack(stray, Lattice(origin=tuple(AXIAL.position(3))))[0]
    save(folder, datasets)
    rest = Expected(np.zeros(1), None, axes="none", ramp=RAMP)
    return refuse("ImagePositionPatient|missing", volumes=[rest, hu(stray, Lattice(origin=tuple(AXIAL.position(3))))])


@trap("screenshot in the series")
def screenshot(folder: Path) -> Truth:
    stored = pattern(seed=59)
    shot = pattern(1, 9, 14, seed=60, dtype="u1")[0]
    capture = image(shot, "1.2.840.10008.5.1.4.1.1.7", number=99, Modality="CT", FrameOfReferenceUID=None, PatientPosition=None)
    save(folder, [*stack(stored), capture])
    return read(hu(stored), expected(shot[None], None))
