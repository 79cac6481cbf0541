"""Coded concepts and colours for class names, so that other programs know what a segment is.

Codes are SNOMED CT (`SCT`) from DICOM PS3.16, context groups 7150 (categories), 7151 and its parts (types). A name that is not
known is coded as `Tissue`, which claims nothing, and keeps its name as the segment's label.
"""

from __future__ import annotations

import colorsys
import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Code:
    """A concept of SNOMED CT."""

    value: str
    meaning: str


@dataclass(frozen=True)
class Concept:
    """What a segment is: category, type, and the side of the body where the name tells it."""

    category: Code
    kind: Code
    side: Code | None = None
    colour: tuple[int, int, int] | None = None


ANATOMY = Code("123037004", "Anatomical Structure")
TISSUE = Code("85756007", "Tissue")
SUBSTANCE = Code("91720002", "Body Substance")
ALTERED = Code("49755003", "Morphologically Abnormal Structure")
OBJECT = Code("260787004", "Physical object")
SIDES = {"left": Code("7771000", "Left"), "right": Code("24028007", "Right")}

# name: category, code, meaning, colour (red, green, blue)
_TABLE = {
    "adrenal gland": (ANATOMY, "23451007", "Adrenal gland", (244, 186, 150)),
    "air": (SUBSTANCE, "15158005", "Air", (70, 110, 160)),
    "aorta": (ANATOMY, "15825003", "Aorta", (224, 97, 76)),
    "bladder": (ANATOMY, "89837001", "Bladder", (222, 154, 132)),
    "blood": (SUBSTANCE, "87612001", "Blood", (216, 40, 40)),
    "bone": (TISSUE, "272673000", "Bone", (241, 214, 145)),
    "brain": (ANATOMY, "12738006", "Brain", (250, 250, 225)),
    "bronchus": (ANATOMY, "955009", "Bronchus", (140, 200, 230)),
    "cerebrospinal fluid": (SUBSTANCE, "65216001", "Cerebrospinal Fluid", (85, 188, 255)),
    "clavicle": (ANATOMY, "51299004", "Clavicle", (250, 226, 150)),
    "colon": (ANATOMY, "71854001", "Colon", (204, 168, 143)),
    "cyst": (ALTERED, "367643001", "Cyst", (205, 205, 100)),
    "duodenum": (ANATOMY, "38848004", "Duodenum", (255, 253, 229)),
    "esophagus": (ANATOMY, "32849002", "Esophagus", (211, 171, 143)),
    "fat": (TISSUE, "55603005", "Fat", (230, 220, 70)),
    "femur": (ANATOMY, "71341001", "Femur", (238, 200, 130)),
    "fibrosis": (ALTERED, "112674009", "Fibrosis", (200, 110, 190)),
    "gallbladder": (ANATOMY, "28231008", "Gallbladder", (139, 150, 98)),
    "heart": (ANATOMY, "80891009", "Heart", (206, 110, 84)),
    "hip": (ANATOMY, "29836001", "Hip", (230, 190, 120)),
    "humerus": (ANATOMY, "85050009", "Humerus", (236, 206, 140)),
    "inferior vena cava": (ANATOMY, "64131007", "Inferior vena cava", (0, 151, 206)),
    "kidney": (ANATOMY, "64033007", "Kidney", (185, 102, 83)),
    "lesion": (ALTERED, "52988006", "Lesion", (225, 95, 60)),
    "liver": (ANATOMY, "10200004", "Liver", (221, 130, 101)),
    "lung": (ANATOMY, "39607008", "Lung", (120, 180, 220)),
    "lymph node": (ANATOMY, "59441001", "Lymph Node", (68, 172, 100)),
    "mass": (ALTERED, "4147007", "Mass", (144, 238, 100)),
    "muscle": (TISSUE, "71616004", "Muscle", (192, 104, 88)),
    "neoplasm": (ALTERED, "108369006", "Neoplasm", (144, 238, 144)),
    "nodule": (ALTERED, "27925004", "Nodule", (255, 140, 40)),
    "pancreas": (ANATOMY, "15776009", "Pancreas", (249, 180, 111)),
    "portal vein": (ANATOMY, "32764006", "Portal vein", (0, 120, 190)),
    "prostate": (ANATOMY, "41216001", "Prostate", (230, 158, 140)),
    "pulmonary artery": (ANATOMY, "81040000", "Pulmonary artery", (0, 122, 171)),
    "rib": (ANATOMY, "113197003", "Rib", (253, 232, 158)),
    "sacrum": (ANATOMY, "54735007", "Sacrum", (212, 188, 102)),
    "scapula": (ANATOMY, "79601000", "Scapula", (212, 205, 120)),
    "skin": (ANATOMY, "39937001", "Skin", (177, 122, 101)),
    "small intestine": (ANATOMY, "30315005", "Small intestine", (205, 167, 142)),
    "soft tissue": (TISSUE, "87784001", "Soft tissue", (205, 120, 120)),
    "spinal cord": (ANATOMY, "2748008", "Spinal cord", (244, 214, 49)),
    "spine": (ANATOMY, "421060004", "Spine", (226, 202, 134)),
    "spleen": (ANATOMY, "78961009", "Spleen", (157, 108, 162)),
    "sternum": (ANATOMY, "56873002", "Sternum", (244, 217, 154)),
    "stomach": (ANATOMY, "69695003", "Stomach", (216, 132, 105)),
    "table": (OBJECT, "86407004", "Table", (130, 130, 140)),
    "tissue": (TISSUE, "85756007", "Tissue", None),
    "trachea": (ANATOMY, "44567001", "Trachea", (182, 228, 255)),
    "vertebra": (ANATOMY, "51282000", "Vertebra", (255, 255, 180)),
    "vessel": (TISSUE, "59820001", "Blood Vessel", (216, 101, 79)),
}
_OTHER_NAMES = {
    "adipose tissue": "fat",
    "airway": "trachea",
    "blood vessel": "vessel",
    "bowel": "small intestine",
    "csf": "cerebrospinal fluid",
    "gall bladder": "gallbladder",
    "honeycombing": "fibrosis",
    "ivc": "inferior vena cava",
    "oesophagus": "esophagus",
    "lung nodule": "nodule",
    "postcava": "inferior vena cava",
    "pulmonary nodule": "nodule",
    "skeleton": "bone",
    "tumor": "neoplasm",
    "tumour": "neoplasm",
    "urinary bladder": "bladder",
    "vertebral body": "vertebra",
    "vertebrae": "vertebra",
    "bony structure": "bone",
    "clavicula": "clavicle",
    "couch": "table",
    "kidney cyst": "cyst",
    "small bowel": "small intestine",
}


