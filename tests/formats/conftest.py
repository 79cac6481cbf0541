"""Generated DICOM series, the checker of DICOM conformance, and disks that fail."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_hounsfield import Source

SeriesWriter = Callable[..., Source]


@pytest.fixture
def ct_series(tmp_path: Path) -> SeriesWriter:
    """Write a CT series on any grid (tilted, oblique, descending files), with what the standard demands of a CT image."""

    def write(affine: np.ndarray, shape: tuple[int, int, int], folder: str = "series", **changes: Any) -> Source:
        from pydicom.dataset import Dataset, FileMetaDataset
        from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

        target = tmp_path / folder
        target.mkdir()
        study, series, frame = (generate_uid(entropy_srcs=[folder, word]) for word in ("study", "series", "frame"))
        files = []
        for z in range(shape[0]):
            ds = Dataset()
            ds.file_meta = FileMetaDataset()
            ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
            ds.SOPClassUID, ds.SOPInstanceUID = CTImageStorage, generate_uid(entropy_srcs=[folder, str(z)])
            ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.FrameOfReferenceUID = study, series, frame
            ds.PatientName, ds.PatientID, ds.PatientBirthDate, ds.PatientSex = "Canary^Patient", "CANARY-ID", "19700101", "O"
            ds.StudyDate, ds.StudyTime, ds.AccessionNumber, ds.StudyID = "20200101", "101010", "1", "1"
            ds.ReferringPhysicianName, ds.Modality, ds.SeriesNumber, ds.InstanceNumber = "", "CT", 4, z + 1
            ds.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
            ds.ImageOrientationPatient = [
                f"{v:.9g}"
                for v in [*affine[:3, 2] / np.linalg.norm(affine[:3, 2]), *affine[:3, 1] / np.linalg.norm(affine[:3, 1])]
            ]
            ds.ImagePositionPatient = [f"{v:.9g}" for v in (affine @ [z, 0, 0, 1])[:3]]
            ds.PixelSpacing = [f"{np.linalg.norm(affine[:3, i]):.9g}" for i in (1, 2)]
            ds.SliceThickness, ds.KVP, ds.AcquisitionNumber, ds.PositionReferenceIndicator = "3", "120", 1, ""
            ds.Rows, ds.Columns, ds.SamplesPerPixel, ds.PhotometricInterpretation = shape[1], shape[2], 1, "MONOCHROME2"
            ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 16, 15, 1
            ds.RescaleSlope, ds.RescaleIntercept, ds.Manufacturer = 1, 0, "test"
            ds.PixelData = np.full(shape[1:], z, np.int16).tobytes()
            for keyword, value in changes.items():
                if value is None:
                    del ds[keyword]
                else:
                    setattr(ds, keyword, value)
            files.append(target / f"{1000 - z}.dcm")
            ds.save_as(files[-1], enforce_file_format=True)
        return Source(series, tuple(files))

    return write


@pytest.fixture
def enhanced_series(ct_series: SeriesWriter, tmp_path: Path) -> SeriesWriter:
    """Write one enhanced CT file on any grid, its frames in the order that `order` gives; the source names file and frame."""

    def write(
        affine: np.ndarray, shape: tuple[int, int, int], folder: str = "enhanced", order: Any = None, **changes: Any
    ) -> Source:
        from pydicom import dcmread
        from pydicom.dataset import Dataset
        from pydicom.uid import EnhancedCTImageStorage

        slices = [dcmread(file) for file in ct_series(affine, shape, folder=f"{folder} slices").files]
        order = list(range(shape[0]) if order is None else order)
        ds = slices[0]
        ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = EnhancedCTImageStorage
        ds.NumberOfFrames, ds.PixelData = shape[0], b"".join(slices[z].PixelData for z in order)
        frames = []
        for z in order:
            frame, content, position = Dataset(), Dataset(), Dataset()
            content.StackID, content.InStackPositionNumber = "1", z + 1
            content.DimensionIndexValues = [z + 1]
            position.ImagePositionPatient = slices[z].ImagePositionPatient
            frame.FrameContentSequence, frame.PlanePositionSequence = [content], [position]
            frames.append(frame)
        shared, measures, orientation, values = Dataset(), Dataset(), Dataset(), Dataset()
        measures.PixelSpacing, measures.SliceThickness = ds.PixelSpacing, "3"
        orientation.ImageOrientationPatient = ds.ImageOrientationPatient
        values.RescaleSlope, values.RescaleIntercept, values.RescaleType = 1, 0, "HU"
        shared.PixelMeasuresSequence, shared.PlaneOrientationSequence = [measures], [orientation]
        shared.PixelValueTransformationSequence = [values]
        ds.SharedFunctionalGroupsSequence, ds.PerFrameFunctionalGroupsSequence = [shared], frames
        for keyword in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "SliceThickness"):
            del ds[keyword]
        for keyword, value in changes.items():
            setattr(ds, keyword, value)
        target = tmp_path / folder
        target.mkdir()
        ds.save_as(target / "all.dcm", enforce_file_format=True)
        return Source(ds.SeriesInstanceUID, (target / "all.dcm",) * shape[0], tuple(order.index(z) + 1 for z in range(shape[0])))

    return write


@pytest.fixture(scope="session")
def dcmqi_labels() -> Callable[[Path, Path], tuple[np.ndarray, np.ndarray, list[str]]]:
    """Read a segmentation with dcmqi's segimage2itkimage: labels (z, y, x), affine to LPS mm, names in the order of labels."""
    pytest.importorskip("dcmqi")
    import dcmqi

    program = Path(dcmqi.__file__).parent / "bin" / ("segimage2itkimage.exe" if os.name == "nt" else "segimage2itkimage")

    def read(path: Path, folder: Path) -> tuple[np.ndarray, np.ndarray, list[str]]:
        import json

        from napari_hounsfield.formats.nrrd import read_nrrd

        folder.mkdir()
        words = [str(program), "--inputDICOM", str(path), "--outputDirectory", str(folder), "--mergeSegments"]
        done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr + done.stdout
        volume = read_nrrd(folder / "1.nrrd")[0]
        said = json.loads((folder / "meta.json").read_text())["segmentAttributes"]
        names = [one["SegmentLabel"] for group in said for one in group]
        return volume.array, volume.affine, names

    return read


