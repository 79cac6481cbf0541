"""The few tags of a header that decide how an image is read."""

from __future__ import annotations

TAGS = {
    "ImageType": 0x00080008,
    "SOPClassUID": 0x00080016,
    "SOPInstanceUID": 0x00080018,
    "Modality": 0x00080060,
    "SeriesDescription": 0x0008103E,
    "SliceThickness": 0x00180050,
    "SeriesInstanceUID": 0x0020000E,
    "SeriesNumber": 0x00200011,
    "InstanceNumber": 0x00200013,
    "ImagePositionPatient": 0x00200032,
    "ImageOrientationPatient": 0x00200037,
    "FrameOfReferenceUID": 0x00200052,
    "SamplesPerPixel": 0x00280002,
    "PhotometricInterpretation": 0x00280004,
    "NumberOfFrames": 0x00280008,
    "Rows": 0x00280010,
    "Columns": 0x00280011,
    "PixelSpacing": 0x00280030,
    "BitsAllocated": 0x00280100,
    "BitsStored": 0x00280101,
    "HighBit": 0x00280102,
    "PixelRepresentation": 0x00280103,
    "PixelPaddingValue": 0x00280120,
    "PixelPaddingRangeLimit": 0x00280121,
    "RescaleIntercept": 0x00281052,
    "RescaleSlope": 0x00281053,
    "RescaleType": 0x00281054,
    "LossyImageCompression": 0x00282110,
    "LossyImageCompressionRatio": 0x00282112,
    "ModalityLUTSequence": 0x00283000,
    "Units": 0x00541001,
    "PixelData": 0x7FE00010,
}

TELLING_APART = {
    "EchoTime": 0x00180081,
    "EchoNumbers": 0x00180086,
    "InversionTime": 0x00180082,
    "TemporalPositionIdentifier": 0x00200100,
    "TriggerTime": 0x00181060,
    "DiffusionBValue": 0x00189087,
    "DiffusionGradientOrientation": 0x00189089,
    "FrameReferenceTime": 0x00541300,
    "FlipAngle": 0x00181314,
    "ConvolutionKernel": 0x00181210,
    "KVP": 0x00180060,
    "AcquisitionNumber": 0x00200012,
    "AcquisitionTime": 0x00080032,
    "ContentTime": 0x00080033,
    "InstanceNumber": 0x00200013,
}
"""What may differ between images at one position, the most telling first."""


def named(keyword: str) -> str:
    """Keyword and number of a tag, for messages."""
    tag = TAGS.get(keyword) or TELLING_APART[keyword]
    return f"{keyword} ({tag >> 16:04X},{tag & 0xFFFF:04X})"
