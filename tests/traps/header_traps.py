"""Tags that are missing, impossible or contradict each other."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset

from .truth import Truth, either, expected, read, refuse, trap
from .writing import AXIAL, CORONAL, CT, MR, PET, Lattice, decimals, hu, pattern, raw, save, stack, turned, uid


def _without(folder: Path, keyword: str, sop_class: str = CT) -> Truth:
    """The patient lies otherwise than a reader that guesses would have it."""
    save(folder, stack(pattern(seed=100), turned(CORONAL, 0, 0, 10), sop_class, **{keyword: None}))
    return refuse(keyword)


@trap("CT without orientation")
def no_orientation(folder: Path) -> Truth:
    return _without(folder, "ImageOrientationPatient")


@trap("CT without position")
def no_position(folder: Path) -> Truth:
    return _without(folder, "ImagePositionPatient")


@trap("MR without position")
def no_position_mr(folder: Path) -> Truth:
    return _without(folder, "ImagePositionPatient", MR)


@trap("PET without position")
def no_position_pet(folder: Path) -> Truth:
    return _without(folder, "ImagePositionPatient", PET)


@trap("CT without pixel spacing")
def no_spacing(folder: Path) -> Truth:
    return _without(folder, "PixelSpacing")


def _bad(folder: Path, keyword: str, values: list[str], slices: slice = slice(None), lattice: Lattice = AXIAL) -> Truth:
    datasets = stack(pattern(seed=101), lattice)
    for dataset in datasets[slices]:
        raw(dataset, keyword, "DS", *values)
    save(folder, datasets)
    return refuse(keyword)


@trap("pixel spacing changes in one slice")
def spacing_changes(folder: Path) -> Truth:
    return _bad(folder, "PixelSpacing", ["0.9", "0.7"], slice(2, 3))


@trap("pixel spacing changes half way")
def spacing_zoom(folder: Path) -> Truth:
    return _bad(folder, "PixelSpacing", ["0.4", "0.35"], slice(3, None))


@trap("pixel spacing 0")
def spacing_zero(folder: Path) -> Truth:
    return _bad(folder, "PixelSpacing", ["0", "0"])


@trap("pixel spacing negative")
def spacing_negative(folder: Path) -> Truth:
    """Taken as it is written, or without its sign."""
    truth = _bad(folder, "PixelSpacing", ["0.8", "-0.7"])
    stored = pattern(seed=101)
    return replace(truth, volumes=(hu(stored, Lattice(spacing=(3.0, 0.8, -0.7))),), instead=(hu(stored),))


@trap("pixel spacing with one value")
def spacing_single(folder: Path) -> Truth:
    return _bad(folder, "PixelSpacing", ["0.8"])


@trap("position NaN in one slice")
def position_nan(folder: Path) -> Truth:
    return _bad(folder, "ImagePositionPatient", ["-10", "-20", "NaN"], slice(2, 3))


@trap("position overflows in one slice")
def position_overflow(folder: Path) -> Truth:
    return _bad(folder, "ImagePositionPatient", ["-10", "-20", "1e400"], slice(5, 6))


@trap("position of no length in one slice")
def position_empty(folder: Path) -> Truth:
    return _bad(folder, "ImagePositionPatient", [], slice(3, 4))


@trap("position with two values in one slice")
def position_short(folder: Path) -> Truth:
    return _bad(folder, "ImagePositionPatient", ["-10", "-20"], slice(3, 4))


@trap("position with decimal commas")
def position_commas(folder: Path) -> Truth:
    datasets = stack(pattern(seed=102), Lattice(spacing=(2.5, 0.8, 0.7)))
    for z, dataset in enumerate(datasets):
        raw(dataset, "ImagePositionPatient", "DS", "-10,25", "-20,5", f"{2.5 * z:.1f}".replace(".", ","))
    save(folder, datasets)
    return refuse("ImagePositionPatient")


@trap("orientation all 0")
def orientation_zero(folder: Path) -> Truth:
    return _bad(folder, "ImageOrientationPatient", ["0"] * 6)


@trap("orientation not at right angles")
def orientation_skew(folder: Path) -> Truth:
    """To take it as it is written, sheared, would be right as well."""
    truth = _bad(folder, "ImageOrientationPatient", ["1", "0", "0", "0.1", "0.994987", "0"])
    literal = Lattice(column=(0.1, 0.994987, 0.0), step=(0.0, 0.0, 3.0))
    return replace(truth, volumes=(hu(pattern(seed=101), literal),))


@trap("orientation not of unit length")
def orientation_long(folder: Path) -> Truth:
    """To set its length right would be right as well."""
    truth = _bad(folder, "ImageOrientationPatient", ["1.1", "0", "0", "0", "1", "0"])
    return replace(truth, volumes=(hu(pattern(seed=101)),))


@trap("orientation with five values")
def orientation_short(folder: Path) -> Truth:
    """The last one, -1, is missing."""
    return _bad(folder, "ImageOrientationPatient", ["1", "0", "0", "0", "0"], lattice=CORONAL)


@trap("orientation off by 5e-4")
def orientation_rough(folder: Path) -> Truth:
    """Scanners round to four digits: put right, and so near the truth."""
    stored = pattern(seed=103)
    save(folder, stack(stored, ImageOrientationPatient=[["1.0005", "0", "0", "0.0003", "0.9996", "0"]] * 6))
    return read(hu(stored))


@trap("orientation noise of 1e-4 between slices")
def orientation_noise(folder: Path) -> Truth:
    stored, lattice = pattern(seed=104), turned(AXIAL, 15, 5, 0)
    datasets = stack(stored, lattice)
    noise = np.random.default_rng(104).uniform(-5e-5, 5e-5, (6, 6))
    for dataset, off in zip(datasets, noise - noise.mean(axis=0), strict=True):
        dataset.ImageOrientationPatient = decimals(np.array([*lattice.row, *lattice.column]) + off)
    save(folder, datasets)
    return read(hu(stored, lattice))


@trap("two frames of reference in one series")
def two_frames(folder: Path) -> Truth:
    """Their positions cannot be compared, strictly."""
    stored = pattern(seed=105)
    save(folder, stack(stored, FrameOfReferenceUID=[uid("frame")] * 3 + [uid("moved")] * 3))
    return either(hu(stored), blames=["FrameOfReferenceUID"])


@trap("no frame of reference")
def no_frame(folder: Path) -> Truth:
    save(folder, stack(pattern(seed=106), FrameOfReferenceUID=None))
    return read(hu(pattern(seed=106)))


@trap("no modality")
def no_modality(folder: Path) -> Truth:
    save(folder, stack(pattern(seed=107), Modality=None))
    return read(hu(pattern(seed=107)))


@trap("no type 2 attributes")
def no_type2(folder: Path) -> Truth:
    gone = "PatientName PatientID PatientBirthDate PatientSex StudyDate StudyTime StudyID AccessionNumber ReferringPhysicianName"
    more = "SeriesNumber InstanceNumber PatientPosition Manufacturer SliceThickness"
    stored = pattern(seed=108)
    save(folder, stack(stored, **dict.fromkeys([*gone.split(), *more.split()])))
    return read(hu(stored))


@trap("type 2 attributes empty")
def empty_type2(folder: Path) -> Truth:
    stored = pattern(seed=109)
    empty = dict.fromkeys(["PatientName", "PatientID", "StudyDate", "StudyTime", "SeriesDate", "AcquisitionTime"], "")
    datasets = stack(stored, **empty)
    for dataset in datasets:
        for keyword, vr in (("SliceThickness", "DS"), ("InstanceNumber", "IS"), ("SeriesNumber", "IS")):
            raw(dataset, keyword, vr)
    save(folder, datasets)
    return read(hu(stored))


@trap("no instance UIDs")
def no_sop_uid(folder: Path) -> Truth:
    stored = pattern(seed=110)
    save(folder, stack(stored, SOPInstanceUID=None))
    return either(hu(stored))


@trap("no series UID")
def no_series_uid(folder: Path) -> Truth:
    stored = pattern(seed=111)
    save(folder, stack(stored, SeriesInstanceUID=None))
    return either(hu(stored))


@trap("no SOP class")
def no_class(folder: Path) -> Truth:
    stored = pattern(seed=112)
    save(folder, stack(stored, SOPClassUID=None))
    return either(hu(stored))


@trap("geometry of a source image nested before the own")
def nested(folder: Path) -> Truth:
    """A reader that searches for tags at any depth takes the wrong ones."""
    stored = pattern(seed=114)
    other = Dataset()
    other.ReferencedSOPClassUID, other.ReferencedSOPInstanceUID = CT, uid("elsewhere")
    other.ImagePositionPatient, other.PixelSpacing, other.Rows = ["1", "2", "3"], ["9", "9"], 77
    save(folder, stack(stored, SourceImageSequence=[[other]] * 6))
    return read(hu(stored))


@trap("MR with one value of spacing noise in the sixth decimal")
def spacing_noise(folder: Path) -> Truth:
    stored = pattern(seed=116)
    noisy = [["0.800001", "0.7"] if z % 2 else ["0.8", "0.700001"] for z in range(6)]
    save(folder, stack(stored, AXIAL, MR, PixelSpacing=noisy))
    return read(expected(stored, AXIAL.affine))
