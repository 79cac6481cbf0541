"""Tiny DICOM series with a pattern in which no two voxels are alike, so that every flip, shift or swap shows."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.datadict import tag_for_keyword
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.tag import Tag
from pydicom.uid import UID
from pydicom.valuerep import format_number_as_ds

from .truth import Expected

CT, MR, PET = (f"1.2.840.10008.5.1.4.1.1.{end}" for end in ("2", "4", "128"))
IMPLICIT, LITTLE, BIG, DEFLATED = (f"1.2.840.10008.1.2{end}" for end in ("", ".1", ".2", ".1.99"))
RLE = "1.2.840.10008.1.2.5"
JPEG_LOSSLESS, JPEG_LS, JPEG_LS_NEAR, J2K, J2K_LOSSY = (f"1.2.840.10008.1.2.4.{end}" for end in ("70", "80", "81", "90", "91"))
MODALITIES = {CT: "CT", MR: "MR", PET: "PT"}
SLOPE, INTERCEPT = 1.0, -1024.0


@dataclass(frozen=True)
class Lattice:
    """Where the planes lie; the first is the lowest along row x column direction."""

    origin: tuple[float, float, float] = (-10.0, -20.0, 5.0)
    row: tuple[float, float, float] = (1.0, 0.0, 0.0)
    """Direction in which the column index grows."""
    column: tuple[float, float, float] = (0.0, 1.0, 0.0)
    spacing: tuple[float, float, float] = (3.0, 0.8, 0.7)
    """(z, y, x) in mm."""
    step: tuple[float, float, float] | None = None
    """From plane to plane in mm; None: along the normal."""

    @property
    def steps(self) -> NDArray:
        """From plane to plane, (L, P, S) in mm."""
        return np.array(self.step) if self.step else np.cross(self.row, self.column) * self.spacing[0]

    @property
    def affine(self) -> NDArray:
        """4x4 from (z, y, x) to patient mm."""
        affine = np.eye(4)
        affine[:3, 0] = self.steps
        affine[:3, 1] = np.array(self.column) * self.spacing[1]
        affine[:3, 2] = np.array(self.row) * self.spacing[2]
        affine[:3, 3] = self.origin
        return affine

    def position(self, z: float) -> NDArray:
        """Patient position of the first voxel of plane `z`."""
        return np.array(self.origin) + z * self.steps

    def points(self, shape: Sequence[int]) -> NDArray:
        """Patient positions (z, y, x, 3) of all voxels."""
        index = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), axis=-1)
        return index @ self.affine[:3, :3].T + self.affine[:3, 3]


AXIAL = Lattice()
CORONAL = Lattice(column=(0.0, 0.0, -1.0))
SAGITTAL = Lattice(row=(0.0, 1.0, 0.0), column=(0.0, 0.0, -1.0))


def turned(lattice: Lattice, *angles: float) -> Lattice:
    """`lattice` with its directions turned by degrees about x, then y, then z."""
    matrix = np.eye(3)
    for axis, angle in enumerate(np.radians(angles)):
        turn = np.eye(3)
        i, j = (axis + 1) % 3, (axis + 2) % 3
        turn[i, i] = turn[j, j] = np.cos(angle)
        turn[j, i], turn[i, j] = np.sin(angle), -np.sin(angle)
        matrix = turn @ matrix
    return replace(lattice, row=tuple(matrix @ lattice.row), column=tuple(matrix @ lattice.column))


LARGE = (3, 34, 32)
"""Slices, rows and columns for JPEG 2000, whose encoder takes nothing smaller than 32 pixels."""


def pattern(slices: int = 6, rows: int = 12, columns: int = 10, seed: int = 0, dtype: str = "i2", low: int = 0) -> NDArray:
    """Stored values (z, y, x), all different where the type has room for it."""
    count = slices * rows * columns
    rng = np.random.default_rng(seed)
    room = np.iinfo(dtype).max - low
    values = rng.permutation(count) if room >= count else rng.integers(0, room + 1, count)
    return (low + values).reshape(slices, rows, columns).astype(dtype)


def ramp(points: NDArray, slope: Sequence[float] = (9.0, 13.0, 21.0), offset: float = 900.0) -> NDArray:
    """Values that grow linearly through the patient, rounded: what resampling in the right place keeps."""
    return np.rint(points @ np.array(slope) + offset).astype("i2")


RAMP = (9.0, 13.0, 21.0, 900.0 + INTERCEPT)
"""Of `ramp` after the usual rescale."""


def hu(stored: NDArray, lattice: Lattice = AXIAL, **more: Any) -> Expected:
    """The usual truth: rescaled by the usual slope and intercept, on the lattice."""
    return Expected(stored.astype(float) * SLOPE + INTERCEPT, lattice.affine, unit="HU", **more)


def uid(*words: object) -> UID:
    """A UID that is the same at every run."""
    return UID("2.25." + str(int.from_bytes(hashlib.sha256(repr(words).encode()).digest()[:15], "big")))


def decimals(values: Sequence[float]) -> list[str]:
    """As Decimal Strings of at most 16 characters."""
    return [format_number_as_ds(float(v)) for v in values]


def raw(dataset: Dataset, keyword: str, vr: str, *texts: str) -> None:
    """Set an element to texts that pydicom would not let through."""
    tag = Tag(tag_for_keyword(keyword) or 0)
    value = "\\".join(texts).encode()
    value += b" " * (len(value) % 2)
    dataset[tag] = RawDataElement(tag, vr, len(value), value, 0, False, True)


def image(pixels: NDArray, sop_class: str = CT, *, series: str = "series", number: int = 1, **tags: Any) -> Dataset:
    """A Dataset with one frame (y, x), several (f, y, x), or colour (y, x, 3) or (f, y, x, 3); a tag that is None is left out."""
    ds = Dataset()
    colour = pixels.ndim > 2 and pixels.shape[-1] == 3
    shape = pixels.shape[:-1] if colour else pixels.shape
    ds.SOPClassUID = UID(sop_class)
    ds.SOPInstanceUID = uid(series, number, hashlib.sha256(pixels.tobytes()).hexdigest())
    ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.FrameOfReferenceUID = uid("study"), uid(series), uid("frame")
    ds.Modality = MODALITIES.get(sop_class, "OT")
    ds.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    ds.Manufacturer, ds.PatientName, ds.PatientID, ds.PatientBirthDate, ds.PatientSex = "Trap", "Trap^Pattern", "TRAP", "", ""
    ds.StudyDate, ds.StudyTime, ds.StudyID, ds.AccessionNumber, ds.ReferringPhysicianName = "20200102", "100000", "1", "", ""
    ds.SeriesNumber, ds.InstanceNumber, ds.PatientPosition, ds.ProtocolName = 3, number, "HFS", "trap"
    ds.SamplesPerPixel, ds.PhotometricInterpretation = (3, "RGB") if colour else (1, "MONOCHROME2")
    if colour:
        ds.PlanarConfiguration = 0
    if len(shape) == 3:
        ds.NumberOfFrames = shape[0]
    ds.Rows, ds.Columns = shape[-2:]
    ds.BitsAllocated = 8 * pixels.dtype.itemsize
    ds.BitsStored = tags.get("BitsStored", ds.BitsAllocated)
    ds.HighBit = ds.BitsStored - 1
    ds.PixelRepresentation = int(pixels.dtype.kind == "i")
    ds.PixelData = pixels.astype(pixels.dtype.newbyteorder("<")).tobytes()
    ds.PixelData += b"\0" * (len(ds.PixelData) % 2)
    ds["PixelData"].VR = "OW" if ds.BitsAllocated > 8 else "OB"
    change(ds, **tags)
    return ds


def change(dataset: Dataset, **tags: Any) -> None:
    """Set tags, or remove those that are None."""
    for keyword, value in tags.items():
        if value is not None:
            setattr(dataset, keyword, list(value) if isinstance(value, tuple) else value)
        elif keyword in dataset:
            delattr(dataset, keyword)


def stack(
    stored: NDArray, lattice: Lattice = AXIAL, sop_class: str = CT, *, z: Sequence[float] | None = None, **tags: Any
) -> list[Dataset]:
    """A Dataset a plane, ascending; `z` places them on the lattice; a tag may be a list with one value a plane."""
    where = range(len(stored)) if z is None else z
    rescale = {"RescaleSlope": "1", "RescaleIntercept": "-1024"} if sop_class == CT else {}
    rest = {
        "SliceThickness": format_number_as_ds(lattice.spacing[0]),
        "PixelSpacing": decimals(lattice.spacing[1:]),
        "ImageOrientationPatient": decimals([*lattice.row, *lattice.column]),
        **rescale,
        **tags,
    }
    found = []
    for i, (plane, at) in enumerate(zip(stored, where, strict=True)):
        own = {k: v[i] if isinstance(v, list) and k in tags and len(v) == len(stored) else v for k, v in rest.items()}
        found.append(image(plane, sop_class, **{"number": i + 1, "ImagePositionPatient": decimals(lattice.position(at)), **own}))
    return found


def save(folder: Path, datasets: Sequence[Dataset], syntax: str = LITTLE, names: Sequence[str] | None = None) -> list[Path]:
    """Write datasets as files, by default `slice01.dcm` onwards in the order given."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for i, dataset in enumerate(datasets):
        files.append(folder / (names[i] if names else f"slice{i + 1:02d}.dcm"))
        save_one(files[-1], dataset, syntax)
    return files


