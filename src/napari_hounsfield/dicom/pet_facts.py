"""Dose and time from a PET header: what `suv` computes with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .facts import Facts
from .header import PetFacts
from .tags import SEQUENCES

if TYPE_CHECKING:
    from .elements import Elements


def pet_facts(elements: Elements, facts: Facts) -> PetFacts | None:
    """Facts of a PET image; None where it states no Radiopharmaceutical, no Units and no decay correction."""
    item = elements.first(SEQUENCES["RadiopharmaceuticalInformationSequence"])
    if item is None and facts.missing("Units") and facts.missing("DecayCorrection"):
        return None
    dose = Facts(item.values if item else {}, elements.little)
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
        decay_correction=facts.text("DecayCorrection"),
        corrected=facts.words("CorrectedImage"),
        frame_reference_time=facts.first("FrameReferenceTime"),
        frame_duration=facts.first("ActualFrameDuration"),
        suv_type=facts.text("SUVType"),
        philips_suv_scale=facts.first("PhilipsSUVScale"),
        philips_activity_scale=facts.first("PhilipsActivityScale"),
        ge_scan_datetime=facts.text("GEScanDateTime"),
        decay_datetime=facts.text("DecayCorrectionDateTime"),
        timezone=facts.text("TimezoneOffsetFromUTC"),
        siemens_reference_datetime=facts.text("SiemensReferenceDateTime"),
    )
