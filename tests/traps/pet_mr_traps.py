"""What PET and MR numbers mean: SUV or the reason why not, and the two scales of MR."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import Dataset

from .truth import Truth, expected, read, refuse, trap
from .writing import AXIAL, MR, PET, decimals, pattern, save, stack

SLOPES = (2.25, 1.5, 3.125, 0.75, 2.0)
HALF_LIFE, DOSE, WEIGHT = 6588.0, 3.7e8, 72.5
HOUR = 3600.0


def _pet(folder: Path, seed: int = 170, dose: dict[str, Any] | None = None, **tags: Any) -> np.ndarray:
    """Injected at 9:00, scanned at 10:00; returns rescaled values."""
    stored = pattern(5, seed=seed)
    drug = Dataset()
    facts = {
        "RadiopharmaceuticalStartTime": "090000",
        "RadionuclideTotalDose": str(int(DOSE)),
        "RadionuclideHalfLife": str(HALF_LIFE),
        **(dose or {}),
    }
    for keyword, value in facts.items():
        if value is not None:
            setattr(drug, keyword, value)
    facts = {
        "Units": "BQML",
        "CorrectedImage": ["DECY", "ATTN", "SCAT"],
        "DecayCorrection": "START",
        "PatientWeight": str(WEIGHT),
        "SeriesDate": "20200102",
        "SeriesTime": "100000",
        "AcquisitionDate": "20200102",
        "AcquisitionTime": "100000",
        "FrameReferenceTime": "0",
        "ActualFrameDuration": "180000",
        "SeriesType": ("WHOLE BODY", "IMAGE"),
        "RescaleSlope": decimals(SLOPES),
        "RescaleIntercept": "0",
        "RadiopharmaceuticalInformationSequence": [drug],
        **tags,
    }
    sequence = [facts.pop("RadiopharmaceuticalInformationSequence")] * 5
    save(folder, stack(stored, AXIAL, PET, RadiopharmaceuticalInformationSequence=sequence, **facts))
    return stored * np.array(SLOPES)[:, None, None]


def _suv(activity: np.ndarray, seconds: float, says: tuple[str, ...] = ()) -> Truth:
    """SUV by body weight, the activity corrected to `seconds` after injection."""
    factor = WEIGHT * 1000 / (DOSE * 2 ** (-seconds / HALF_LIFE))
    return read(expected(activity * factor, AXIAL.affine, "SUV", also=(activity,)), says=says)


def _stored(activity: np.ndarray, unit: str = "BQML", *reason: str) -> Truth:
    return read(expected(activity, AXIAL.affine, unit), says=["SUV", *reason])


@trap("PET with all SUV facts, decay corrected to the start of the scan")
def suv(folder: Path) -> Truth:
    return _suv(_pet(folder), HOUR)


@trap("PET, decay corrected to the injection")
def admin(folder: Path) -> Truth:
    return _suv(_pet(folder, 171, DecayCorrection="ADMIN"), 0)


@trap("PET injected before midnight")
def midnight(folder: Path) -> Truth:
    dose = {"RadiopharmaceuticalStartTime": None, "RadiopharmaceuticalStartDateTime": "20200101233000"}
    times = {"SeriesTime": "003000", "AcquisitionTime": "003000", "StudyTime": "003000"}
    return _suv(_pet(folder, 172, dose, **times), HOUR)


@trap("PET of several bed positions with acquisition times of their own")
def beds(folder: Path) -> Truth:
    """All is corrected to the start of the series, whatever the time of the bed."""
    return _suv(_pet(folder, 173, AcquisitionTime=["100600", "100600", "100300", "100300", "100000"]), HOUR)


@trap("PET series time after the acquisition (reconstructed later)")
def late_series_time(folder: Path) -> Truth:
    """The series time is that of a later reconstruction: the reference is the acquisition, where it can be told."""
    activity = _pet(folder, 174, SeriesTime="150000")
    factor = WEIGHT * 1000 / (DOSE * 2 ** (-HOUR / HALF_LIFE))
    return Truth(
        "either",
        (expected(activity * factor, AXIAL.affine, "SUV", also=(activity,)),),
        blames=("SUV|Time",),
    )


@trap("PET without patient weight")
def no_weight(folder: Path) -> Truth:
    return _stored(_pet(folder, 175, PatientWeight=None), "BQML", "weight")


@trap("PET without dose")
def no_dose(folder: Path) -> Truth:
    return _stored(_pet(folder, 176, {"RadionuclideTotalDose": None}), "BQML", "dose")


@trap("PET with dose 0")
def zero_dose(folder: Path) -> Truth:
    return _stored(_pet(folder, 177, {"RadionuclideTotalDose": "0"}), "BQML", "dose")


@trap("PET without half-life")
def no_half_life(folder: Path) -> Truth:
    return _stored(_pet(folder, 178, {"RadionuclideHalfLife": None}), "BQML", "half")


@trap("PET without decay correction")
def no_decay(folder: Path) -> Truth:
    return _stored(_pet(folder, 179, DecayCorrection="NONE", CorrectedImage=["ATTN", "SCAT"]), "BQML", "decay|DECY")


@trap("PET without a radiopharmaceutical")
def no_drug(folder: Path) -> Truth:
    return _stored(_pet(folder, 180, RadiopharmaceuticalInformationSequence=None), "BQML")


@trap("PET injected after the scan")
def injected_late(folder: Path) -> Truth:
    return _stored(_pet(folder, 181, {"RadiopharmaceuticalStartTime": "113000"}), "BQML")


@trap("PET in counts")
def counts(folder: Path) -> Truth:
    return _stored(_pet(folder, 182, Units="CNTS"), "CNTS")


def _private(folder: Path, group: int, maker: str, elements: dict[int, str], manufacturer: str) -> None:
    """Add a private block to every file of the folder."""
    from pydicom import dcmread

    for path in sorted(folder.iterdir()):
        dataset = dcmread(path)
        dataset.Manufacturer = manufacturer
        block = dataset.private_block(group, maker, create=True)
        for element, value in elements.items():
            block.add_new(element, "DS" if group == 0x7053 else "FL", value)
        dataset.save_as(path)


@trap("PET in counts with Philips' SUV factor")
def counts_philips(folder: Path) -> Truth:
    """(7053,1000) takes rescaled counts to SUV."""
    values = _pet(folder, 183, Units="CNTS")
    _private(folder, 0x7053, "Philips PET Private Group", {0x00: "0.000551"}, "Philips Medical Systems")
    return read(expected(values * 0.000551, AXIAL.affine, "SUV", also=(values,)))


@trap("PET in grams per millilitre")
def gml(folder: Path) -> Truth:
    values = _pet(folder, 184, Units="GML", SUVType="BW")
    return read(expected(values, AXIAL.affine, "SUV"))


@trap("PET units change within the series")
def mixed_units(folder: Path) -> Truth:
    _pet(folder, 185, Units=["BQML", "BQML", "CNTS", "BQML", "BQML"])
    return refuse("Units")


@trap("dynamic PET")
def dynamic(folder: Path) -> Truth:
    """Two frames at the same positions; in the stored unit it is right as well."""
    values = []
    for t in range(2):
        one = folder / f"{t}"
        values.append(_pet(one, 186 + t, FrameReferenceTime=str(60000 * t), AcquisitionTime=f"100{t}00",
                           SeriesType=("DYNAMIC", "IMAGE"), InstanceNumber=[5 * t + z + 1 for z in range(5)]))  # fmt: skip
    activity = np.stack(values)
    factor = WEIGHT * 1000 / (DOSE * 2 ** (-HOUR / HALF_LIFE))
    return read(expected(activity * factor, AXIAL.affine, "SUV", axes="tzyx", also=(activity,)))


@trap("MR with rescale")
def mr_rescale(folder: Path) -> Truth:
    stored = pattern(5, seed=190)
    save(folder, stack(stored, AXIAL, MR, RescaleSlope="1.7", RescaleIntercept="-3", RescaleType="US"))
    return read(expected(stored * 1.7 - 3, AXIAL.affine))


@trap("MR without rescale")
def mr_plain(folder: Path) -> Truth:
    stored = pattern(5, seed=191)
    save(folder, stack(stored, AXIAL, MR))
    return read(expected(stored, AXIAL.affine, "stored value", dtype="int16"))


@trap("MR with Philips' private scale beside the rescale")
def mr_philips(folder: Path) -> Truth:
    """FP = (stored * RS + RI) / (RS * SS) is another documented scale of the same values."""
    stored = pattern(5, seed=192)
    save(folder, stack(stored, AXIAL, MR, RescaleSlope="1.5", RescaleIntercept="0"))
    _private(folder, 0x2005, "Philips MR Imaging DD 001", {0x0D: 0.0, 0x0E: 0.0046}, "Philips Medical Systems")
    values = stored * 1.5
    return read(expected(values, AXIAL.affine, also=(values / (1.5 * 0.0046),)))
