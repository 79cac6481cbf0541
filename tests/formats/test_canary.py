"""What a DICOM source says of a patient reaches no file but those in which the standard demands it, and no message."""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.dicom.planting import DIGITS, MARK, clean, plant

import napari_hounsfield as nh
from napari_hounsfield.dicom.guards import quiet

from .generated_series import ct_series

AFFINE = nh.axial_affine((3, 0.7, 0.8), (-30.5, 20, -300))
CLASSES = {1: "lung", 2: "nodule"}
MOMENTS = ("19471103", "20471104", "114711")
"""Of birth and study: possible ones that hold the digits of the mark."""
CARRIED = {
    "PatientName", "PatientID", "PatientBirthDate", "StudyInstanceUID", "StudyID", "StudyDate", "StudyTime", "AccessionNumber",
    "ReferringPhysicianName",
}  # fmt: skip
"""Of the patient and the study, all that is demanded (types 1 and 2) of what is planted: the sex is a code."""
REFERENCES = {"FrameOfReferenceUID", "SeriesInstanceUID", "ReferencedSOPInstanceUID"}
CONTOUR_REFERENCES = {*REFERENCES, "ReferencedFrameOfReferenceUID"}


def planted_series(folder: Path) -> nh.Source:
    """A series with a canary in every kind of field of every file."""
    source = ct_series(folder, AFFINE, (4, 12, 10))
    from pydicom import dcmread

    with quiet():  # pydicom warns of what it writes
        for z, file in enumerate(source.files):
            dataset = dcmread(file)
            plant(dataset)
            dataset.SeriesInstanceUID, dataset.SOPInstanceUID = f"1.2.{DIGITS}.1", f"1.2.{DIGITS}.2.{z}"
            dataset.PatientBirthDate, dataset.StudyDate, dataset.StudyTime = MOMENTS
            dataset.save_as(file)
    return source


@pytest.fixture(scope="module")
def volume(tmp_path_factory: pytest.TempPathFactory) -> nh.Volume:
    folder = tmp_path_factory.mktemp("source") / "series"
    planted_series(folder)
    (found,) = nh.read(folder)
    return found


@pytest.fixture(scope="module")
def labels(volume: nh.Volume) -> nh.LabelMap:
    array = np.zeros(volume.grid.shape, np.uint8)
    array[1:3, 2:6, 2:6], array[1, 8, 8] = 1, 2
    return volume.label_map(array, CLASSES)


def _probabilities(labels: nh.LabelMap) -> nh.Features:
    array = np.full((1, *labels.grid.shape), 0.5, np.float32)
    return nh.Features(array, ("lung",), labels.affine, frame_of_reference=labels.frame_of_reference, source=labels.source)


def _in_all(suffix: str) -> Callable[[Path, nh.Volume, nh.LabelMap], Any]:
    """Image, labels and feature maps."""

    def write(folder: Path, volume: nh.Volume, labels: nh.LabelMap) -> None:
        for name, data in (("image", volume), ("labels", labels), ("maps", _probabilities(labels))):
            nh.write(folder / f"{name}{suffix}", data)

    return write


def _tables(folder: Path, volume: nh.Volume, labels: nh.LabelMap) -> None:
    for suffix in (".csv", ".json"):
        nh.write(folder / f"measured{suffix}", nh.measure(volume, labels))
        nh.write(folder / f"evaluated{suffix}", nh.evaluate(labels, labels))
    nh.write_strokes(folder / "strokes.csv", labels)
    for suffix in (".csv", ".json", ".ctbl", ".label"):
        nh.write_classes(folder / f"classes{suffix}", labels.classes)


FREE: dict[str, Callable[[Path, nh.Volume, nh.LabelMap], Any]] = {
    **{suffix: _in_all(suffix) for suffix in (".nii", ".nii.gz", ".nrrd", ".mha", ".ome.zarr")},
    ".seg.nrrd": lambda folder, volume, labels: nh.write(folder / "labels.seg.nrrd", labels),
    "tables": _tables,
    "safetensors": lambda folder, volume, labels: nh.write(folder / "model.safetensors", nh.train(volume, labels)),
    "surfaces": lambda folder, volume, labels: [nh.write(folder / f"a{end}", nh.surfaces(labels)) for end in (".stl", ".ply")],
    "Slicer": lambda folder, volume, labels: nh.send_to_slicer(folder / "slicer", volume, labels),
}


def inflated(content: bytes) -> bytes:
    """With what is compressed by gzip in it, whole or behind a header."""
    start = content.find(b"\x1f\x8b\x08")
    return content if start < 0 else content + zlib.decompressobj(wbits=31).decompress(content[start:])


def texts(content: bytes) -> bytes:
    """Without fractions of numbers, of which there are thousands, so that some may hold the digits of the mark."""
    return re.sub(rb"(?<![\d.])\d+\.\d+(e-?\d+)?(?![\d.])", b"", content)


def test_what_is_searched_would_be_found(volume: nh.Volume) -> None:
    assert volume.source is not None
    for found in (volume.source.files[0].read_bytes(), f"1.2.{DIGITS}.1".encode(), b'{"date": "20471104"}'):
        for packed in (found, gzip.compress(found), b"NRRD0004\n\n" + gzip.compress(found)):
            with pytest.raises(AssertionError):
                clean(texts(inflated(packed)))
    clean(texts(b"0.4711, -12.471123e-05, 1.25"))


SLOW = ("safetensors", "surfaces")
"""What takes longer to compute than to search."""


