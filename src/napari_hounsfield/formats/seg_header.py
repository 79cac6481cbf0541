"""A DICOM segmentation but for its frames: patient, study, new series, references to the source, geometry that all share.

DICOM PS3.3 A.51 (Segmentation) and A.90 (Label Map Segmentation).
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_hounsfield._version import __version__
from napari_hounsfield.dicom.kinds import SEGMENTATIONS

from .seg_segments import MAKER
from .seg_source import orientation_of

if TYPE_CHECKING:
    from napari_hounsfield.grid import Grid

    from .seg_params import SegParams
    from .seg_source import SegSource


def seg_header(series: SegSource, own: Grid | None, kind: str, bits: int, params: SegParams) -> Any:
    """Dataset of everything but segments and frames; `own` is the grid of the segmentation where it is not the source's."""
    import highdicom as hd
    from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian

    by_segment, label_map = SEGMENTATIONS
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # names of patients that are no names are shown in them
        made = hd.SOPClass(
            study_instance_uid=series.header.StudyInstanceUID,
            series_instance_uid=hd.UID(),
            series_number=params.series_number,
            sop_instance_uid=hd.UID(),
            instance_number=1,
            sop_class_uid=label_map if kind == "labelmap" else by_segment,
            manufacturer=MAKER,
            modality="SEG",
            transfer_syntax_uid=DeflatedExplicitVRLittleEndian if params.compress else ExplicitVRLittleEndian,
            patient_id=series.header.PatientID,
            patient_name=series.header.PatientName,
            patient_birth_date=series.header.PatientBirthDate,
            patient_sex=series.header.PatientSex,
            accession_number=series.header.AccessionNumber,
            study_id=series.header.StudyID,
            study_date=series.header.StudyDate,
            study_time=series.header.StudyTime,
            referring_physician_name=series.header.ReferringPhysicianName,
            manufacturer_model_name=MAKER,
            device_serial_number="1",
            software_versions=__version__,
            series_description=params.series_description,
            specific_character_set="ISO_IR 192",  # names of classes may be in any script
        )
        made.copy_specimen_information(series.header)
    made.ImageType = ["DERIVED", "PRIMARY"]
    made.ContentLabel, made.ContentDescription, made.ContentCreatorName = params.label, "Segmentation", params.creator or None
    made.SegmentationType = kind.upper()
    made.LossyImageCompression = "01" if any(plane.lossy for plane in series.planes) else "00"
    if made.LossyImageCompression == "01":
        made.LossyImageCompressionRatio = max(plane.lossy_ratio or 1.0 for plane in series.planes)
    _place(made, series, own)
    _pixels(made, own or series.grid, kind, bits)
    _references(made, series)
    return made


def _pixels(made: Any, grid: Grid, kind: str, bits: int) -> None:
    _, made.Rows, made.Columns = grid.shape
    made.SamplesPerPixel, made.PhotometricInterpretation, made.PixelRepresentation = 1, "MONOCHROME2", 0
    made.BitsAllocated = made.BitsStored = bits
    made.HighBit = bits - 1
    if kind == "fractional":
        made.SegmentationFractionalType, made.MaximumFractionalValue = "PROBABILITY", 255
    if kind == "labelmap":
        made.PixelPaddingValue = 0
        made.PresentationLUTShape = "IDENTITY"
    made.SegmentsOverlap = "UNDEFINED" if kind == "fractional" else "NO"


def _place(made: Any, series: SegSource, own: Grid | None) -> None:
    """Frame of reference, orientation and measures, which all frames share."""
    from pydicom.dataset import Dataset
    from pydicom.valuerep import DSfloat

    grid, first = own or series.grid, series.planes[0]
    made.FrameOfReferenceUID = series.grid.frame_of_reference
    made.PositionReferenceIndicator = series.header.get("PositionReferenceIndicator") or None
    normal = np.cross(grid.affine[:3, 2], grid.affine[:3, 1])
    apart = float(abs(normal @ grid.affine[:3, 0]) / np.linalg.norm(normal))
    measures, orientation, shared = Dataset(), Dataset(), Dataset()
    spacing = grid.spacing[1:] if own is not None else first.spacing or ()
    thickness = first.thickness if own is None and first.thickness and first.thickness > 0 else apart
    measures.SliceThickness = DSfloat(thickness, auto_format=True)
    measures.SpacingBetweenSlices = DSfloat(apart, auto_format=True)  # what the source states may be wrong, or missing
    measures.PixelSpacing = [DSfloat(s, auto_format=True) for s in spacing]
    row, column = (grid.affine[:3, i] / grid.spacing[i] for i in (2, 1))
    cosines = [*row, *column] if own is not None else orientation_of(series.planes)
    orientation.ImageOrientationPatient = [DSfloat(float(v), auto_format=True) for v in cosines]
    shared.PixelMeasuresSequence, shared.PlaneOrientationSequence = [measures], [orientation]
    made.SharedFunctionalGroupsSequence = [shared]


def _references(made: Any, series: SegSource) -> None:
    """The files of the source (PS3.3 C.12.2, C.7.6.3)."""
    from pydicom.dataset import Dataset

    items = []
    for sop_class, sop_uid in dict.fromkeys((plane.sop_class, plane.sop_uid) for plane in series.planes):
        item = Dataset()
        item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = sop_class, sop_uid
        items.append(item)
    referenced = Dataset()
    referenced.SeriesInstanceUID = series.header.SeriesInstanceUID
    referenced.ReferencedInstanceSequence = items
    made.ReferencedSeriesSequence = [referenced]
    made.SourceImageSequence = items


def dimensions(made: Any, by_segment: bool) -> None:
    """Frames are ordered by segment, where each has its own, and by position (PS3.3 C.7.6.17)."""
    import highdicom as hd
    from pydicom.dataset import Dataset

    organization = Dataset()
    organization.DimensionOrganizationUID = hd.UID()
    pointers = [(0x00200032, 0x00209113, "Image Position Patient")]
    if by_segment:
        pointers.insert(0, (0x0062000B, 0x0062000A, "Referenced Segment Number"))
    items = []
    for pointer, group, label in pointers:
        item = Dataset()
        item.DimensionOrganizationUID = organization.DimensionOrganizationUID
        item.DimensionIndexPointer, item.FunctionalGroupPointer, item.DimensionDescriptionLabel = pointer, group, label
        items.append(item)
    made.DimensionOrganizationSequence, made.DimensionIndexSequence = [organization], items
