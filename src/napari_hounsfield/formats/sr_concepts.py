"""What figures of measurements are called in DICOM: coded quantity, derivation and unit.

Codes are from DICOM PS3.16 (`DCM`), SNOMED CT (`SCT`), the Image Biomarker Standardisation Initiative (`IBSI`) and UCUM; what has
none is coded by our own scheme (PS3.16, 8.2: designators that begin with 99 are private).
"""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Concept:
    """A code: value, scheme and meaning."""

    value: str
    scheme: str
    meaning: str


@dataclass(frozen=True)
class Figure:
    """How a figure of `ClassMeasurement` is coded."""

    key: str
    quantity: Concept
    unit: Concept
    derivation: Concept | None = None


OWN = "99HOUNSFIELD"
MM, MM2, CM3 = (
    Concept("mm", "UCUM", "millimeter"),
    Concept("mm2", "UCUM", "square millimeter"),
    Concept("cm3", "UCUM", "cubic centimeter"),
)
ONE = Concept("1", "UCUM", "no units")
GRAM = Concept("g", "UCUM", "gram")

_DERIVATIONS = {
    "mean": Concept("373098007", "SCT", "Mean"),
    "sd": Concept("386136009", "SCT", "Standard Deviation"),
    "median": Concept("373099004", "SCT", "Median"),
    "min": Concept("255605001", "SCT", "Minimum"),
    "max": Concept("56851009", "SCT", "Maximum"),
    "suv_peak": Concept("126031", "DCM", "Peak Value Within ROI"),
}
_ATTENUATION = Concept("112031", "DCM", "Attenuation Coefficient"), Concept("[hnsf'U]", "UCUM", "Hounsfield unit")
_UPTAKE = Concept("126401", "DCM", "SUVbw"), Concept("{SUVbw}g/ml", "UCUM", "Standardized Uptake Value body weight")
_SIGNAL = Concept("110852", "DCM", "MR signal intensity"), ONE
_VALUE = Concept("pixel-value", OWN, "Pixel value"), ONE

_OF_SHAPE = (
    Figure("volume_ml", Concept("118565006", "SCT", "Volume"), CM3),
    Figure("mesh_volume_ml", Concept("RNU0", "IBSI", "Volume of Mesh"), CM3),
    Figure("surface_mm2", Concept("C0JK", "IBSI", "Surface Area of Mesh"), MM2),
    Figure("sphericity", Concept("QCFX", "IBSI", "Sphericity"), ONE),
    Figure("plane_diameter_mm", Concept("103339001", "SCT", "Long axis"), MM),
    Figure("plane_perpendicular_mm", Concept("103340004", "SCT", "Short axis"), MM),
    Figure("diameter_mm", Concept("L0JK", "IBSI", "Maximum 3D Diameter of a Mesh"), MM),
)
_OF_UPTAKE = (
    Figure("mtv_ml", Concept("126032", "DCM", "Metabolic Volume"), CM3),
    Figure("tlg_suv_ml", Concept("126033", "DCM", "Total Lesion Glycolysis"), GRAM),
)


def figures(unit: str, modality: str) -> tuple[Figure, ...]:
    """The figures that are reported for an image whose values have this unit."""
    quantity, measured_in = {"HU": _ATTENUATION, "SUV": _UPTAKE}.get(unit, _SIGNAL if modality == "MR" and not unit else _VALUE)
    if measured_in == ONE and unit:
        measured_in = replace(ONE, meaning=unit[:64])
    intensities = tuple(Figure(key, quantity, measured_in, derivation) for key, derivation in _DERIVATIONS.items())
    return (*_OF_SHAPE, *intensities, *_OF_UPTAKE)


def procedure(unit: str, modality: str) -> Concept:
    """What was done to get the image."""
    if unit == "HU" or modality == "CT":
        return Concept("25045-6", "LN", "CT unspecified body region")
    if unit == "SUV" or modality == "PT":
        return Concept("44136-0", "LN", "PET unspecified body region")
    return Concept("363679005", "SCT", "Imaging procedure")
