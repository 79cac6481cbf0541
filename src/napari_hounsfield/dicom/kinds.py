"""Which kinds of DICOM objects are read, and by what name the others are refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .header import Header

CT = "1.2.840.10008.5.1.4.1.1.2"
MODALITY_OF = {CT: "CT", "1.2.840.10008.5.1.4.1.1.4": "MR", "1.2.840.10008.5.1.4.1.1.128": "PT"}
"""SOP Classes that are read: one plane a file, with a position in the patient."""
SEGMENTATIONS = ("1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7")
"""SOP Classes of labels; each file is a label map by itself."""
MONOCHROME = ("MONOCHROME1", "MONOCHROME2")


def modality(header: Header) -> str:
    """Modality of an image: its own tag, or else what its SOP Class says."""
    return header.modality or MODALITY_OF.get(header.sop_class, "")


def unsupported(header: Header) -> str:
    """Name of the kind that is not read yet, as a reason; empty where the kind is read as an image."""
    if header.sop_class in SEGMENTATIONS:
        return "holds labels, no image"
    supported = header.sop_class in MODALITY_OF if header.sop_class else header.modality in MODALITY_OF.values()
    if not supported and not (header.problem and not header.sop_class):
        what = header.kind.removesuffix(" Storage") or (
            f"{header.modality} without SOP Class" if header.modality else "this SOP Class"
        )
        return f"{what} is not read yet"
    if header.frames > 1:
        return "multi-frame images are not read yet"
    if "MOSAIC" in header.image_type:
        return "Siemens mosaic images are not read yet"
    if header.samples > 1 or (header.photometric and header.photometric not in MONOCHROME):
        return "colour images are not read yet"
    if header.lut is not None:
        return "images with a Modality LUT Sequence (0028,3000) are not read yet"
    if header.bits_allocated not in (0, 8, 16, 32):
        return f"images of {header.bits_allocated} bits a pixel are not read yet"
    return ""
