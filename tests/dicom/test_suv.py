"""Body weight SUV from what a PET header says; reasons for those that do not say enough."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_hounsfield.dicom.datetimes import joined, moment, time_of_day
from napari_hounsfield.dicom.header import PetFacts
from napari_hounsfield.dicom.suv import suv_factor, suv_factor_of
from napari_hounsfield.errors import DicomError

FDG = PetFacts(
    weight=70.0,
    dose=350e6,
    half_life=6586.2,
    injection_time="090000",
    injection_datetime="20200305090000.00",
    series_date="20200305",
    series_time="100000",
    acquisition_date="20200305",
    acquisition_time="100000",
    decay_correction="START",
    corrected=("DECY", "ATTN", "SCAT"),
)
AFTER_AN_HOUR = 70e3 / (350e6 * 0.5 ** (3600 / 6586.2))
LATER_SERIES = replace(FDG, series_time="140000")


# What calculate-suv (cornerstonejs, MIT) publishes for its test metadata, in tests that compare to 1e-6.
@pytest.mark.parametrize(
    ("name", "published"),
    [
        ("SIEMENS", 0.00042748316187197236),
        ("GE_MEDICAL_AND_BQML", 0.0005367387681819742),
        ("PHILIPS_BQML", 0.0007463747013889488),
    ],
)
def test_factors_of_scanners_are_the_published_ones(shared_data, make_header, name, published):
    instances = json.loads((shared_data / "12_pet_suv_metadata" / "metadata" / f"{name}-instances.json").read_text())
    facts = [
        PetFacts(
            weight=float(each["PatientWeight"]),
            dose=float(each["RadionuclideTotalDose"]),
            half_life=float(each["RadionuclideHalfLife"]),
            injection_time=each["RadiopharmaceuticalStartTime"],
            injection_datetime=each["RadiopharmaceuticalStartDateTime"],
            series_date=each["SeriesDate"],
            series_time=each["SeriesTime"],
            acquisition_date=each["AcquisitionDate"],
            acquisition_time=each["AcquisitionTime"],
            decay_correction=each["DecayCorrection"],
            corrected=tuple(each["CorrectedImage"]),
            frame_reference_time=float(each["FrameReferenceTime"]),
            frame_duration=float(each["ActualFrameDuration"]),
            philips_suv_scale=float(each["PhilipsPETPrivateGroup"].get("SUVScaleFactor", "nan")),
        )
        for each in instances
    ]
    facts = [replace(each, philips_suv_scale=each.philips_suv_scale if each.philips_suv_scale > 0 else None) for each in facts]
    planes = tuple(
        make_header(float(z), modality="PT", units=each["Units"], pet=pet)
        for z, (each, pet) in enumerate(zip(instances, facts, strict=True))
    )
    assert suv_factor_of(planes) == pytest.approx(published, rel=1e-9)


@pytest.mark.parametrize(
    ("weight", "dose", "injected", "series", "acquired", "reference", "duration", "published"),
    [
        # Acquired 5 microseconds before the series: back from the average count rate of the frame.
        (65, 225e6, "114100.000000", "123515.000000", "123514.999995", 59936.854672596, 120000, 0.0004069156854009332),
        # The series was made long after the scan, and no Frame Reference Time tells when that began: the earliest acquisition.
        (69, 388e6, "120037.000000", "134918.000000", "130348.234000", 0, 180000, 0.00026503312764157046),
        (102, 412e6, "125000.000000", "135431.843000", "141555.687000", 1372857.9232493, 180000, 0.0003721089202818729),
    ],
)
def test_injection_times_without_a_date_give_the_published_factors(
    weight, dose, injected, series, acquired, reference, duration, published
):
    facts = replace(
        FDG,
        weight=weight,
        dose=dose,
        injection_time=injected,
        injection_datetime="",
        series_time=series,
        acquisition_time=acquired,
        frame_reference_time=reference,
        frame_duration=duration,
    )
    assert suv_factor(facts, "BQML") == pytest.approx(published, rel=1e-7)


def test_the_reference_time_of_a_later_series_is_what_the_scan_says():
    assert suv_factor(LATER_SERIES, "BQML") == pytest.approx(AFTER_AN_HOUR)
    ten_minutes_earlier = 70e3 / (350e6 * 0.5 ** (3000 / 6586.2))
    for private in ("ge_scan_datetime", "siemens_reference_datetime"):
        stated = replace(LATER_SERIES, **{private: "20200305095000.000"})
        assert suv_factor(stated, "BQML") == pytest.approx(ten_minutes_earlier)
        assert suv_factor(replace(stated, series_time="100000"), "BQML") == pytest.approx(AFTER_AN_HOUR)
    assert suv_factor(replace(FDG, decay_datetime="20200305095000"), "BQML") == pytest.approx(ten_minutes_earlier)


@given(bed=st.integers(0, 8), duration=st.floats(60, 600))
def test_every_bed_position_leads_back_to_the_same_moment(bed, duration):
    """A plane acquired later has a later Frame Reference Time: both cancel."""
    start = datetime(2020, 3, 5, 10) + timedelta(seconds=bed * duration)
    decay = math.log(2) / 6586.2
    mean_rate = (1 - math.exp(-decay * duration)) / (decay * duration)  # of the rate at the start of the frame
    average = -math.log(mean_rate) / decay
    facts = replace(
        LATER_SERIES,
        acquisition_time=start.strftime("%H%M%S.%f"),
        frame_reference_time=1000 * (bed * duration + average),
        frame_duration=1000 * duration,
    )
    assert suv_factor(facts, "BQML") == pytest.approx(AFTER_AN_HOUR, rel=1e-6)


def test_decay_correction_to_the_administration_leaves_the_dose_as_it_was():
    facts = PetFacts(weight=70.0, dose=350e6, decay_correction="ADMIN", corrected=("ATTN", "DECY"))
    assert suv_factor(facts, "BQML") == pytest.approx(70e3 / 350e6)


def test_values_that_are_suv_stay_and_counts_are_scaled():
    assert suv_factor(PetFacts(), "GML") == suv_factor(PetFacts(suv_type="BW"), "GML") == 1.0
    philips = replace(FDG, philips_suv_scale=0.000551, philips_activity_scale=1.5)
    assert suv_factor(philips, "CNTS") == 0.000551
    assert suv_factor(replace(philips, philips_suv_scale=None), "CNTS") == pytest.approx(1.5 * AFTER_AN_HOUR)
    assert suv_factor(replace(philips, philips_suv_scale=0.0), "CNTS") == pytest.approx(1.5 * AFTER_AN_HOUR)
    assert suv_factor(philips, "BQML") == pytest.approx(AFTER_AN_HOUR)  # private factors are of counts


def at(moment_: datetime) -> dict[str, str]:
    return {"date": moment_.strftime("%Y%m%d"), "time": moment_.strftime("%H%M%S.%f")}


@given(
    scan=st.datetimes(datetime(1990, 1, 2), datetime(2090, 1, 1)),
    delay=st.floats(0, 6 * 3600),
    dated=st.booleans(),
)
def test_only_the_time_between_injection_and_scan_counts_also_across_midnight(scan, delay, dated):
    injected = scan - timedelta(seconds=delay)
    facts = replace(
        FDG,
        injection_time=at(injected)["time"],
        injection_datetime="".join(at(injected).values()) if dated else "",
        series_date=at(scan)["date"],
        series_time=at(scan)["time"],
        acquisition_date=at(scan)["date"],
        acquisition_time=at(scan)["time"],
    )
    assert suv_factor(facts, "BQML") == pytest.approx(70e3 / 350e6 * 2 ** (delay / 6586.2), rel=1e-6)


@given(times=st.floats(0.01, 100), weight=st.floats(0.02, 300))
def test_suv_falls_with_the_dose_and_rises_with_the_weight(times, weight):
    factor = suv_factor(replace(FDG, weight=weight), "BQML")
    assert factor == pytest.approx(AFTER_AN_HOUR * weight / 70)
    assert suv_factor(replace(FDG, weight=weight, dose=350e6 * times), "BQML") * times == pytest.approx(factor)


def test_time_zones_are_brought_together():
    in_utc = replace(FDG, injection_datetime="20200305080000+0000", injection_time="", timezone="+0100")
    assert suv_factor(in_utc, "BQML") == pytest.approx(AFTER_AN_HOUR)
    unknown = replace(in_utc, timezone="")
    with pytest.raises(DicomError, match=r"^no SUV: .*\(0018,1078\) is no date and time, or in an unknown time zone$"):
        suv_factor(unknown, "BQML")
    assert suv_factor(replace(unknown, injection_time="0900"), "BQML") == pytest.approx(AFTER_AN_HOUR)


REFUSED = [
    ({"weight": None}, r"Patient's Weight \(0010,1030\) is missing"),
    ({"weight": 0.0}, "Weight .* is no weight in kg"),
    ({"weight": -70.0}, "Weight .* is no weight in kg"),
    ({"weight": 70000.0}, "Weight .* is no weight in kg"),
    ({"weight": math.nan}, "Weight .* is no weight in kg"),
    ({"dose": None}, r"Total Dose \(0018,1074\) is missing"),
    ({"dose": 0.0}, "Dose .* is no dose in Bq"),
    ({"dose": 350.0}, "Dose .* is no dose in Bq"),
    ({"dose": math.inf}, "Dose .* is no dose in Bq"),
    ({"half_life": None}, r"Half Life \(0018,1075\) is missing"),
    ({"half_life": 0.0}, "Half Life .* is no positive number"),
    ({"half_life": 109.77}, "Half Life .* is that of no radionuclide of PET"),
    ({"half_life": 78.4}, "Half Life .* is that of no radionuclide of PET"),
    ({"injection_datetime": "", "injection_time": ""}, r"Start Time \(0018,1072\) is missing"),
    ({"injection_datetime": "", "injection_time": "25"}, "Start Time .* is no time"),
    ({"injection_datetime": "20200305", "injection_time": ""}, "Start DateTime .* is no date and time"),
    ({"injection_datetime": "20200305073000"}, "Start Time .* contradicts .*Start DateTime"),
    ({"injection_datetime": "20200305113000", "injection_time": ""}, "the injection is after the scan"),
    ({"injection_datetime": "", "injection_time": "100001"}, "more than 6 half-lives apart"),
    ({"injection_datetime": "20200304090000"}, "more than 6 half-lives apart"),
    ({"injection_datetime": "", "half_life": 45720.0}, "may have been days before"),
    ({"series_date": ""}, r"Series Date \(0008,0021\) is missing"),
    ({"series_time": " "}, r"Series Time \(0008,0031\) is missing"),
    ({"series_time": "noon"}, "Series Date .* and Series Time .* are no date and time"),
    ({"acquisition_date": ""}, r"Acquisition Date \(0008,0022\) is missing"),
    ({"acquisition_time": ""}, r"Acquisition Time \(0008,0032\) is missing"),
    ({"acquisition_date": "20200230"}, "Acquisition Date .* are no date and time"),
    ({"acquisition_date": "20210305"}, "contradict each other"),
    ({"series_time": "14", "ge_scan_datetime": "20200305110000"}, "contradict each other"),
    ({"series_time": "14", "ge_scan_datetime": "junk"}, r"\(0009,100D\) is no date and time"),
    ({"series_time": "14", "frame_reference_time": 1e300, "frame_duration": 1.0}, "contradict each other"),
    ({"series_time": "14", "frame_reference_time": 1.0, "frame_duration": 1e300}, "contradict each other"),
    ({"decay_datetime": "2020"}, r"\(0018,9701\) is no date and time"),
    ({"decay_correction": ""}, r"Decay Correction \(0054,1102\) is missing"),
    ({"decay_correction": "NONE"}, "Decay Correction .* is neither START nor ADMIN"),
    ({"corrected": ("DECY",)}, r"correction ATTN"),
    ({"corrected": ("ATTN",)}, "correction DECY"),
]


@pytest.mark.parametrize(("facts", "reason"), REFUSED)
def test_what_is_missing_or_cannot_be_is_refused_with_the_reason(facts, reason):
    with pytest.raises(DicomError, match=f"^no SUV: .*{reason}") as caught:
        suv_factor(replace(FDG, **facts), "BQML")
    message = str(caught.value)
    assert "\n" not in message
    for value in ("2020", "350", "junk", "noon", "70", "1000"):
        assert value not in message.replace("(0018,1074)", "").replace("(7053,1000)", "").replace("(0009,100D)", "").replace(
            "9701", ""
        )


def test_an_injection_date_that_tells_no_time_leaves_the_time_to_count():
    assert suv_factor(replace(FDG, injection_datetime="20200305"), "BQML") == pytest.approx(AFTER_AN_HOUR)


@pytest.mark.parametrize(
    ("units", "facts", "reason"),
    [
        ("", {}, r"Units \(0054,1001\) are missing"),
        ("PROPCPS", {}, "none that it can be computed from"),
        ("CM2ML", {}, "none that it can be computed from"),
        ("GML", {"suv_type": "LBM"}, r"another type than body weight by SUV Type \(0054,1006\)"),
        ("GML", {"suv_type": "BSA"}, "another type than body weight"),
        ("CNTS", {}, r"neither .*\(7053,1000\) nor .*\(7053,1009\) is there"),
        ("CNTS", {"philips_suv_scale": -1.0}, r"\(7053,1000\) is no positive number"),
        ("CNTS", {"philips_suv_scale": math.nan}, r"\(7053,1000\) is no positive number"),
        ("CNTS", {"philips_suv_scale": 1.0, "corrected": ()}, "correction ATTN"),
        ("CNTS", {"philips_activity_scale": 1.0, "weight": None}, "Weight .* is missing"),
    ],
)
def test_units_that_allow_no_suv_are_refused_with_the_reason(units, facts, reason):
    with pytest.raises(DicomError, match=f"^no SUV: .*{reason}"):
        suv_factor(replace(FDG, **facts), units)


def test_the_earliest_acquisition_of_the_series_decides(make_header):
    """The series is later than the first plane's acquisition, though not than the second's."""
    first = replace(FDG, series_time="100500")
    planes = [
        make_header(z, units="BQML", pet=replace(first, acquisition_time=when)) for z, when in ((0.0, "1010"), (3.0, "1000"))
    ]
    assert suv_factor_of(tuple(planes)) == pytest.approx(AFTER_AN_HOUR)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"weight": 71.0}, "Patient's Weight"),
        ({"dose": 351e6}, "Radionuclide Total Dose"),
        ({"half_life": 6588.0}, "Radionuclide Half Life"),
        ({"injection_datetime": "20200305090010"}, "Radiopharmaceutical Start DateTime"),
        ({"series_time": "100001"}, "Series Time"),
        ({"decay_correction": "ADMIN"}, "Decay Correction"),
    ],
)
def test_planes_that_contradict_each_other_are_refused_by_file(make_header, change, reason):
    planes = (make_header(0.0, units="BQML", pet=FDG), make_header(3.0, units="BQML", pet=replace(FDG, **change)))
    with pytest.raises(DicomError, match=rf"^no SUV: {reason} \(.*\) of z3 differs from z0$"):
        suv_factor_of(planes)


def test_what_does_not_count_may_differ(make_header):
    planes = (make_header(0.0, units="GML", pet=FDG), make_header(3.0, units="GML", pet=replace(FDG, weight=71.0)))
    assert suv_factor_of(planes) == 1.0
    with pytest.raises(DicomError, match=r"SUV Type \(0054,1006\) of z6 differs from z0"):
        suv_factor_of((*planes, make_header(6.0, units="GML", pet=replace(FDG, suv_type="LBM"))))


def test_planes_of_other_units_or_moments_or_kinds_are_refused(make_header):
    one = make_header(0.0, units="BQML", pet=FDG)
    with pytest.raises(DicomError, match=r"Units .* of z3 differ from z0"):
        suv_factor_of((one, make_header(3.0, units="CNTS", pet=FDG)))
    with pytest.raises(DicomError, match="z3 says nothing of dose, units or decay"):
        suv_factor_of((one, make_header(3.0, units="BQML")))
    beds = [replace(LATER_SERIES, frame_reference_time=offset, frame_duration=1000.0) for offset in (6e4, 7e4)]
    with pytest.raises(DicomError, match="decay-corrected to different moments"):
        suv_factor_of(tuple(make_header(float(z), units="BQML", pet=pet) for z, pet in enumerate(beds)))


@given(value=st.datetimes(datetime(1901, 1, 1), datetime(2150, 1, 1)))
def test_dates_and_times_are_read_in_every_form(value):
    assert joined(value.strftime("%Y%m%d"), value.strftime("%H%M%S.%f ")) == value
    assert joined(value.strftime("%Y.%m.%d"), value.strftime("%H:%M:%S.%f")) == value
    assert time_of_day(value.strftime("%H%M")) == value.replace(second=0, microsecond=0).time()
    assert moment(value.strftime("%Y%m%d%H%M%S.%f"), "") == value
    assert moment(value.strftime("%Y%m%d%H%M%S.%f-0230"), "+0100") == value + timedelta(hours=3, minutes=30)


@pytest.mark.parametrize(
    "text", ["", "1", "2460", "240000", "10:1500", "10.5", "1030.5", "103075", "-10", "10 30", "103000.", "noon"]
)
def test_what_is_no_time_is_not_taken_for_one(text):
    assert time_of_day(text) is None
    assert joined("20200305", text) is None
    assert moment("20200305" + text, "") is None


@pytest.mark.parametrize(
    "text", ["", "202", "20200230", "20201301", "2020.0305", "2020-03-05", "00010101", "202003051", "99999999"]
)
def test_what_is_no_date_is_not_taken_for_one(text):
    assert joined(text, "10") is None
    assert moment(text + "103000", "") is None
