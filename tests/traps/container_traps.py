"""Directories, archives, odd names, and kinds that are refused by name."""

from __future__ import annotations

import gzip
import shutil
import zipfile
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset
from pydicom.fileset import FileSet

from .multiframe import item
from .truth import Expected, Truth, either, expected, read, refuse, trap
from .writing import AXIAL, INTERCEPT, MR, RAMP, SAGITTAL, Lattice, decimals, hu, image, pattern, ramp, save, stack

SLIDE = "1.2.840.10008.5.1.4.1.1.77.1.6"


@trap("names without extension")
def bare_names(folder: Path) -> Truth:
    stored = pattern(seed=250)
    save(folder, stack(stored), names=[f"IM{z}" for z in (9, 10, 1, 2, 30, 4)])
    return read(hu(stored))


@trap("names that end in .ima, .img, .DCM or a UID")
def odd_names(folder: Path) -> Truth:
    stored = pattern(seed=251)
    save(folder, stack(stored), names=["a.ima", "b.IMA", "c.img", "d.DCM", "1.2.840.77.5", "scan 6 (äöü).dicom"])
    return read(hu(stored))


@trap("slices of one series in several folders")
def nested(folder: Path) -> Truth:
    stored = pattern(seed=252)
    for place in ("one", "one/deeper", "two"):
        (folder / place).mkdir(parents=True)
    save(folder, stack(stored), names=["one/a", "two/b", "one/deeper/c", "two/d", "one/e", "two/f"])
    return read(hu(stored))


def _directory(folder: Path, seed: int) -> np.ndarray:
    """A file set with its DICOMDIR, as a disc has it."""
    stored = ramp(AXIAL.points((6, 12, 10))) + np.int16(seed)
    source = folder / "source"
    files = save(source, stack(stored))
    file_set = FileSet()
    for file in files:
        file_set.add(file)
    file_set.write(folder / "disc")
    shutil.rmtree(source)
    for path in sorted((folder / "disc").iterdir()):
        path.rename(folder / path.name)
    (folder / "disc").rmdir()
    return stored


@trap("DICOMDIR")
def directory(folder: Path) -> Truth:
    return read(hu(_directory(folder, 253)), input="DICOMDIR")


@trap("folder with a DICOMDIR in it")
def folder_of_directory(folder: Path) -> Truth:
    return read(hu(_directory(folder, 254)))


def _rewired(folder: Path, change: str, to: str) -> None:
    """Let every record of the DICOMDIR refer elsewhere: a component of as many letters."""
    assert len(change) == len(to)
    path = folder / "DICOMDIR"
    path.write_bytes(path.read_bytes().replace(change.encode(), to.encode()))


@trap("DICOMDIR that refers outside of its folder")
def escaping(folder: Path) -> Truth:
    _directory(folder / "disc", 255)
    inner = folder / "disc"
    top = next(path.name for path in inner.iterdir() if path.is_dir())
    (inner / top).rename(folder / "PTOUT0")
    _rewired(inner, top + "\\", ("..\\PTOUT0\\" + "/" * 20)[: len(top) + 1])
    return refuse("DICOMDIR|outside", input="disc/DICOMDIR")


@trap("DICOMDIR of which a file is missing")
def missing_file(folder: Path) -> Truth:
    _directory(folder, 256)
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != "DICOMDIR")
    files[2].unlink()
    resampled = Expected(np.zeros(1), None, axes="none", ramp=(*RAMP[:3], RAMP[3] + 256))
    return refuse("DICOMDIR|missing|ImagePositionPatient", input="DICOMDIR", volumes=[resampled])


@trap("gzip-compressed files")
def gzipped(folder: Path) -> Truth:
    stored = pattern(seed=257)
    for file in save(folder, stack(stored)):
        file.with_name(file.name + ".gz").write_bytes(gzip.compress(file.read_bytes(), mtime=0))
        file.unlink()
    return read(hu(stored))