@pytest.fixture(scope="session")
def dicom_errors() -> Callable[[Path], list[str]]:
    """Lines in which dciodvfy (dicom3tools) finds fault with a file."""
    program = shutil.which("dciodvfy")
    if program is None:
        pytest.skip("dciodvfy of dicom3tools is not installed")

    def check(path: Path) -> list[str]:
        path = _inflated(path)  # which dciodvfy does not
        done = subprocess.run([program, str(path)], capture_output=True, text=True, timeout=120, check=False)
        lines = (done.stdout + done.stderr).splitlines()
        known = ("Segmentation", "RTStructureSet", "EnhancedSR")
        assert any(kind in done.stdout + done.stderr for kind in known), "dciodvfy did not recognise the file"
        return [line for line in lines if line.startswith("Error")]

    return check


def _inflated(path: Path) -> Path:
    from pydicom import dcmread
    from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian

    dataset = dcmread(path)
    if dataset.file_meta.TransferSyntaxUID != DeflatedExplicitVRLittleEndian:
        return path
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.save_as(path.with_name("inflated.dcm"))
    return path.with_name("inflated.dcm")


@pytest.fixture
def small_files() -> Callable[[int], AbstractContextManager[None]]:
    """Let no file grow beyond so many bytes, as a full disk would: writing fails with a system error."""
    resource = pytest.importorskip("resource")

    @contextmanager
    def limited(size: int) -> Iterator[None]:
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    return limited


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 kB; skips where mounting is not allowed."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = shutil.which("mount") and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if not mounted or mounted.returncode:
        pytest.skip("a small disk cannot be mounted here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture
def read_only() -> Iterator[Path]:
    """A folder that this process may not write to (as root: with the rights of nobody)."""
    if not hasattr(os, "seteuid"):
        pytest.skip("no folder rights on this system")
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o555)
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    yield folder
    if root:
        os.seteuid(0)
    folder.chmod(0o755)
    shutil.rmtree(folder)
