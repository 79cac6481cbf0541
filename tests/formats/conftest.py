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

from . import generated_series

SeriesWriter = Callable[..., Source]


@pytest.fixture
def ct_series(tmp_path: Path) -> SeriesWriter:
    """Write a CT series in the folder of the test: `generated_series.ct_series`."""

    def write(affine: np.ndarray, shape: tuple[int, int, int], folder: str = "series", **changes: Any) -> Source:
        return generated_series.ct_series(tmp_path / folder, affine, shape, **changes)

    return write


@pytest.fixture
def enhanced_series(tmp_path: Path) -> SeriesWriter:
    """Write one enhanced CT file in the folder of the test: `generated_series.enhanced_series`."""

    def write(
        affine: np.ndarray, shape: tuple[int, int, int], folder: str = "enhanced", order: Any = None, **changes: Any
    ) -> Source:
        return generated_series.enhanced_series(tmp_path / folder, affine, shape, order, **changes)

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
    """A disk of 16 kB; skips where mounting is not allowed."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = shutil.which("mount") and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(folder)], capture_output=True, check=False
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
