"""Series that mix several things at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset

from .truth import Expected, Truth, either, expected, read, refuse, trap
from .writing import AXIAL, CORONAL, MR, RAMP, RLE, Lattice, coded, hu, image, pattern, ramp, save, stack, uid


def _resampled(offset: float = 0) -> Expected:
    """No right answer but a resampled one."""
    return Expected(np.zeros(1), None, axes="none", ramp=(*RAMP[:3], RAMP[3] + offset))


def _mixed(datasets: Sequence[Dataset], seed: int) -> list[Dataset]:
    """In another order, with instance numbers that run through."""
    for number, dataset in enumerate(datasets, start=1):
        dataset.InstanceNumber = number
    return [datasets[i] for i in np.random.default_rng(seed).permutation(len(datasets))]


@trap("two echoes, each magnitude and phase")
def echoes_and_types(folder: Path) -> Truth:
    arrays, datasets = [], []
    for echo in (1, 2):
        for letter in ("M", "P"):
            arrays.append(pattern(5, seed=300 + len(arrays), low=100 * len(arrays)))
            tags = {"EchoTime": str(5 * echo), "EchoNumbers": echo, "ImageType": ["ORIGINAL", "PRIMARY", letter, "ND"]}
            datasets += [_changed(d, tags) for d in stack(arrays[-1], AXIAL, MR)]
    save(folder, _mixed(datasets, 0))
    return read(*[expected(a, AXIAL.affine) for a in arrays])


def _changed(dataset: Dataset, tags: dict) -> Dataset:
    """The dataset with other tags."""
    for keyword, value in tags.items():
        setattr(dataset, keyword, value)
    return dataset


@trap("two echoes, each of three time points")
def echoes_and_times(folder: Path) -> Truth:
    arrays = np.stack([[pattern(4, seed=310 + 3 * e + t, low=100 * t) for t in range(3)] for e in range(2)])
    datasets = []
    for e in range(2):
        for t in range(3):
            datasets += stack(arrays[e, t], AXIAL, MR, EchoTime=str(3 + 4 * e), TemporalPositionIdentifier=t + 1)
    save(folder, _mixed(datasets, 1))
    return read(*[expected(a, AXIAL.affine, axes="tzyx") for a in arrays])


@trap("two passes of a spiral, back and forth, a time for every slice")
def passes(folder: Path) -> Truth:
    arrays = [pattern(5, seed=320), pattern(5, seed=321)]
    times = [[f"1000{2 * z:02d}.5" for z in range(5)], [f"1001{2 * (4 - z):02d}.5" for z in range(5)]]
    datasets = [d for a, t in zip(arrays, times, strict=True) for d in stack(a, AcquisitionTime=t)]
    save(folder, _mixed(datasets, 2))
    return either(expected(np.stack(arrays) - 1024.0, AXIAL.affine, axes="tzyx"))


@trap("two kernels in one series")
def kernels(folder: Path) -> Truth:
    arrays = [pattern(5, seed=322), pattern(5, seed=323)]
    datasets = [d for a, kernel in zip(arrays, ("B30f", "B70f"), strict=True) for d in stack(a, ConvolutionKernel=kernel)]
    save(folder, _mixed(datasets, 3))
    return either(*[hu(a) for a in arrays])


@trap("two tube voltages in one series")
def voltages(folder: Path) -> Truth:
    arrays = [pattern(5, seed=324), pattern(5, seed=325)]
    datasets = [d for a, kvp in zip(arrays, ("80", "140"), strict=True) for d in stack(a, KVP=kvp)]
    save(folder, _mixed(datasets, 4))
    return either(*[hu(a) for a in arrays])


@trap("thick and thin reconstruction in one series")
def thick_and_thin(folder: Path) -> Truth:
    """Their positions coincide at every second plane."""
    thin, thick = pattern(7, seed=326), pattern(4, seed=327)
    double = replace(AXIAL, spacing=(6.0, 0.8, 0.7))
    save(folder, _mixed([*stack(thin), *stack(thick, double)], 5))
    return either(hu(thin), hu(thick, double))


@trap("one slice missing and another twice")
def compensated(folder: Path) -> Truth:
    stored = ramp(AXIAL.points((6, 12, 10)))
    datasets, again = stack(stored), stack(stored)[1]
    save(folder, [*datasets[:3], *datasets[4:], again])
    return refuse("ImagePositionPatient|missing", volumes=[_resampled()])


@trap("the same slice in two codings")
def coded_twice(folder: Path) -> Truth:
    stored = pattern(seed=329)
    save(folder, [*stack(stored), coded(stack(stored)[2], RLE)])
    return read(hu(stored), says=["duplicate"])


@trap("gantry tilt and a missing slice")
def tilted_hole(folder: Path) -> Truth:
    lattice = replace(AXIAL, step=(0.0, 1.0, 3.0))
    datasets = stack(ramp(lattice.points((7, 12, 10))), lattice)
    save(folder, datasets[:4] + datasets[5:])
    return refuse("ImagePositionPatient|missing", volumes=[_resampled()])


@trap("gantry tilt that changes half way")
def two_tilts(folder: Path) -> Truth:
    lower = replace(AXIAL, step=(0.0, 1.0, 3.0))
    upper = Lattice(origin=tuple(lower.position(3)), step=(0.0, -1.0, 3.0))
    stored = [ramp(lower.points((4, 12, 10))), ramp(upper.points((4, 12, 10)))[1:]]
    save(folder, [*stack(stored[0], lower), *stack(stored[1], replace(upper, origin=tuple(upper.position(1))))])
    return refuse("slice0|ImagePositionPatient", volumes=[_resampled()])


@trap("8 and 16 bits allocated in one series")
def mixed_allocation(folder: Path) -> Truth:
    stored = pattern(seed=330, dtype="u1")
    wide = stack(stored.astype("u2"))
    save(folder, [wide[z] if z % 2 else d for z, d in enumerate(stack(stored))])
    return read(hu(stored))


@trap("MONOCHROME1 and MONOCHROME2 in one series")
def mixed_photometric(folder: Path) -> Truth:
    stored = pattern(seed=331)
    save(folder, stack(stored, PhotometricInterpretation=["MONOCHROME1", "MONOCHROME2"] * 3))
    return either(hu(stored, inverted=None), blames=["PhotometricInterpretation|slice0"])


@trap("rescale type differs within the series")
def mixed_types(folder: Path) -> Truth:
    """Where no unit is claimed, the values are right."""
    save(folder, stack(pattern(seed=332), RescaleType=["HU", "HU", "HU", "US", "US", "US"]))
    return refuse("RescaleType", volumes=[hu(pattern(seed=332))])


@trap("one series UID in two studies")
def two_studies(folder: Path) -> Truth:
    """The second lies above the first: to join them would be a guess."""
    stored = pattern(seed=333)
    save(folder, stack(stored, StudyInstanceUID=[uid("study")] * 3 + [uid("another")] * 3))
    upper = Lattice(origin=tuple(AXIAL.position(3)))
    return either(hu(stored), instead=[hu(stored[:3]), hu(stored[3:], upper)])


@trap("one slice in colour")
def one_colour(folder: Path) -> Truth:
    """A series cannot be both."""
    datasets = stack(ramp(AXIAL.points((6, 12, 10))))
    rgb = np.random.default_rng(334).integers(0, 256, (12, 10, 3)).astype("u1")
    tags = ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing")
    datasets[2] = image(rgb, number=3, **{keyword: datasets[2][keyword].value for keyword in tags})
    save(folder, datasets)
    picture = expected(rgb[None], Lattice(origin=tuple(AXIAL.position(2))).affine, axes="zyxc")
    return refuse("slice0|missing|ImagePositionPatient", volumes=[_resampled(), picture])


@trap("time points listed slice by slice, times equal to the second")
def equal_seconds(folder: Path) -> Truth:
    """Only the temporal position tells; acquisition times repeat."""
    arrays = [pattern(4, seed=340 + t, low=200 * t) for t in range(3)]
    datasets = [
        d for t, a in enumerate(arrays) for d in stack(a, AXIAL, MR, TemporalPositionIdentifier=t + 1, AcquisitionTime="100000")
    ]
    save(folder, _mixed(datasets, 6))
    return read(expected(np.stack(arrays), AXIAL.affine, axes="tzyx"))


@trap("ten and more time points")
def many_times(folder: Path) -> Truth:
    """Sorted as text, the tenth would come before the second."""
    arrays = [pattern(3, 7, 5, seed=350 + t, low=50 * t) for t in range(12)]
    datasets = [d for t, a in enumerate(arrays) for d in stack(a, AXIAL, MR, TemporalPositionIdentifier=t + 1)]
    save(folder, _mixed(datasets, 7))
    return read(expected(np.stack(arrays), AXIAL.affine, axes="tzyx"))


@trap("trigger times of a tenth of a millisecond's difference between slices")
def jitter(folder: Path) -> Truth:
    """Real scanners do not trigger every slice at the same instant."""
    arrays = [pattern(4, seed=370 + t, low=200 * t) for t in range(3)]
    rng = np.random.default_rng(370)
    datasets = []
    for t, array in enumerate(arrays):
        times = [f"{80 * t + off:.2f}" for off in rng.uniform(0, 4, 4)]
        datasets += stack(array, AXIAL, MR, TriggerTime=times)
    save(folder, _mixed(datasets, 8))
    return either(expected(np.stack(arrays), AXIAL.affine, axes="tzyx"))


@trap("cine planes of different orientation in one series")
def rotated_cine(folder: Path) -> Truth:
    """Two single planes, each at three times."""
    arrays = np.stack([[pattern(1, seed=380 + 3 * p + t, low=100 * t) for t in range(3)] for p in range(2)])
    datasets = []
    for p, lattice in enumerate((AXIAL, CORONAL)):
        for t in range(3):
            datasets += stack(arrays[p, t], lattice, MR, TriggerTime=str(60 * t))
    save(folder, _mixed(datasets, 9))
    return read(*[expected(arrays[p], lattice.affine, axes="tzyx") for p, lattice in enumerate((AXIAL, CORONAL))])


@trap("gantry tilt, time points")
def tilted_times(folder: Path) -> Truth:
    lattice = replace(AXIAL, step=(0.0, 0.9, 3.0))
    one = ramp(lattice.points((5, 12, 10)))
    stored = np.stack([one, one + 7])
    datasets = [d for t, a in enumerate(stored) for d in stack(a, lattice, TemporalPositionIdentifier=t + 1)]
    save(folder, _mixed(datasets, 10))
    straightened = [_resampled(), _resampled(7)]
    return read(expected(stored - 1024.0, lattice.affine, "HU", axes="tzyx"), instead=straightened, says=["tilt"])
