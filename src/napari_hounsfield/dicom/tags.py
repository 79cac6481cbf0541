"""The few tags of a header that decide how an image is read."""

from __future__ import annotations

TAGS = {
    "SpecificCharacterSet": 0x00080005,
    "ImageType": 0x00080008,
    "SOPClassUID": 0x00080016,
    "SOPInstanceUID": 0x00080018,
    "TimezoneOffsetFromUTC": 0x00080201,
    "SeriesDate": 0x00080021,
    "AcquisitionDate": 0x00080022,
    "ContentDate": 0x00080023,
    "AcquisitionDateTime": 0x0008002A,
    "SeriesTime": 0x00080031,
    "AcquisitionTime": 0x00080032,
    "ContentTime": 0x00080033,
    "Modality": 0x00080060,
    "CodeValue": 0x00080100,
    "SeriesDescription": 0x0008103E,
    "FrameType": 0x00089007,
    "ComplexImageComponent": 0x00089208,
    "PatientID": 0x00100020,
    "PatientWeight": 0x00101030,
    "SliceThickness": 0x00180050,
    "KVP": 0x00180060,
    "EchoTime": 0x00180081,
    "InversionTime": 0x00180082,
    "EchoNumbers": 0x00180086,
    "SpacingBetweenSlices": 0x00180088,
    "TriggerTime": 0x00181060,
    "RadiopharmaceuticalStartTime": 0x00181072,
    "RadionuclideTotalDose": 0x00181074,
    "RadionuclideHalfLife": 0x00181075,
    "RadiopharmaceuticalStartDateTime": 0x00181078,
    "ImagerPixelSpacing": 0x00181164,
    "ConvolutionKernel": 0x00181210,
    "ActualFrameDuration": 0x00181242,
    "FlipAngle": 0x00181314,
    "RegionSpatialFormat": 0x00186012,
    "PhysicalUnitsXDirection": 0x00186024,
    "PhysicalUnitsYDirection": 0x00186026,
    "PhysicalDeltaX": 0x0018602C,
    "PhysicalDeltaY": 0x0018602E,
    "FrameAcquisitionDateTime": 0x00189074,
    "EffectiveEchoTime": 0x00189082,
    "DiffusionBValue": 0x00189087,
    "DiffusionGradientOrientation": 0x00189089,
    "AttenuationCorrected": 0x00189759,
    "DecayCorrected": 0x00189758,
    "DecayCorrectionDateTime": 0x00189701,
    "StudyInstanceUID": 0x0020000D,
    "SeriesInstanceUID": 0x0020000E,
    "SeriesNumber": 0x00200011,
    "AcquisitionNumber": 0x00200012,
    "InstanceNumber": 0x00200013,
    "ImagePositionPatient": 0x00200032,
    "ImageOrientationPatient": 0x00200037,
    "FrameOfReferenceUID": 0x00200052,
    "TemporalPositionIdentifier": 0x00200100,
    "NumberOfTemporalPositions": 0x00200105,
    "StackID": 0x00209056,
    "TemporalPositionIndex": 0x00209128,
    "NominalCardiacTriggerDelayTime": 0x00209153,
    "FrameAcquisitionNumber": 0x00209156,
    "ConcatenationUID": 0x00209161,
    "InConcatenationNumber": 0x00209162,
    "InConcatenationTotalNumber": 0x00209163,
    "NominalPercentageOfCardiacPhase": 0x00209241,
    "ImagePositionVolume": 0x00209301,
    "ImageOrientationVolume": 0x00209302,
    "TemporalPositionTimeOffset": 0x0020930D,
    "SamplesPerPixel": 0x00280002,
    "PhotometricInterpretation": 0x00280004,
    "PlanarConfiguration": 0x00280006,
    "NumberOfFrames": 0x00280008,
    "Rows": 0x00280010,
    "Columns": 0x00280011,
    "PixelSpacing": 0x00280030,
    "CorrectedImage": 0x00280051,
    "BitsAllocated": 0x00280100,
    "BitsStored": 0x00280101,
    "HighBit": 0x00280102,
    "PixelRepresentation": 0x00280103,
    "PixelPaddingValue": 0x00280120,
    "PixelPaddingRangeLimit": 0x00280121,
    "WindowCenter": 0x00281050,
    "WindowWidth": 0x00281051,
    "RescaleIntercept": 0x00281052,
    "RescaleSlope": 0x00281053,
    "RescaleType": 0x00281054,
    "VOILUTFunction": 0x00281056,
    "LossyImageCompression": 0x00282110,
    "LossyImageCompressionRatio": 0x00282112,
    "LUTDescriptor": 0x00283002,
    "ModalityLUTType": 0x00283004,
    "LUTData": 0x00283006,
    "RealWorldValueIntercept": 0x00409224,
    "RealWorldValueSlope": 0x00409225,
    "RotationVector": 0x00540050,
    "SliceVector": 0x00540080,
    "TimeSliceVector": 0x00540100,
    "Units": 0x00541001,
    "SUVType": 0x00541006,
    "DecayCorrection": 0x00541102,
    "FrameReferenceTime": 0x00541300,
    "GECreator": 0x00090010,
    "GEScanDateTime": 0x0009100D,
    "SiemensCreator": 0x00710010,
    "SiemensReferenceDateTime": 0x00711022,
    "PhilipsCreator": 0x70530010,
    "PhilipsSUVScale": 0x70531000,
    "PhilipsActivityScale": 0x70531009,
    "PixelData": 0x7FE00010,
}

