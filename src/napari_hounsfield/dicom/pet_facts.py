"""Dose and time from a PET header: what `suv` computes with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .facts import Facts
from .header import PetFacts
from .tags import SEQUENCES

if TYPE_CHECKING:
    from .elements import Elements

CORRECTIONS = {"AttenuationCorrected": "ATTN", "DecayCorrected": "DECY"}
"""Tags of enhanced PET (PS3.3 C.8.22.3) and what Corrected Image calls them."""


def pet_facts(elements: Elements, facts: Facts) -> PetFacts | None:
    """Facts of a PET image; None where it states no Radiopharmaceutical, no Units and no decay correction."""
    items = elements.items.get(SEQUENCES["RadiopharmaceuticalInformationSequence"], [])
    item = items[0] if len(items) == 1 else None  # with two of them, nothing tells whose dose the image shows
    if not items and facts.missing("Units") and facts.missing("DecayCorrection"):
        return None
    dose = Facts(item.values if item else {}, elements.little)
    philips = facts.text("PhilipsCreator") == "Philips PET Private Group"
    siemens = facts.text("SiemensCreator") == "SIEMENS MED PT"
    return PetFacts(
        weight=facts.first("PatientWeight"),
        dose=dose.first("RadionuclideTotalDose"),
        half_life=dose.first("RadionuclideHalfLife"),
        injection_time=dose.text("RadiopharmaceuticalStartTime"),
        injection_datetime=dose.text("RadiopharmaceuticalStartDateTime"),
        series_date=facts.text("SeriesDate"),
        series_time=facts.text("SeriesTime"),
        acquisition_date=facts.text("AcquisitionDate"),
        acquisition_time=facts.text("AcquisitionTime"),
        injections=len(items),
        decay_correction=facts.text("DecayCorrection") or ("START" if facts.text("DecayCorrected") == "YES" else ""),
        corrected=facts.words("CorrectedImage") or tuple(name for tag, name in CORRECTIONS.items() if facts.text(tag) == "YES"),
        frame_reference_time=facts.first("FrameReferenceTime"),
        frame_duration=facts.first("ActualFrameDuration"),
        suv_type=facts.text("SUVType"),
        philips_suv_scale=facts.first("PhilipsSUVScale") if philips else None,
        philips_activity_scale=facts.first("PhilipsActivityScale") if philips else None,
        ge_scan_datetime=facts.text("GEScanDateTime") if facts.text("GECreator") == "GEMS_PETD_01" else "",
        decay_datetime=facts.text("DecayCorrectionDateTime"),
        timezone=facts.text("TimezoneOffsetFromUTC"),
        siemens_reference_datetime=facts.text("SiemensReferenceDateTime") if siemens else "",
    )
