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


@pytest.fixture(scope="session")
def dicom_errors() -> Callable[[Path], list[str]]:
    """Lines in which dciodvfy (dicom3tools) finds fault with a file."""
    program = shutil.which("dciodvfy")
    if program is None:
        pytest.skip("dciodvfy of dicom3tools is not installed")

    def check(path: Path) -> list[str]:
        done = subprocess.run([program, str(path)], capture_output=True, text=True, timeout=120, check=False)
        lines = (done.stdout + done.stderr).splitlines()
        known = ("Segmentation", "RTStructureSet", "EnhancedSR")
        assert any(kind in done.stdout + done.stderr for kind in known), "dciodvfy did not recognise the file"
        return [line for line in lines if line.startswith("Error")]

    return check


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