SEQUENCES = {
    "RadiopharmaceuticalInformationSequence": 0x00540016,
    "DetectorInformationSequence": 0x00540022,
    "SequenceOfUltrasoundRegions": 0x00186011,
    "ModalityLUTSequence": 0x00283000,
    "SharedFunctionalGroupsSequence": 0x52009229,
    "PerFrameFunctionalGroupsSequence": 0x52009230,
    # functional groups and what they hold
    "MRTimingAndRelatedParametersSequence": 0x00189112,
    "MREchoSequence": 0x00189114,
    "MRDiffusionSequence": 0x00189117,
    "DiffusionGradientDirectionSequence": 0x00189076,
    "CardiacSynchronizationSequence": 0x00189118,
    "MRImageFrameTypeSequence": 0x00189226,
    "CTImageFrameTypeSequence": 0x00189329,
    "PETFrameTypeSequence": 0x00189751,
    "FrameContentSequence": 0x00209111,
    "PlanePositionSequence": 0x00209113,
    "PlaneOrientationSequence": 0x00209116,
    "PlanePositionVolumeSequence": 0x0020930E,
    "PlaneOrientationVolumeSequence": 0x0020930F,
    "TemporalPositionSequence": 0x00209310,
    "PixelMeasuresSequence": 0x00289110,
    "FrameVOILUTSequence": 0x00289132,
    "PixelValueTransformationSequence": 0x00289145,
    "ParametricMapFrameTypeSequence": 0x00409092,
    "RealWorldValueMappingSequence": 0x00409096,
    "MeasurementUnitsCodeSequence": 0x004008EA,
}
"""Sequences that are looked into."""

KINDS_OF_IMAGE = (
    "ImageType",
    "FrameType",
    "ComplexImageComponent",
    "StackID",
    "EchoNumbers",
    "EchoTime",
    "EffectiveEchoTime",
    "InversionTime",
    "FlipAngle",
    "ConvolutionKernel",
    "KVP",
    "NominalPercentageOfCardiacPhase",
)
"""Where these differ at one position, the images are of several volumes; the most telling first."""
TIMES = (
    "TemporalPositionIdentifier",
    "TemporalPositionIndex",
    "TemporalPositionTimeOffset",
    "DiffusionBValue",
    "DiffusionGradientOrientation",
    "TriggerTime",
    "NominalCardiacTriggerDelayTime",
    "FrameReferenceTime",
)
"""Where these differ at one position, the images follow each other along a time axis, or that of the diffusion weightings."""
DIFFUSION = ("DiffusionBValue", "DiffusionGradientOrientation")
DATE_OF = {"AcquisitionTime": "AcquisitionDate", "ContentTime": "ContentDate"}
"""Times of day, and the dates that they belong to."""
ACQUISITIONS = ("AcquisitionNumber", "FrameAcquisitionNumber")
"""Several volumes in CT (contrast phases), time elsewhere."""
CLOCKS = ("AcquisitionDateTime", "FrameAcquisitionDateTime", "AcquisitionTime", "ContentTime")
"""Every image has its own: they tell time points apart where nothing else does."""
TELLING_APART = (*KINDS_OF_IMAGE, *TIMES, *ACQUISITIONS, *CLOCKS)

_BINARY = {
    "US": "SamplesPerPixel PlanarConfiguration Rows Columns BitsAllocated BitsStored HighBit PixelRepresentation "
    "RegionSpatialFormat PhysicalUnitsXDirection PhysicalUnitsYDirection RotationVector SliceVector TimeSliceVector "
    "FrameAcquisitionNumber InConcatenationNumber InConcatenationTotalNumber",
    "UL": "TemporalPositionIndex",
    "FD": "PhysicalDeltaX PhysicalDeltaY EffectiveEchoTime DiffusionBValue DiffusionGradientOrientation "
    "NominalCardiacTriggerDelayTime NominalPercentageOfCardiacPhase ImagePositionVolume ImageOrientationVolume "
    "TemporalPositionTimeOffset RealWorldValueIntercept RealWorldValueSlope",
}
VR_OF = {keyword: vr.encode() for vr, words in _BINARY.items() for keyword in words.split()}
"""Binary value representations, for files that do not state them; the other tags are text."""


def named(keyword: str) -> str:
    """Keyword and number of a tag, for messages."""
    tag = TAGS.get(keyword) or SEQUENCES[keyword]
    return f"{keyword} ({tag >> 16:04X},{tag & 0xFFFF:04X})"