def _zipped(folder: Path, seed: int, prefix: str = "ct/") -> np.ndarray:
    stored = pattern(seed=seed)
    files = save(folder / "source", stack(stored))
    with zipfile.ZipFile(folder / "series.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for file in files:
            archive.write(file, prefix + file.name)
        archive.writestr(prefix + "readme.txt", "nothing to see here")
    shutil.rmtree(folder / "source")
    return stored


@trap("zip archive")
def zipped(folder: Path) -> Truth:
    return read(hu(_zipped(folder, 258)), input="series.zip")


@trap("zip archive whose names climb out of it")
def zip_slip(folder: Path) -> Truth:
    stored = _zipped(folder, 259, "../../")
    return either(hu(stored), input="series.zip", blames=["series.zip"])


def _csa(**tags: list[str]) -> bytes:
    """Siemens' private header of names and texts, in its second version."""

    def words(*numbers: int) -> bytes:
        return np.array(numbers, "<i4").tobytes()

    header = b"SV10\4\3\2\1" + words(len(tags), 77)
    for name, values in tags.items():
        header += name.encode().ljust(64, b"\0") + words(len(values)) + b"FD\0\0" + words(4, len(values), 77)
        for value in values:
            text = value.encode() + b"\0"
            header += words(len(text), len(text), 77, len(text)) + text.ljust((len(text) + 3) // 4 * 4, b"\0")
    return header


@trap("Siemens mosaic")
def mosaic(folder: Path) -> Truth:
    """Four slices tiled into one picture, whose corner is where a slice of that size would begin."""
    slices = pattern(4, seed=260, dtype="u2")
    tiled = np.block([[slices[0], slices[1]], [slices[2], slices[3]]])
    corner = AXIAL.position(0) - AXIAL.affine[:3, 1] * 6 - AXIAL.affine[:3, 2] * 5
    tags = {"ImageType": ("ORIGINAL", "PRIMARY", "M", "ND", "MOSAIC"), "Manufacturer": "SIEMENS", "SpacingBetweenSlices": "3"}
    dataset = stack(tiled[None], AXIAL, MR, ImagePositionPatient=decimals(corner), **tags)[0]
    block = dataset.private_block(0x0029, "SIEMENS CSA HEADER", create=True)
    block.add_new(0x08, "CS", "IMAGE NUM 4")
    block.add_new(0x10, "OB", _csa(NumberOfImagesInMosaic=["4"], SliceNormalVector=["0.0", "0.0", "1.0"]))
    save(folder, [dataset], names=["mosaic.dcm"])
    return refuse("mosaic", volumes=[expected(slices, AXIAL.affine)])


@trap("whole-slide image")
def slide(folder: Path) -> Truth:
    """Four tiles of one picture."""
    rgb = np.random.default_rng(261).integers(0, 256, (4, 8, 8, 3)).astype("u1")
    dataset = image(rgb, SLIDE, Modality="SM", ImageType=["ORIGINAL", "PRIMARY", "VOLUME", "NONE"])
    dataset.TotalPixelMatrixColumns = dataset.TotalPixelMatrixRows = 16
    dataset.DimensionOrganizationType = "TILED_FULL"
    dataset.TotalPixelMatrixOriginSequence = [item(XOffsetInSlideCoordinateSystem="1", YOffsetInSlideCoordinateSystem="2")]
    dataset.ImageOrientationSlide, dataset.NumberOfOpticalPaths, dataset.TotalPixelMatrixFocalPlanes = [0, 1, 0, 1, 0, 0], 1, 1
    dataset.OpticalPathSequence = [item(OpticalPathIdentifier="1")]
    measures = item(PixelSpacing=["0.01", "0.01"], SliceThickness="0.001", SpacingBetweenSlices="0.001")
    dataset.SharedFunctionalGroupsSequence = [item(PixelMeasuresSequence=[measures])]
    save(folder, [dataset], names=["slide.dcm"])
    whole = np.vstack([np.hstack([rgb[0], rgb[1]]), np.hstack([rgb[2], rgb[3]])])
    return refuse("microscopy|slide", volumes=[expected(whole[None], None, axes="zyxc")])


@trap("structured report beside the images")
def report(folder: Path) -> Truth:
    stored = pattern(seed=262)
    note = Dataset()
    note.SOPClassUID, note.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.88.11", "2.25.1"
    note.StudyInstanceUID, note.SeriesInstanceUID, note.Modality, note.SeriesNumber = "2.25.2", "2.25.3", "SR", 99
    save(folder, [*stack(stored), note])
    return read(hu(stored))


@trap("a refused series beside a good one")
def half_good(folder: Path) -> Truth:
    """The good one is read; the other lacks a slice and is listed."""
    good, z = pattern(seed=263), [0, 1, 3, 4, 5]
    up = Lattice(origin=(0.0, 0.0, 100.0))
    bad = ramp(up.points((6, 12, 10)))[z]
    save(folder, [*stack(good), *stack(bad, up, z=z, series="bad", SeriesNumber=9)])
    resampled = Expected(bad + INTERCEPT, None, axes="none", ramp=RAMP)
    return read(hu(good), instead=[hu(good), resampled], blames=["ImagePositionPatient|missing"])


@trap("one file of a series, opened by itself")
def one_file(folder: Path) -> Truth:
    """Some tools read its whole series."""
    stored = pattern(seed=265)
    save(folder, stack(stored, SAGITTAL))
    alone = Lattice(tuple(SAGITTAL.position(2)), SAGITTAL.row, SAGITTAL.column)
    return read(hu(stored[2:3], alone), instead=[hu(stored, SAGITTAL)], input="slice03.dcm")


@trap("empty folder")
def empty(folder: Path) -> Truth:
    folder.mkdir(parents=True, exist_ok=True)
    return refuse("no DICOM|empty")
