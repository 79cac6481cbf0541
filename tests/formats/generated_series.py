"""Generated DICOM series, on which segmentations, structure sets and reports are written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from napari_hounsfield import Source

Shape = tuple[int, int, int]


def ct_series(folder: Path, affine: np.ndarray, shape: Shape, **changes: Any) -> Source:
    """Write a CT series on any grid (tilted, oblique, descending files), with what the standard demands of a CT image.

    `changes` are other elements by their keywords; None removes one. The name of the folder decides the UIDs.
    """
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

    folder.mkdir()
    study, series, frame = (generate_uid(entropy_srcs=[folder.name, word]) for word in ("study", "series", "frame"))
    files = []
    for z in range(shape[0]):
        ds = Dataset()
        ds.file_meta = FileMetaDataset()
        ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        ds.SOPClassUID, ds.SOPInstanceUID = CTImageStorage, generate_uid(entropy_srcs=[folder.name, str(z)])
        ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.FrameOfReferenceUID = study, series, frame
        ds.PatientName, ds.PatientID, ds.PatientBirthDate, ds.PatientSex = "Canary^Patient", "CANARY-ID", "19700101", "O"
        ds.StudyDate, ds.StudyTime, ds.AccessionNumber, ds.StudyID = "20200101", "101010", "1", "1"
        ds.ReferringPhysicianName, ds.Modality, ds.SeriesNumber, ds.InstanceNumber = "", "CT", 4, z + 1
        ds.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
        axes = [affine[:3, i] / np.linalg.norm(affine[:3, i]) for i in (2, 1)]
        ds.ImageOrientationPatient = [f"{v:.9g}" for axis in axes for v in axis]
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
        files.append(folder / f"{1000 - z}.dcm")
        ds.save_as(files[-1], enforce_file_format=True)
    return Source(series, tuple(files))


def enhanced_series(folder: Path, affine: np.ndarray, shape: Shape, order: Any = None, **changes: Any) -> Source:
    """Write one enhanced CT file on any grid, its frames in the order that `order` gives; the source names file and frame."""
    from pydicom import dcmread
    from pydicom.dataset import Dataset
    from pydicom.uid import EnhancedCTImageStorage

    slices = [dcmread(file) for file in ct_series(folder.with_name(f"{folder.name} slices"), affine, shape).files]
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
    folder.mkdir()
    ds.save_as(folder / "all.dcm", enforce_file_format=True)
    return Source(ds.SeriesInstanceUID, (folder / "all.dcm",) * shape[0], tuple(order.index(z) + 1 for z in range(shape[0])))