@pytest.mark.parametrize("kind", [pytest.param(kind, marks=pytest.mark.slow) if kind in SLOW else kind for kind in FREE])
def test_no_file_but_dicom_names_the_patient(tmp_path: Path, volume: nh.Volume, labels: nh.LabelMap, kind: str) -> None:
    FREE[kind](tmp_path, volume, labels)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert files
    for path in files:
        clean(path.relative_to(tmp_path), texts(inflated(path.read_bytes())))


def _carried(path: Path) -> set[str]:
    """Keywords of the elements, at any depth, that hold a canary; a private one has none."""
    from pydicom import dcmread

    clean(path.read_bytes()[:128])
    dataset = dcmread(path)
    return {element.keyword for part in (dataset.file_meta, dataset) for element in part.iterall() if _planted(element)}


def _planted(element: Any) -> bool:
    """Whether a canary is in it; UIDs and times that are new may hold any digits."""
    if element.VR == "UI":
        return str(element.value).startswith(f"1.2.{DIGITS}.")
    if element.VR in ("DA", "TM", "DT"):
        return element.value in MOMENTS
    return element.VR != "SQ" and (MARK.lower() in str(element.value).lower() or DIGITS in str(element.value))


@pytest.mark.parametrize("kind", ["binary", "labelmap", "fractional"])
def test_a_segmentation_and_its_report_carry_what_the_standard_demands(
    tmp_path: Path, volume: nh.Volume, labels: nh.LabelMap, kind: Any
) -> None:
    data = _probabilities(labels) if kind == "fractional" else labels
    path = nh.write(tmp_path / "s.dcm", data, params=nh.SegParams(type=kind))
    assert _carried(path) == CARRIED | REFERENCES
    measured = nh.measure(volume, replace(labels, array=np.minimum(labels.array, 1)))
    report = nh.write(tmp_path / "m.sr.dcm", measured, source=path)
    assert _carried(report) == CARRIED | {"UID"}, "the series that was measured"


def test_of_a_segmentation_of_others_a_report_takes_no_more(tmp_path: Path, volume: nh.Volume, labels: nh.LabelMap) -> None:
    from pydicom import dcmread

    segmentation = dcmread(nh.write(tmp_path / "s.dcm", labels))
    segmentation.PatientComments = segmentation.PatientAddress = segmentation.StudyDescription = f"{MARK}^TOLD"
    segmentation.save_as(tmp_path / "theirs.dcm")
    report = nh.write(tmp_path / "m.sr.dcm", nh.measure(volume, labels), source=tmp_path / "theirs.dcm")
    assert _carried(report) == CARRIED | {"UID"}


def test_contours_carry_what_the_standard_demands(tmp_path: Path, labels: nh.LabelMap) -> None:
    assert _carried(nh.write(tmp_path / "a.rtstruct.dcm", labels)) == CARRIED | CONTOUR_REFERENCES


WITHOUT = ("FrameOfReferenceUID", "ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "SOPInstanceUID", "Rows")


@pytest.mark.parametrize("suffix", [".dcm", ".rtstruct.dcm"])
def test_no_refusal_to_write_names_the_patient(tmp_path: Path, labels: nh.LabelMap, suffix: str) -> None:
    from pydicom import dcmread

    elsewhere = nh.axial_affine((3, 0.7, 0.8), (500, 20, -300))
    folder = tmp_path / "source"
    source = planted_series(folder)
    fitting = replace(labels, source=source)
    targets = [
        replace(fitting, affine=elsewhere),
        replace(fitting, classes={1: "x" * 100, 2: "\ud800"}),
        replace(labels, source=None),
    ]
    targets += [replace(fitting, array=np.zeros_like(labels.array)), _probabilities(fitting)]
    refused = 0
    for data in targets:
        refused += _refused(lambda data=data: nh.write(tmp_path / f"a{suffix}", data, overwrite=True))
    whole = source.files[1].read_bytes()
    for keyword in WITHOUT:
        with quiet():
            dataset = dcmread(source.files[1])
            delattr(dataset, keyword)
            if keyword == "SOPInstanceUID":
                del dataset.file_meta.MediaStorageSOPInstanceUID
            dataset.save_as(source.files[1])
        refused += _refused(lambda: nh.write(tmp_path / f"a{suffix}", fitting, overwrite=True))
        source.files[1].write_bytes(whole)
    for end in (200, len(whole) // 2):
        source.files[1].write_bytes(whole[:end])
        refused += _refused(lambda: nh.write(tmp_path / f"a{suffix}", fitting, overwrite=True))
    assert refused > 8


def test_no_refusal_to_read_names_the_patient(tmp_path: Path, volume: nh.Volume, labels: nh.LabelMap) -> None:
    segmentation = nh.write(tmp_path / "s.dcm", labels)
    contours = nh.write(tmp_path / "a.rtstruct.dcm", labels)
    report = nh.write(tmp_path / "m.sr.dcm", nh.measure(volume, labels), source=segmentation)
    readers = ((segmentation, nh.read), (contours, lambda path: nh.read(path, source=volume)), (report, nh.read_measurements))
    for path, read in readers:
        whole = path.read_bytes()
        refused = 0
        for part in np.linspace(132, len(whole) - 2, 12).astype(int):
            path.write_bytes(whole[:part])
            refused += _refused(lambda read=read, path=path: read(path))
        assert refused > 3


def _refused(work: Callable[[], Any]) -> bool:
    try:
        work()
    except nh.HounsfieldError as error:
        clean(error, repr(error))
        return True
    return False