def concept(name: str) -> Concept:
    """What a class name means: `kidney_left`, `Left kidney` and `kidneys` are all the kidney.

    A name is known if it is in the table once the side (left, right), a number or level (`vertebrae_L5`, `rib 7`) and a plural
    `s` are taken off.
    """
    words = re.sub(r"[\W_]+", " ", name.casefold()).split()
    sides = [w for w in words if w in SIDES]
    plain = " ".join(w for w in words if w not in SIDES and not re.fullmatch(r"[ctls]?\d{1,2}", w))
    entry = next((_TABLE[n] for n in (plain, plain.removesuffix("s"), _OTHER_NAMES.get(plain, "")) if n in _TABLE), None)
    if entry is None:
        return Concept(TISSUE, TISSUE)
    category, code, meaning, colour = entry
    return Concept(category, Code(code, meaning), SIDES[sides[0]] if len(sides) == 1 else None, colour)


def class_colour(name: str, value: int = 1) -> tuple[int, int, int]:
    """Red, green, blue (0 to 255) of a class: its anatomical colour, or one far from those of the neighbouring values."""
    known = concept(name).colour
    if known is not None:
        return known
    red, green, blue = colorsys.hsv_to_rgb(value * 0.618034 % 1.0, 0.55 + 0.25 * (value % 2), 0.95)
    return round(255 * red), round(255 * green), round(255 * blue)
