"""Body weight SUV of PET (g/ml), after the vendor-neutral rules of QIBA's FDG-PET profile (appendix G), or why there is none.

SUV = activity concentration (Bq/ml) * weight (g) / dose (Bq), the dose decayed to the moment that the image is corrected to.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NoReturn

from napari_hounsfield.errors import DicomError

from .datetimes import joined, moment, time_of_day

if TYPE_CHECKING:
    from .header import Header, PetFacts

NAMES = {
    "weight": "Patient's Weight (0010,1030)",
    "dose": "Radionuclide Total Dose (0018,1074)",
    "half_life": "Radionuclide Half Life (0018,1075)",
    "injection_time": "Radiopharmaceutical Start Time (0018,1072)",
    "injection_datetime": "Radiopharmaceutical Start DateTime (0018,1078)",
    "series_date": "Series Date (0008,0021)",
    "series_time": "Series Time (0008,0031)",
    "acquisition_date": "Acquisition Date (0008,0022)",
    "acquisition_time": "Acquisition Time (0008,0032)",
    "decay_correction": "Decay Correction (0054,1102)",
    "corrected": "Corrected Image (0028,0051)",
    "suv_type": "SUV Type (0054,1006)",
    "philips_suv_scale": "SUV scale factor (7053,1000)",
    "philips_activity_scale": "activity concentration scale factor (7053,1009)",
    "timezone": "Timezone Offset From UTC (0008,0201)",
}
"""What messages call the facts of a header; planes of one series have to agree in them."""
OF_A_PLANE = ("acquisition_date", "acquisition_time")
"""But not in these."""

HALF_LIVES = {
    "O-14": 70.6, "O-15": 122.2, "N-13": 597.9, "C-11": 1222.0, "F-18": 6586.2, "Na-22": 8.211e7, "K-38": 458.0, "Sc-43": 14010.0,
    "Sc-44": 14400.0, "Ti-45": 11090.0, "Mn-52": 483100.0, "Fe-52": 29800.0, "Co-55": 63110.0, "Cu-60": 1422.0, "Cu-61": 12020.0,
    "Cu-62": 580.2, "Cu-64": 45720.0, "Ga-66": 34160.0, "Ga-68": 4063.0, "Ge-68": 2.341e7, "As-72": 93600.0, "Br-75": 5800.0,
    "Br-76": 58320.0, "Br-77": 205300.0, "Rb-82": 76.0, "Y-86": 53060.0, "Y-90": 230500.0, "Zr-89": 282300.0, "Nb-90": 52560.0,
    "Tc-94m": 3120.0, "I-120": 4896.0, "I-122": 217.8, "I-124": 360800.0, "Tb-152": 63000.0,
}  # fmt: skip
"""Half-lives in seconds of the radionuclides that PET images are made with."""
HALF_LIFE_TOLERANCE = 0.025
"""Half-lives as scanners state them are within this part of those; one in minutes or hours is not."""
DOSES = (1e5, 1e11)
"""Doses in Bq of animals and patients; what is beyond was stated in another unit."""
HEAVIEST = 1000.0
"""Kilograms; a weight beyond was stated in grams."""
MOST_HALF_LIVES = 6.0
"""A scan later than this after the injection is taken for wrong times: 1.6 % of the dose is left."""
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
LONGEST = 1e7
"""Seconds that no frame comes after the start of its scan: beyond any limit that follows, and within the calendar."""
ROUNDING = timedelta(seconds=2)
"""Reference times of planes of one series agree within this: times are often stated in whole seconds."""


def suv_factor_of(planes: tuple[Header, ...]) -> float:
    """What the rescaled values of a PET series are multiplied by to get SUVbw in g/ml.

    Parameters
    ----------
    planes
        Every plane of the series: the earliest acquisition time of all decides which moment the values are corrected to.

    Raises
    ------
    DicomError
        With the reason (one line, without values) if the headers do not tell, contradict each other or cannot be true.
    """
    first = planes[0]
    for plane in planes:
        if plane.pet is None or first.pet is None:
            _refuse(f"{plane.name} says nothing of dose, units or decay")
        if plane.units != first.units:
            _refuse(f"Units (0054,1001) of {plane.name} differ from {first.name}")
        for name in _differing(plane.pet, first.pet, first.units):
            _refuse(f"{NAMES[name]} of {plane.name} differs from {first.name}")
    return _factor([plane.pet for plane in planes if plane.pet is not None], first.units)


def suv_factor(facts: PetFacts, units: str) -> float:
    """What the rescaled values of one PET plane, in its `units` (0054,1001), are multiplied by to get SUVbw in g/ml.

    Raises
    ------
    DicomError
        With the reason (one line, without values) if the header does not tell, or cannot be true.
    """
    return _factor([facts], units)


def _refuse(reason: str) -> NoReturn:
    raise DicomError(f"no SUV: {reason}")


def _differing(one: PetFacts, other: PetFacts, units: str) -> list[str]:
    """Names of the facts that count with these units and are not the same."""
    names = ["suv_type"] if units == "GML" else [name for name in NAMES if name not in ("suv_type", *OF_A_PLANE)]
    return [name for name in names if getattr(one, name) != getattr(other, name)]


def _factor(planes: list[PetFacts], units: str) -> float:
    facts = planes[0]
    if units == "GML":
        if facts.suv_type not in ("", "BW"):
            _refuse(f"values are SUV of another type than body weight by {NAMES['suv_type']}")
        return 1.0
    if units not in ("BQML", "CNTS"):
        _refuse("Units (0054,1001) are none that it can be computed from" if units else "Units (0054,1001) are missing")
    if facts.injections > 1:
        _refuse("several radiopharmaceuticals are stated (0054,0016), and nothing tells whose dose the image shows")
    for correction in ("ATTN", "DECY"):
        if correction not in facts.corrected:
            _refuse(f"nothing says that the image has the correction {correction}, as {NAMES['corrected']} would")
    if units == "BQML":
        return _from_activity(planes)
    if facts.philips_suv_scale:
        return _within("philips_suv_scale", facts.philips_suv_scale, 0, math.inf, "positive number")
    if facts.philips_activity_scale:
        scale = _within("philips_activity_scale", facts.philips_activity_scale, 0, math.inf, "positive number")
        return scale * _from_activity(planes)
    _refuse(f"values are counts, and neither {NAMES['philips_suv_scale']} nor {NAMES['philips_activity_scale']} is there")


def _from_activity(planes: list[PetFacts]) -> float:
    """SUVbw (g/ml) of 1 Bq/ml."""
    facts = planes[0]
    grams = 1000 * _within("weight", facts.weight, 0, HEAVIEST, "weight in kg")
    dose = _within("dose", facts.dose, *DOSES, "dose in Bq")
    if not facts.decay_correction:
        _refuse(f"{NAMES['decay_correction']} is missing")
    if facts.decay_correction == "ADMIN":
        return grams / dose
    if facts.decay_correction != "START":
        _refuse(f"{NAMES['decay_correction']} is neither START nor ADMIN")
    half_life = _within("half_life", facts.half_life, 0, math.inf, "positive number")
    if all(abs(half_life / known - 1) > HALF_LIFE_TOLERANCE for known in HALF_LIVES.values()):
        _refuse(f"{NAMES['half_life']} is that of no radionuclide of PET, in seconds")
    references = _references(planes, half_life)
    scan = min(references)
    if max(references) - scan > ROUNDING:
        _refuse("planes are decay-corrected to different moments by their Acquisition Time and Frame Reference Time")
    elapsed = (scan - _injection(facts, scan, half_life)).total_seconds() / half_life
    if elapsed < 0:
        _refuse("the injection is after the scan by their times")
    if elapsed > MOST_HALF_LIVES:
        _refuse(f"by their times, injection and scan are more than {MOST_HALF_LIVES:g} half-lives apart, or the scan came first")
    return grams / dose * math.exp2(elapsed)


def _within(name: str, value: float | None, low: float, high: float, what: str) -> float:
    if value is None:
        _refuse(f"{NAMES[name]} is missing")
    if not low < value < high:  # neither is NaN
        _refuse(f"{NAMES[name]} is no {what}")
    return value


def _references(planes: list[PetFacts], half_life: float) -> list[datetime]:
    """The moment that the values of each plane are decay-corrected to.

    Series Date and Time, unless a later step of processing replaced them: then what GE or Siemens state privately, or else
    the acquisition less the Frame Reference Time, or else the earliest acquisition.
    """
    facts = planes[0]
    if any(each.decay_datetime for each in planes):
        return [_moment("Decay Correction DateTime (0018,9701)", each.decay_datetime, each) for each in planes]
    acquired = [_joined("acquisition_date", "acquisition_time", each) for each in planes]
    earliest = min(acquired)
    series = _joined("series_date", "series_time", facts)
    found = [series] * len(planes)
    if series > earliest:
        found = [_without_series(each, at, earliest, half_life) for each, at in zip(planes, acquired, strict=True)]
    if min(found) < earliest - DAY or max(found) > earliest + MINUTE:
        _refuse("Series Date and Time, Acquisition Date and Time and the reference time of the scan contradict each other")
    return found


def _without_series(facts: PetFacts, acquired: datetime, earliest: datetime, half_life: float) -> datetime:
    if facts.ge_scan_datetime:
        return _moment("scan date and time (0009,100D)", facts.ge_scan_datetime, facts)
    if facts.siemens_reference_datetime:
        return _moment("reference date and time (0071,1022)", facts.siemens_reference_datetime, facts)
    offset, duration = facts.frame_reference_time, facts.frame_duration
    if offset is None or duration is None or not (0 < offset < math.inf and 0 < duration < math.inf):
        return earliest
    decay = math.log(2) / half_life
    decayed = decay * duration / 1000
    average = math.log(decayed / -math.expm1(-decayed)) / decay  # when the count rate is its average over the frame
    return acquired + timedelta(seconds=average - min(offset / 1000, LONGEST))


def _injection(facts: PetFacts, scan: datetime, half_life: float) -> datetime:
    """When the dose was injected; a time without a date is the last such time before the scan."""
    clock = time_of_day(facts.injection_time) if facts.injection_time else None
    if facts.injection_time and clock is None:
        _refuse(f"{NAMES['injection_time']} is no time")
    if facts.injection_datetime:
        stated = moment(facts.injection_datetime, facts.timezone)
        if stated is not None:
            apart = stated - datetime.combine(stated.date(), clock) if clock else timedelta()
            if MINUTE < abs(apart) < DAY - MINUTE:
                _refuse(f"{NAMES['injection_time']} contradicts {NAMES['injection_datetime']}")
            return stated
        if clock is None:
            _refuse(f"{NAMES['injection_datetime']} is no date and time, or in an unknown time zone")
    if clock is None:
        _refuse(f"{NAMES['injection_time']} is missing")
    if half_life * MOST_HALF_LIVES >= DAY.total_seconds():
        _refuse(f"{NAMES['injection_datetime']} is missing, and it may have been days before the scan")
    same_day = datetime.combine(scan.date(), clock)
    return same_day if same_day <= scan else same_day - DAY


def _joined(date: str, time: str, facts: PetFacts) -> datetime:
    for name in (date, time):
        if not getattr(facts, name).strip():
            _refuse(f"{NAMES[name]} is missing")
    found = joined(getattr(facts, date), getattr(facts, time))
    if found is None:
        _refuse(f"{NAMES[date]} and {NAMES[time]} are no date and time")
    return found


def _moment(name: str, text: str, facts: PetFacts) -> datetime:
    found = moment(text, facts.timezone)
    if found is None:
        _refuse(f"{name} is no date and time, or in an unknown time zone")
    return found
