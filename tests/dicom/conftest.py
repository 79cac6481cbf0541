"""Generated series: written by pydicom, with whatever oddity a test asks for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_hounsfield.dicom.header import Header, PixelElement

CT = "1.2.840.10008.5.1.4.1.1.2"
LITTLE = "1.2.840.10008.1.2.1"


def plane_dataset(stored: np.ndarray, position: Sequence[float], number: int, **tags: Any):
    """A CT plane as a pydicom FileDataset; `tags` replace or, where None, remove attributes; `syntax` is the transfer syntax."""
    from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
    from pydicom.uid import UID, generate_uid
    from pydicom.valuerep import format_number_as_ds

    def decimals(values: Sequence[float]) -> list[str]:
        return [format_number_as_ds(float(v)) if np.isfinite(v) else str(v) for v in values]

    syntax = tags.pop("syntax", LITTLE)
    seed = tags.pop("seed", "series")
    signed = stored.dtype.kind == "i"
    dataset = Dataset()
    dataset.SOPClassUID = CT
    dataset.SOPInstanceUID = generate_uid(entropy_srcs=[seed, str(number)])
    dataset.StudyInstanceUID = generate_uid(entropy_srcs=[seed, "study"])
    dataset.SeriesInstanceUID = generate_uid(entropy_srcs=[seed])
    dataset.FrameOfReferenceUID = generate_uid(entropy_srcs=[seed, "frame"])
    dataset.Modality = "CT"
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    dataset.PatientName = "Canary^Patient"
    dataset.PatientID = "CANARY-ID"
    dataset.SeriesDescription = "canary description"
    dataset.SeriesNumber = 3
    dataset.InstanceNumber = number
    dataset.SliceThickness = "2.5"
    dataset.ImagePositionPatient = decimals(position)
    dataset.ImageOrientationPatient = decimals(tags.pop("ImageOrientationPatient", (1, 0, 0, 0, 1, 0)))
    dataset.PixelSpacing = decimals(tags.pop("PixelSpacing", (0.8, 0.7)))
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.Rows, dataset.Columns = stored.shape
    dataset.BitsAllocated = 8 * stored.dtype.itemsize
    dataset.BitsStored = tags.get("BitsStored", dataset.BitsAllocated)
    dataset.HighBit = dataset.BitsStored - 1
    dataset.PixelRepresentation = int(signed)
    dataset.RescaleSlope = "1"
    dataset.RescaleIntercept = "-1024"
    dataset.PixelData = stored.astype(stored.dtype.newbyteorder("<")).tobytes()
    dataset["PixelData"].VR = "OW"
    for keyword, value in tags.items():
        if value is None:
            delattr(dataset, keyword)
        else:
            setattr(dataset, keyword, value)
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = UID(syntax)
    meta.MediaStorageSOPClassUID = dataset.get("SOPClassUID", "")
    meta.MediaStorageSOPInstanceUID = dataset.get("SOPInstanceUID", "")
    uid = meta.TransferSyntaxUID
    return FileDataset(None, dataset, b"\0" * 128, meta, uid.is_implicit_VR, uid.is_little_endian)


@pytest.fixture(scope="session")
def make_plane() -> Callable[..., Any]:
    return plane_dataset


@pytest.fixture(scope="session")
def write_series() -> Callable[..., list[Path]]:
    """Write planes (z, y, x) of stored values at `positions`; `change(dataset, index)` may alter each before it is saved."""

    def write(
        folder: Path,
        stored: np.ndarray,
        positions: Sequence[Sequence[float]] | None = None,
        names: Sequence[str] | None = None,
        change: Callable[[Any, int], None] | None = None,
        **tags: Any,
    ) -> list[Path]:
        folder.mkdir(parents=True, exist_ok=True)
        where = [(-10.0, -20.0, 3.0 * z) for z in range(len(stored))] if positions is None else positions
        files = []
        for z, plane in enumerate(stored):
            dataset = plane_dataset(plane, where[z], z + 1, **tags)
            if change is not None:
                change(dataset, z)
            files.append(folder / (names[z] if names else f"IM{z:04d}"))
            dataset.save_as(files[-1], enforce_file_format=True)
        return files

    return write


@pytest.fixture(scope="session")
def make_header() -> Callable[..., Header]:
    """A header that no file stands behind: plans are resolved from headers alone."""

    def make(z: float = 0.0, **facts: Any) -> Header:
        name = facts.pop("name", f"z{z:g}")
        defaults: dict[str, Any] = {
            "path": Path("nowhere", name),
            "sop_class": CT,
            "sop_uid": f"1.2.{name}",
            "series_uid": "1.2.3",
            "kind": "CT Image Storage",
            "modality": "CT",
            "series_number": 3,
            "image_type": ("ORIGINAL", "PRIMARY", "AXIAL"),
            "transfer_syntax": LITTLE,
            "rows": 8,
            "columns": 6,
            "photometric": "MONOCHROME2",
            "bits_allocated": 16,
            "bits_stored": 16,
            "high_bit": 15,
            "signed": True,
            "pixels": PixelElement(1000, 96, 96, True),
            "position": (0.0, 0.0, z),
            "orientation": (1.0, 0.0, 0.0, 0.0, 1.0, 0.0),
            "spacing": (0.8, 0.7),
            "slope": 1.0,
            "intercept": -1024.0,
        }
        return Header(**{**defaults, **facts})

    return make


@pytest.fixture(scope="session")
def noise() -> Callable[..., np.ndarray]:
    """Stored values that no two voxels share by accident."""

    def make(shape: tuple[int, ...] = (4, 6, 5), dtype: str = "i2", seed: int = 0) -> np.ndarray:
        info = np.iinfo(dtype)
        low, high = max(info.min, -900), min(info.max, 3000)
        return np.random.default_rng(seed).integers(low, high, shape).astype(dtype)

    return make
