"""Data sets of small images of every kind, before they are encoded."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from pydicom.dataset import Dataset

ROOT = "1.2.826.0.1.3680043.9.7777"
IMPLICIT, LITTLE, DEFLATED, BIG = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.2"
RLE, JPEG_LS, J2K, J2K_LOSSY = (f"1.2.840.10008.1.2.{end}" for end in ("5", "4.80", "4.90", "4.91"))
BASELINE, JPEG_LOSSLESS = "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.70"
STORAGE = "1.2.840.10008.5.1.4.1.1."
CT, MR, PET, CR, US, US_MULTI, SC, NM = (STORAGE + end for end in ("2", "4", "128", "1", "6.1", "3.1", "7", "20"))
ENHANCED_CT, ENHANCED_MR = STORAGE + "2.1", STORAGE + "4.1"
SIZE = 8
WAVELETS = 32
"""Rows and columns of JPEG 2000: its encoder takes no smaller ones."""
PLACE = ("ImagePositionPatient", "ImageOrientationPatient")
RESCALE = ("RescaleSlope", "RescaleIntercept", "RescaleType")
SECRET = "CANARY"
"""Stands in every field that names a patient: no message may hold it."""


def numbers(*shape: int, dtype: str = "<i2", low: int = -1000, high: int = 1000) -> np.ndarray:
    return np.random.default_rng(len(shape) * 7 + shape[0]).integers(low, high, shape).astype(dtype)


def image(sop_class: str, modality: str, stored: np.ndarray, **tags: Any) -> Dataset:
    """A plane, or frames (n, rows, columns); colours have a last axis of 3."""
    colour = stored.shape[-1] == 3
    frames = stored.shape[: stored.ndim - (3 if colour else 2)]
    rows, columns = stored.shape[len(frames) : len(frames) + 2]
    ds = Dataset()
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    ds.SOPClassUID, ds.SOPInstanceUID = sop_class, f"{ROOT}.1.1"
    ds.StudyDate, ds.SeriesDate, ds.AcquisitionDate = "20200101", "20200101", "20200101"
    ds.SeriesTime, ds.AcquisitionTime = "120000", "120100"
    ds.Modality, ds.Manufacturer = modality, "Maker"
    ds.SeriesDescription = f"{SECRET} Bäuchle"
    ds.PatientName, ds.PatientID = f"{SECRET}^Name", f"{SECRET}-ID"
    ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.FrameOfReferenceUID = f"{ROOT}.2", f"{ROOT}.3", f"{ROOT}.4"
    ds.SeriesNumber, ds.InstanceNumber = 4, 1
    ds.SliceThickness = "2.5"
    ds.ImagePositionPatient, ds.ImageOrientationPatient = [-10, -20, 30], [1, 0, 0, 0, 1, 0]
    ds.SamplesPerPixel = 3 if colour else 1
    ds.PhotometricInterpretation = "RGB" if colour else "MONOCHROME2"
    if colour:
        ds.PlanarConfiguration = 0
    if frames:
        ds.NumberOfFrames = frames[0]
    ds.Rows, ds.Columns = rows, columns
    ds.PixelSpacing = [0.5, 0.75]
    bits = 8 * stored.dtype.itemsize
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = bits, bits, bits - 1
    ds.PixelRepresentation = int(stored.dtype.kind == "i")
    ds.WindowCenter, ds.WindowWidth = ["40", "300"], ["400", "1500"]
    ds.RescaleIntercept, ds.RescaleSlope, ds.RescaleType = "-1024", "1", "HU"
    ds.PixelData = stored.tobytes()
    ds["PixelData"].VR = "OW" if bits > 8 else "OB"
    for keyword, value in tags.items():
        if value is None:
            delattr(ds, keyword)
        else:
            setattr(ds, keyword, value)
    return ds


def sequence(*contents: dict[str, Any], undefined: bool = False) -> list[Dataset]:
    made = []
    for content in contents:
        item = Dataset()
        for keyword, value in content.items():
            setattr(item, keyword, value)
        item.is_undefined_length_sequence_item = undefined
        made.append(item)
    return made


def ct(size: int = SIZE, **tags: Any) -> Dataset:
    return image(CT, "CT", numbers(size, size), **tags)


def enhanced(sop_class: str, modality: str, undefined: bool, frames: int = 3, size: int = SIZE) -> Dataset:
    """Frames with functional groups."""
    ds = image(sop_class, modality, numbers(frames, size, size), **dict.fromkeys((*PLACE, *RESCALE, "PixelSpacing")))
    kind = {"CT": "CTImageFrameTypeSequence", "MR": "MRImageFrameTypeSequence"}[modality]
    items = partial(sequence, undefined=undefined)
    ds.SharedFunctionalGroupsSequence = items(
        {
            "PixelMeasuresSequence": items({"PixelSpacing": [0.5, 0.5], "SliceThickness": "2"}),
            "PlaneOrientationSequence": items({"ImageOrientationPatient": [1, 0, 0, 0, 1, 0]}),
            kind: items({"FrameType": ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]}),
            "PixelValueTransformationSequence": items({"RescaleIntercept": "-1024", "RescaleSlope": "1", "RescaleType": "HU"}),
        }
    )
    ds.PerFrameFunctionalGroupsSequence = items(
        *(
            {
                "FrameContentSequence": items({"StackID": "1", "InStackPositionNumber": z + 1}),
                "PlanePositionSequence": items({"ImagePositionPatient": [0, 0, 2 * z]}),
            }
            for z in range(frames)
        )
    )
    if undefined:
        for keyword in ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"):
            ds[keyword].is_undefined_length = True
    return ds


def nested() -> Dataset:
    """Private sequences of undefined length in each other, and elements of every representation."""
    ds = ct()
    inner = sequence({"CodeValue": SECRET, "CodeMeaning": "deep"}, undefined=True)
    for _ in range(4):
        inner = sequence({"ProcedureCodeSequence": inner, "CodeMeaning": SECRET}, undefined=True)
        inner[0]["ProcedureCodeSequence"].is_undefined_length = True
    ds.ProcedureCodeSequence = inner
    ds["ProcedureCodeSequence"].is_undefined_length = True
    block = ds.private_block(0x0009, "MAKER", create=True)
    for at, (vr, value) in enumerate((("UN", b"ab"), ("FD", 1.5), ("UT", SECRET), ("OB", b"\1\2"), ("AT", 0x00100010)), start=1):
        block.add_new(at, vr, value)
    ds.PixelPaddingValue = -1000
    ds["PixelPaddingValue"].VR = "SS"
    return ds


def pet() -> Dataset:
    rescale = {"RescaleType": None, "RescaleIntercept": "0", "RescaleSlope": "0.5"}
    ds = image(PET, "PT", numbers(SIZE, SIZE, low=0), PatientWeight="70", **rescale)
    ds.Units, ds.DecayCorrection, ds.CorrectedImage = "BQML", "START", ["ATTN", "DECY"]
    ds.FrameReferenceTime, ds.ActualFrameDuration = "60000", "120000"
    ds.RadiopharmaceuticalInformationSequence = sequence(
        {
            "RadiopharmaceuticalStartTime": "110000",
            "RadionuclideTotalDose": "370000000",
            "RadionuclideHalfLife": "6586.2",
            "RadionuclideCodeSequence": sequence({"CodeValue": "C-111A1", "CodeMeaning": "F-18"}),
        }
    )
    return ds


def ultrasound(frames: int = 2) -> Dataset:
    gone = dict.fromkeys((*PLACE, *RESCALE, "PixelSpacing"))
    ds = image(US_MULTI if frames > 1 else US, "US", numbers(frames, SIZE, SIZE, 3, dtype="u1", low=0, high=255), **gone)
    if frames == 1:
        del ds.NumberOfFrames
    region = {"RegionSpatialFormat": 1, "PhysicalUnitsXDirection": 3, "PhysicalUnitsYDirection": 3}
    ds.SequenceOfUltrasoundRegions = sequence({**region, "PhysicalDeltaX": 0.05, "PhysicalDeltaY": 0.05})
    return ds


def colour(photometric: str, size: int = SIZE, **tags: Any) -> Dataset:
    gone = dict.fromkeys((*PLACE, *RESCALE))
    stored = numbers(size, size, 3, dtype="u1", low=0, high=255)
    return image(SC, "OT", stored, PhotometricInterpretation=photometric, **gone, **tags)


def palette() -> Dataset:
    ds = image(SC, "OT", numbers(SIZE, SIZE, dtype="u1", low=0, high=16), PhotometricInterpretation="PALETTE COLOR")
    for number, colour in enumerate(("Red", "Green", "Blue")):
        setattr(ds, f"{colour}PaletteColorLookupTableDescriptor", [16, 0, 16])
        table = (np.arange(16) * 4000 + number).astype("<u2").tobytes()
        setattr(ds, f"{colour}PaletteColorLookupTableData", table)
    return ds


def with_lut() -> Dataset:
    ds = image(CR, "CR", numbers(SIZE, SIZE, dtype="<u2", low=0, high=64), **dict.fromkeys(RESCALE))
    ds.ModalityLUTSequence = sequence(
        {"LUTDescriptor": [64, 0, 16], "ModalityLUTType": "US", "LUTData": (np.arange(64) * 3).astype("<u2").tobytes()}
    )
    return ds


def nuclear() -> Dataset:
    gone = dict.fromkeys((*PLACE, "RescaleType"))
    ds = image(NM, "NM", numbers(4, SIZE, SIZE, dtype="<u2", low=0), **gone)
    ds.DetectorInformationSequence = sequence({"CollimatorType": "PARA"})
    ds.TimeSliceVector, ds.SpacingBetweenSlices = [1, 2, 3, 4], "3"
    return ds


def floats() -> Dataset:
    ds = image(STORAGE + "30", "MR", numbers(SIZE, SIZE), RescaleType=None)
    del ds.PixelData, ds.BitsStored, ds.HighBit, ds.PixelRepresentation
    ds.BitsAllocated, ds.NumberOfFrames = 32, 1
    ds.FloatPixelData = numbers(SIZE, SIZE).astype("<f4").tobytes()
    return ds
