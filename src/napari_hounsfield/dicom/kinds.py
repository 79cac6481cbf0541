"""Which kinds of DICOM objects are read, and by what name the others are refused (SOP Classes of PS3.4 B.5)."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from .guards import quiet

if TYPE_CHECKING:
    from .header import Header

_STORAGE = "1.2.840.10008.5.1.4.1.1."


def _classes(table: dict[str, str]) -> dict[str, str]:
    return {_STORAGE + end: modality for modality, ends in table.items() for end in ends.split()}


SLICES = _classes({"CT": "2 2.1 2.2", "MR": "4 4.1 4.3 4.4", "PT": "128 128.1 130", "XA": "13.1.1 13.1.2", "MG": "13.1.3"})
"""Cross-sections: every plane has its place in the patient."""
ULTRASOUND = _classes({"US": "3 3.1 6 6.1 6.2"})
NUCLEAR = _classes({"NM": "5 20"})
PROJECTIONS = {
    **_classes({"CR": "1", "DX": "1.1 1.1.1", "MG": "1.2 1.2.1", "IO": "1.3 1.3.1", "RTIMAGE": "481.1"}),
    **_classes({"XA": "12.1 12.1.1 12.3 13.1.4 13.1.5", "RF": "12.2 12.2.1"}),
    **_classes({"OT": "7 7.1 7.2 7.3 7.4", "ES": "77.1.1", "GM": "77.1.2", "XC": "77.1.4", "OP": "77.1.5.1 77.1.5.2"}),
    **ULTRASOUND,
    **NUCLEAR,
}
"""Pictures, which need no place in the patient; several frames follow each other in time."""
PARAMETRIC_MAP = _STORAGE + "30"
MODALITY_OF = {**SLICES, **PROJECTIONS, PARAMETRIC_MAP: ""}
"""SOP Classes that are read as images, and the modality that each stands for."""
WHOLE_SLIDE = _STORAGE + "77.1.6"
SEGMENTATIONS = (_STORAGE + "66.4", _STORAGE + "66.7")
"""SOP Classes of labels by voxels."""
RT_STRUCTURE_SET = _STORAGE + "481.3"
LABELS = (*SEGMENTATIONS, RT_STRUCTURE_SET)
"""SOP Classes that are read as label maps, each file by itself."""
MONOCHROME = ("MONOCHROME1", "MONOCHROME2")
COLOURS = ("RGB", "YBR_FULL", "YBR_FULL_422", "YBR_PARTIAL_420", "YBR_PARTIAL_422", "YBR_ICT", "YBR_RCT", "PALETTE COLOR")


@lru_cache(maxsize=256)
def kind_name(sop_class: str) -> str:
    """Name of a SOP Class; empty where it is none that is known."""
    from pydicom.uid import UID

    with quiet():  # pydicom warns of what is no UID, and prints it
        uid = UID(sop_class)
    return uid.name if uid.type else ""


def modality(header: Header) -> str:
    """Modality of an image: its own tag, or else what its SOP Class says."""
    return header.modality or MODALITY_OF.get(header.sop_class, "")


def is_projection(header: Header) -> bool:
    """Whether the image needs no place in the patient."""
    if header.sop_class:
        return header.sop_class in PROJECTIONS
    return header.modality in PROJECTIONS.values()


def is_colour(header: Header) -> bool:
    """Whether it has three colours, of its own or by a palette."""
    return header.samples == 3 or header.photometric == "PALETTE COLOR"


def unsupported(header: Header) -> str:
    """Name of the kind that is not read, as a reason; empty where the kind is read as an image."""
    if header.sop_class in LABELS:
        return "holds labels, no image"
    supported = header.sop_class in MODALITY_OF if header.sop_class else header.modality in MODALITY_OF.values()
    if not supported and not (header.problem and not header.sop_class):
        what = header.kind.removesuffix(" Storage") or (
            f"{header.modality} without SOP Class" if header.modality else "this SOP Class"
        )
        if header.modality == "SR":
            return f"{what} holds no image; `read_measurements` reads the figures of one"
        return f"{what} is not read yet"
    if "MOSAIC" in header.image_type:
        return "Siemens mosaic images are not read yet"
    if header.photometric and header.photometric not in (*MONOCHROME, *COLOURS):
        return "images of this Photometric Interpretation (0028,0004) are not read"
    if header.samples not in (1, 3):
        return f"images of {header.samples} samples a pixel are not read"
    if header.bits_allocated not in (0, 1, 8, 16, 32, 64):
        return f"images of {header.bits_allocated} bits a pixel are not read"
    return ""
