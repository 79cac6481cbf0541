"""Headers written in unusual ways: representations, sequences, trailing bytes, nonsense where it does not matter."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from pydicom.datadict import tag_for_keyword
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.tag import Tag

from .truth import Truth, either, expected, read, trap
from .writing import AXIAL, IMPLICIT, Lattice, decimals, hu, pattern, raw, save, stack


@trap("nonsense in tags that do not matter")
def nonsense(folder: Path) -> Truth:
    stored = pattern(seed=400)
    datasets = stack(stored)
    for dataset in datasets:
        raw(dataset, "InstanceNumber", "IS", "12.5")
        raw(dataset, "SeriesNumber", "IS", "three")
        raw(dataset, "AcquisitionNumber", "IS", "")
        raw(dataset, "StudyDate", "DA", "yesterday")
        raw(dataset, "AcquisitionTime", "TM", "99:99")
        raw(dataset, "SliceThickness", "DS", "thin")
        raw(dataset, "WindowCenter", "DS", "bright")
        raw(dataset, "PatientWeight", "DS", "1,5e")
    save(folder, datasets)
    return read(hu(stored))


@trap("text in Japanese and Korean")
def foreign(folder: Path) -> Truth:
    """Escape sequences, and bytes that look like separators."""
    stored = pattern(seed=401)
    datasets = stack(stored, SpecificCharacterSet=["", "ISO 2022 IR 87"], SeriesDescription="山田\u3000表")
    save(folder, datasets)
    return read(hu(stored))


@trap("unknown character set")
def charset(folder: Path) -> Truth:
    stored = pattern(seed=402)
    datasets = stack(stored)
    for dataset in datasets:
        raw(dataset, "SpecificCharacterSet", "CS", "ISO_IR 999")
    save(folder, datasets)
    return read(hu(stored))


@trap("decimal strings longer than 16 characters")
def long_decimals(folder: Path) -> Truth:
    stored, lattice = pattern(seed=403), Lattice(origin=(-123.456789012345, 41.4242424242424, 0.123456789012345))
    datasets = stack(stored, lattice)
    for z, dataset in enumerate(datasets):
        raw(dataset, "ImagePositionPatient", "DS", *(f"{v:.17f}" for v in lattice.position(z)))
    save(folder, datasets)
    return read(hu(stored, lattice))


@trap("decimal strings with blanks and zeros around them")
def padded_decimals(folder: Path) -> Truth:
    stored = pattern(seed=404)
    datasets = stack(stored)
    for z, dataset in enumerate(datasets):
        raw(dataset, "ImagePositionPatient", "DS", "-010.000 ", "  -2.0E+1", f" +{5 + 3 * z}.")
    save(folder, datasets)
    return read(hu(stored))


def _represented(dataset: Dataset, keyword: str, vr: str, value: bytes) -> None:
    tag = Tag(tag_for_keyword(keyword) or 0)
    dataset[tag] = RawDataElement(tag, vr, len(value), value, 0, False, True)


@trap("known tags under an unknown representation (UN)")
def unknown_vr(folder: Path) -> Truth:
    """As archives write what they received in implicit VR."""
    stored = pattern(seed=405)
    datasets = stack(stored)
    for z, dataset in enumerate(datasets):
        _represented(dataset, "ImagePositionPatient", "UN", "\\".join(decimals(AXIAL.position(z))).encode().ljust(16))
        _represented(dataset, "RescaleIntercept", "UN", b"-1024 ")
        _represented(dataset, "Rows", "UN", np.uint16(12).tobytes())
    save(folder, datasets)
    return either(hu(stored))


@trap("rescale as text of another representation (LO)")
def other_vr(folder: Path) -> Truth:
    stored = pattern(seed=406)
    datasets = stack(stored)
    for dataset in datasets:
        _represented(dataset, "RescaleSlope", "LO", b"2 ")
    save(folder, datasets)
    return either(expected(stored * 2.0 - 1024, AXIAL.affine))


@trap("bytes after the end")
def trailing(folder: Path) -> Truth:
    stored = pattern(seed=407)
    for file in save(folder, stack(stored)):
        file.write_bytes(file.read_bytes() + bytes(512))
    return either(hu(stored))


@trap("trailing padding element")
def padding_element(folder: Path) -> Truth:
    stored = pattern(seed=408)
    datasets = stack(stored)
    for dataset in datasets:
        dataset.add_new(0xFFFCFFFC, "OB", bytes(1024))
    save(folder, datasets)
    return read(hu(stored))


@trap("private group after the pixel data")
def group_after(folder: Path) -> Truth:
    stored = pattern(seed=409)
    datasets = stack(stored)
    for dataset in datasets:
        dataset.private_block(0x7FE1, "TRAP MAKER", create=True).add_new(0x10, "OW", bytes(range(256)) * 40)
    save(folder, datasets)
    return read(hu(stored))


@trap("900 nested sequences")
def deep(folder: Path) -> Truth:
    stored = pattern(2, seed=410)
    begin, end = (
        b"\x08\x00\x40\x11\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff",
        b"\xfe\xff\x0d\xe0\0\0\0\0\xfe\xff\xdd\xe0\0\0\0\0",
    )
    for file in save(folder, stack(stored), IMPLICIT):
        content = file.read_bytes()
        at = content.index(b"\x10\x00\x10\x00")
        file.write_bytes(content[:at] + begin * 900 + end * 900 + content[at:])
    return either(hu(stored))


@trap("sequences of undefined length before the pixels")
def undefined(folder: Path) -> Truth:
    stored = pattern(seed=411)
    datasets = stack(stored)
    for dataset in datasets:
        inner = Dataset()
        inner.ReferencedSOPInstanceUID, inner.Rows, inner.PixelSpacing = "1.2.3", 5, ["9", "9"]
        inner.is_undefined_length_sequence_item = True
        dataset.ReferencedImageSequence = [inner, inner]
        dataset["ReferencedImageSequence"].is_undefined_length = True
    save(folder, datasets)
    return read(hu(stored))


@trap("five megabytes of comment")
def talkative(folder: Path) -> Truth:
    stored = pattern(2, seed=412)
    datasets = stack(stored)
    for dataset in datasets:
        dataset.add_new(0x00204000, "UT", "talk " * 1_000_000)
    save(folder, datasets)
    return read(hu(stored))


@trap("single CT images that say one frame")
def one_frame(folder: Path) -> Truth:
    stored = pattern(seed=413)
    save(folder, stack(stored, NumberOfFrames=1))
    return read(hu(stored))


@trap("CT images that say no frame")
def no_frame(folder: Path) -> Truth:
    stored = pattern(seed=414)
    save(folder, stack(stored, NumberOfFrames=0))
    return either(hu(stored))


@trap("modality in lower case")
def lower(folder: Path) -> Truth:
    stored = pattern(seed=418)
    datasets = stack(stored)
    for dataset in datasets:
        raw(dataset, "Modality", "CS", "ct")
    save(folder, datasets)
    return either(expected(stored - 1024.0, AXIAL.affine))


@trap("one slice of unknown thickness")
def no_thickness(folder: Path) -> Truth:
    stored = pattern(1, seed=419)
    save(folder, stack(stored, SliceThickness=None))
    return read(hu(stored, Lattice(spacing=(1.0, 0.8, 0.7))), says=["thickness"])


@trap("icon image with pixels of its own before the pixel data")
def icon(folder: Path) -> Truth:
    stored = pattern(seed=113)
    small = Dataset()
    small.Rows = small.Columns = 4
    small.SamplesPerPixel, small.PhotometricInterpretation = 1, "MONOCHROME2"
    small.BitsAllocated = small.BitsStored = 8
    small.HighBit, small.PixelRepresentation, small.PixelData = 7, 0, bytes(range(16))
    save(folder, stack(stored, IconImageSequence=[[small]] * 6))
    return read(hu(stored))


@trap("private tags in the way")
def private(folder: Path) -> Truth:
    stored = pattern(seed=115)
    datasets = stack(stored)
    for dataset in datasets:
        for group in (0x0009, 0x0021, 0x0029, 0x7FDF):
            block = dataset.private_block(group, "TRAP MAKER", create=True)
            block.add_new(0x10, "UN", bytes(range(256)) * 90)
            block.add_new(0x11, "DS", "5")
    save(folder, datasets)
    return read(hu(stored))
