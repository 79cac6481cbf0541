"""A volume of whole HU as a real DICOM CT series: what the demonstration reads back, and tests read as well.

CT Image Storage, PS3.3 A.3. UIDs follow from the seed and the volume's shape alone (PS3.5 B.2, UUID derived), dates are fixed:
the same input gives the same files.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from napari_hounsfield.errors import IntensityError, WriteError
from napari_hounsfield.operation import Progress
from napari_hounsfield.volume import Volume

if TYPE_CHECKING:
    from pydicom import Dataset
    from pydicom.uid import UID

CT_IMAGE_STORAGE = "1.2.840.10008.5.1.4.1.1.2"
EXPLICIT_LITTLE_ENDIAN = "1.2.840.10008.1.2.1"
INTERCEPT = -1024
_NAMESPACE = uuid.UUID("6f9c1c3e-5d0b-5b8e-9a43-1f0f6f6d2c11")


def write_series(
    volume: Volume, folder: Path, seed: int = 0, description: str = "CT phantom"
) -> Generator[Progress, None, list[Path]]:
    """Write one file a slice, `slice-0001.dcm` on, in the order of the array; stepwise, a slice a step.

    The files are written beside the folder's other content and moved in when all are there; slices of an earlier series of this
    function are replaced.

    Parameters
    ----------
    volume
        (z, y, x) whole HU from -33792 to 31743 at most; where `valid` is False the value is PixelPaddingValue.
    folder
        Made if it is not there.
    seed
        Goes into the UIDs, so that two phantoms are two series.
    description
        Series Description.

    Returns
    -------
    list of Path
        The files, in the order of the array's z axis.

    Raises
    ------
    IntensityError
        If values are not whole, do not fit, or the padding has several values.
    WriteError
        If the folder cannot be written to.
    """
    stored, padding = _stored(volume)
    common = _common(volume, seed, description, padding)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=".series-", dir=folder))
    except OSError as error:
        raise WriteError(f"{folder.name}: cannot be written to ({error.strerror})") from None
    try:
        names = [f"slice-{number:04d}.dcm" for number in range(1, len(stored) + 1)]
        for index, name in enumerate(names):
            _slice(common, volume, stored[index], index).save_as(partial / name, enforce_file_format=True)
            yield Progress((index + 1) / len(names), "writing the DICOM series")
        for name in names:
            os.replace(partial / name, folder / name)
        for stale in set(folder.glob("slice-*.dcm")) - {folder / name for name in names}:
            stale.unlink()
    except OSError as error:
        raise WriteError(f"{folder.name}: cannot be written to ({error.strerror})") from None
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return [folder / name for name in names]


def _stored(volume: Volume) -> tuple[np.ndarray[tuple[int, ...], np.dtype[np.int16]], int | None]:
    """Stored values int16 (z, y, x), and the one that means padding."""
    label = volume.name or "image"
    volume.require_scalar()
    stored = volume.array.astype(np.int32) - INTERCEPT
    if not np.array_equal(stored + INTERCEPT, volume.array):
        raise IntensityError(f"{label}: values are not whole HU")
    if stored.min() < -(2**15) or stored.max() >= 2**15:
        raise IntensityError(f"{label}: values from {volume.array.min()} to {volume.array.max()} do not fit 16 bits")
    outside = np.unique(stored[~volume.valid]) if volume.valid is not None else np.array([])
    if len(outside) > 1:
        raise IntensityError(f"{label}: padding has {len(outside)} values, DICOM has room for one")
    return stored.astype(np.int16), int(outside[0]) if len(outside) else None


def _uid(*parts: object) -> UID:
    from pydicom.uid import UID

    return UID(f"2.25.{uuid.uuid5(_NAMESPACE, '/'.join(map(str, parts))).int}")


def _common(volume: Volume, seed: int, description: str, padding: int | None) -> Dataset:
    """What all slices share."""
    from pydicom import Dataset
    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import UID

    z, y, x = volume.array.shape
    identity = (seed, z, y, x, description)
    directions = volume.affine[:3, :3] / np.linalg.norm(volume.affine[:3, :3], axis=0)
    slice_spacing, row_spacing, column_spacing = volume.spacing
    common = Dataset()
    common.file_meta = FileMetaDataset()
    common.file_meta.MediaStorageSOPClassUID = UID(CT_IMAGE_STORAGE)
    common.file_meta.TransferSyntaxUID = UID(EXPLICIT_LITTLE_ENDIAN)
    elements: dict[str, object] = {
        "SpecificCharacterSet": "ISO_IR 192",
        "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"],
        "SOPClassUID": CT_IMAGE_STORAGE,
        "StudyDate": "20210101",
        "SeriesDate": "20210101",
        "ContentDate": "20210101",
        "StudyTime": "120000",
        "SeriesTime": "120000",
        "ContentTime": "120000",
        "AccessionNumber": "",
        "Modality": "CT",
        "Manufacturer": "napari-hounsfield",
        "ManufacturerModelName": "phantom",
        "ReferringPhysicianName": "",
        "SeriesDescription": description,
        "PatientName": "PHANTOM^CHEST",
        "PatientID": "PHANTOM",
        "PatientBirthDate": "",
        "PatientSex": "O",
        "BodyPartExamined": "CHEST",
        "KVP": 120.0,
        "SliceThickness": round(slice_spacing, 6),
        "PatientPosition": "HFS",
        "StudyInstanceUID": _uid("study", *identity),
        "SeriesInstanceUID": _uid("series", *identity),
        "FrameOfReferenceUID": volume.frame_of_reference or _uid("frame", *identity),
        "StudyID": "1",
        "SeriesNumber": 1,
        "AcquisitionNumber": 1,
        "ImageOrientationPatient": [round(float(v), 10) for v in (*directions[:, 2], *directions[:, 1])],
        "PositionReferenceIndicator": "",
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "Rows": y,
        "Columns": x,
        "PixelSpacing": [round(row_spacing, 8), round(column_spacing, 8)],
        "BitsAllocated": 16,
        "BitsStored": 16,
        "HighBit": 15,
        "PixelRepresentation": 1,
        "BurnedInAnnotation": "NO",
        "WindowCenter": [40, -500],
        "WindowWidth": [400, 1500],
        "WindowCenterWidthExplanation": ["SOFT TISSUE", "LUNG"],
        "RescaleIntercept": INTERCEPT,
        "RescaleSlope": 1,
        "RescaleType": "HU",
    }
    for keyword, value in elements.items():
        setattr(common, keyword, value)
    if padding is not None:
        common.add_new("PixelPaddingValue", "SS", padding)
    return common


def _slice(common: Dataset, volume: Volume, stored: np.ndarray[tuple[int, ...], np.dtype[np.int16]], index: int) -> Dataset:
    """One instance: the common part with its own UID, number, position and pixels."""
    import copy

    instance = copy.deepcopy(common)
    uid = _uid("instance", common.SeriesInstanceUID, index)
    instance.file_meta.MediaStorageSOPInstanceUID = uid
    instance.SOPInstanceUID = uid
    instance.InstanceNumber = index + 1
    position = volume.grid.positions([[index, 0, 0]])[0]
    instance.ImagePositionPatient = [round(float(v), 6) for v in position]
    instance.PixelData = stored.astype("<i2").tobytes()
    return instance