def as_file(dataset: Dataset, syntax: str = LITTLE) -> FileDataset:
    """With file meta information."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = UID(syntax)
    meta.MediaStorageSOPClassUID = dataset.get("SOPClassUID", uid("class"))
    meta.MediaStorageSOPInstanceUID = dataset.get("SOPInstanceUID", uid("instance"))
    found = meta.TransferSyntaxUID
    return FileDataset("", dataset, b"\0" * 128, meta, found.is_implicit_VR, found.is_little_endian)


def save_one(path: Path, dataset: Dataset, syntax: str = LITTLE) -> None:
    """Write one file, compressing where the syntax asks for it; a dataset that is a file already keeps its syntax."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # bad values are what this is for
        file = dataset if isinstance(dataset, FileDataset) else coded(dataset, syntax)
        found = file.file_meta.TransferSyntaxUID
        file.save_as(path, implicit_vr=found.is_implicit_VR, little_endian=found.is_little_endian, enforce_file_format=True)


def coded(dataset: Dataset, syntax: str, **options: Any) -> FileDataset:
    """As a file with its pixels in this syntax."""
    if syntax in (IMPLICIT, LITTLE, BIG, DEFLATED):
        file = as_file(dataset, syntax)
        if syntax == BIG:
            swapped = np.frombuffer(file.PixelData, f"<u{file.BitsAllocated // 8}")
            file.PixelData = swapped.astype(swapped.dtype.newbyteorder(">")).tobytes()
        return file
    file = as_file(dataset)
    if syntax == RLE:
        options["encoding_plugin"] = "pydicom"  # GDCM aborts on an odd number of bytes
    file.compress(syntax, generate_instance_uid=False, **options)
    return file
