"""What figures of measurements are called in DICOM: coded quantity, derivation and unit.

Codes are from DICOM PS3.16 (`DCM`), SNOMED CT (`SCT`), the Image Biomarker Standardisation Initiative (`IBSI`) and UCUM; what has
none is coded by our own scheme (PS3.16, 8.2: designators that begin with 99 are private).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from napari_hounsfield.coded_terms import Code


@dataclass(frozen=True)
class Figure:
    """How a figure of `ClassMeasurement` is coded."""

    key: str
    quantity: Code
    unit: Code
    derivation: Code | None = None


OWN = "99HOUNSFIELD"
MM, MM2, CM3 = (
    Code("mm", "millimeter", "UCUM"),
    Code("mm2", "square millimeter", "UCUM"),
    Code("cm3", "cubic centimeter", "UCUM"),
)
ONE = Code("1", "no units", "UCUM")
GRAM = Code("g", "gram", "UCUM")

_DERIVATIONS = {
    "mean": Code("373098007", "Mean", "SCT"),
    "sd": Code("386136009", "Standard Deviation", "SCT"),
    "median": Code("373099004", "Median", "SCT"),
    "min": Code("255605001", "Minimum", "SCT"),
    "max": Code("56851009", "Maximum", "SCT"),
    "suv_peak": Code("126031", "Peak Value Within ROI", "DCM"),
}
_ATTENUATION = Code("112031", "Attenuation Coefficient", "DCM"), Code("[hnsf'U]", "Hounsfield unit", "UCUM")
_UPTAKE = Code("126401", "SUVbw", "DCM"), Code("{SUVbw}g/ml", "Standardized Uptake Value body weight", "UCUM")
_SIGNAL = Code("110852", "MR signal intensity", "DCM"), ONE
_VALUE = Code("pixel-value", "Pixel value", OWN), ONE

_OF_SHAPE = (
    Figure("volume_ml", Code("118565006", "Volume", "SCT"), CM3),
    Figure("mesh_volume_ml", Code("RNU0", "Volume of Mesh", "IBSI"), CM3),
    Figure("surface_mm2", Code("C0JK", "Surface Area of Mesh", "IBSI"), MM2),
    Figure("sphericity", Code("QCFX", "Sphericity", "IBSI"), ONE),
    Figure("plane_diameter_mm", Code("103339001", "Long axis", "SCT"), MM),
    Figure("plane_perpendicular_mm", Code("103340004", "Short axis", "SCT"), MM),
    Figure("diameter_mm", Code("L0JK", "Maximum 3D Diameter of a Mesh", "IBSI"), MM),
)
_OF_UPTAKE = (
    Figure("mtv_ml", Code("126032", "Metabolic Volume", "DCM"), CM3),
    Figure("tlg_suv_ml", Code("126033", "Total Lesion Glycolysis", "DCM"), GRAM),
)


def figures(unit: str, modality: str) -> tuple[Figure, ...]:
    """The figures that are reported for an image whose values have this unit."""
    quantity, measured_in = {"HU": _ATTENUATION, "SUV": _UPTAKE}.get(unit, _SIGNAL if modality == "MR" and not unit else _VALUE)
    if measured_in == ONE and unit:
        measured_in = replace(ONE, meaning=unit[:64])
    intensities = tuple(Figure(key, quantity, measured_in, derivation) for key, derivation in _DERIVATIONS.items())
    return (*_OF_SHAPE, *intensities, *_OF_UPTAKE)


def procedure(unit: str, modality: str) -> Code:
    """What was done to get the image."""
    if unit == "HU" or modality == "CT":
        return Code("25045-6", "CT unspecified body region", "LN")
    if unit == "SUV" or modality == "PT":
        return Code("44136-0", "PET unspecified body region", "LN")
    return Code("363679005", "Imaging procedure", "SCT")
