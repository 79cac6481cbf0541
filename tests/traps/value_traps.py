"""What the stored numbers mean: rescale, lookup tables, padding."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset

from .truth import Truth, either, expected, read, refuse, trap
from .writing import AXIAL, hu, image, pattern, raw, save, stack

CR = "1.2.840.10008.5.1.4.1.1.1"
STORED = "stored value"
SPACING = {"PixelSpacing": ["0.8", "0.7"], "ImagerPixelSpacing": ["0.8", "0.7"]}


@trap("rescale slope changes per slice, whole numbers")
def whole_slopes(folder: Path) -> Truth:
    stored, slopes = pattern(seed=70), [1, 2, 3, 4, 5, 6]
    save(folder, stack(stored, RescaleSlope=[str(s) for s in slopes]))
    return read(hu(stored * np.array(slopes)[:, None, None], dtype="int16"))


@trap("rescale slope changes per slice, fractions")
def fractional_slopes(folder: Path) -> Truth:
    stored, slopes = pattern(seed=71), [0.5, 1.25, 1.9, 0.013, 7.77, 1]
    save(folder, stack(stored, RescaleSlope=[str(s) for s in slopes]))
    return read(hu(stored * np.array(slopes)[:, None, None], dtype="float32"))


@trap("rescale intercept changes per slice")
def intercepts(folder: Path) -> Truth:
    stored, offsets = pattern(seed=72), [-1024, -1000, 0, -8192, 12, -1]
    save(folder, stack(stored, RescaleIntercept=[str(v) for v in offsets]))
    return read(expected(stored + np.array(offsets)[:, None, None], AXIAL.affine, "HU"))


@trap("rescale written with blanks, signs and exponents")
def spelt(folder: Path) -> Truth:
    datasets = stack(pattern(seed=73))
    for dataset, slope in zip(datasets, (" 1.0 ", "+1", "1E0", "10.0e-1", "1.", "0.1E+1"), strict=True):
        raw(dataset, "RescaleSlope", "DS", slope)
    save(folder, datasets)
    return read(hu(pattern(seed=73)))


@trap("rescale slope 0")
def zero_slope(folder: Path) -> Truth:
    """To take it for 1, or to leave the values as they are stored, may be right."""
    stored = pattern(seed=74)
    save(folder, stack(stored, RescaleSlope="0"))
    return refuse("RescaleSlope", volumes=[hu(stored, also=(stored,))])


@trap("rescale slope 0 in one slice")
def one_zero_slope(folder: Path) -> Truth:
    """To take it for 1 is wrong here."""
    save(folder, stack(pattern(seed=75), RescaleSlope=["2.5", "2.5", "0", "2.5", "2.5", "2.5"]))
    return refuse("RescaleSlope")


@trap("rescale slope with a decimal comma")
def comma(folder: Path) -> Truth:
    datasets = stack(pattern(seed=76))
    for dataset in datasets:
        raw(dataset, "RescaleSlope", "DS", "1,5")
    save(folder, datasets)
    return refuse("RescaleSlope|slice01")


@trap("CT without rescale")
def no_rescale(folder: Path) -> Truth:
    stored = pattern(seed=77)
    save(folder, stack(stored, RescaleSlope=None, RescaleIntercept=None))
    return read(expected(stored, AXIAL.affine, STORED), says=["rescale"])


@trap("rescale missing in one slice")
def one_no_rescale(folder: Path) -> Truth:
    save(folder, stack(pattern(seed=78), RescaleSlope=["1"] * 5 + [None], RescaleIntercept=["-1024"] * 5 + [None]))
    return refuse("Rescale")


@trap("rescale intercept missing")
def no_intercept(folder: Path) -> Truth:
    stored = pattern(seed=79)
    save(folder, stack(stored, RescaleSlope="2", RescaleIntercept=None))
    return either(expected(stored * 2.0, AXIAL.affine), blames=["RescaleIntercept"])


@trap("CT that is not in HU by its rescale type")
def not_hu(folder: Path) -> Truth:
    """An effective atomic number map."""
    stored = pattern(seed=80)
    save(folder, stack(stored, RescaleSlope="0.01", RescaleIntercept="0", RescaleType="Z_EFF"))
    return read(expected(stored * 0.01, AXIAL.affine, "Z_EFF"), says=["HU"])


@trap("rescaled values beyond 16 bits")
def wide(folder: Path) -> Truth:
    stored = pattern(seed=81, dtype="u2", low=64000)
    save(folder, stack(stored))
    return read(hu(stored, dtype="int32"))


@trap("unsigned values above 32767 that fit after rescaling")
def high_unsigned(folder: Path) -> Truth:
    stored = pattern(seed=82, dtype="u2", low=33000)
    save(folder, stack(stored, RescaleIntercept="-32768"))
    return read(expected(stored - 32768.0, AXIAL.affine, "HU", dtype="int16"))


def _lut(entries: np.ndarray, first: int, signed: bool = False) -> Dataset:
    item = Dataset()
    item.add_new(0x00283002, "SS" if signed else "US", [len(entries), first, 16])
    item.ModalityLUTType = "OD"
    item.add_new(0x00283006, "OW", entries.astype("<u2").tobytes())
    return item


@trap("Modality LUT, one radiograph")
def modality_lut(folder: Path) -> Truth:
    """Values below the first entry take the first, those beyond the last the last (PS3.3 C.11.1.1.1)."""
    stored = pattern(1, seed=83, dtype="u2")[0]
    table = np.sqrt(np.arange(100) * 1000.0).astype(int)
    save(folder, [image(stored, CR, Modality="CR", ModalityLUTSequence=[_lut(table, 10)], **SPACING)])
    return read(expected(table[np.clip(stored.astype(int) - 10, 0, 99)][None], None, spacing=(0.8, 0.7)))


@trap("Modality LUT in a CT series, another in every slice")
def modality_luts(folder: Path) -> Truth:
    stored = pattern(4, seed=84, dtype="u2")
    tables = [(np.arange(480) * (i + 1) + 7) % 4096 for i in range(4)]
    luts = [[_lut(table, 0)] for table in tables]
    save(folder, stack(stored, RescaleSlope=None, RescaleIntercept=None, ModalityLUTSequence=luts))
    return read(expected(np.stack([t[p] for t, p in zip(tables, stored, strict=True)]), AXIAL.affine))


@trap("MONOCHROME1 in a CT series")
def monochrome1(folder: Path) -> Truth:
    stored = pattern(seed=85)
    save(folder, stack(stored, PhotometricInterpretation="MONOCHROME1"))
    return read(hu(stored, inverted=True))


@trap("MONOCHROME1 radiograph")
def monochrome1_cr(folder: Path) -> Truth:
    stored = pattern(1, seed=86, dtype="u2")[0]
    save(folder, [image(stored, CR, Modality="CR", PhotometricInterpretation="MONOCHROME1", **SPACING)])
    return read(expected(stored[None], None, spacing=(0.8, 0.7), inverted=True))


def _padded(folder: Path, value: int, dtype: str = "i2", **tags: object) -> tuple[np.ndarray, np.ndarray]:
    stored = pattern(seed=98, dtype=dtype, low=20)
    outside = np.zeros(stored.shape, bool)
    outside[:, :2], outside[:, :, -1] = True, True
    stored[outside] = value
    return stored, ~outside


@trap("pixel padding value")
def padding(folder: Path) -> Truth:
    stored, inside = _padded(folder, -2000)
    save(folder, stack(stored, PixelPaddingValue=-2000))
    return read(hu(stored, valid=inside))


@trap("signed pixel padding value written as US")
def padding_us(folder: Path) -> Truth:
    stored, inside = _padded(folder, -2000)
    datasets = stack(stored)
    for dataset in datasets:
        dataset.add_new(0x00280120, "US", 63536)
    save(folder, datasets)
    return read(hu(stored, valid=inside))


@trap("pixel padding range")
def padding_range(folder: Path) -> Truth:
    stored, inside = _padded(folder, -2000)
    stored[:, 0] = -1995
    save(folder, stack(stored, PixelPaddingValue=-2000, PixelPaddingRangeLimit=-1990))
    return read(hu(stored, valid=inside))


@trap("padding of -2000 without a tag")
def padding_unsaid(folder: Path) -> Truth:
    stored, inside = _padded(folder, -2000)
    save(folder, stack(stored, RescaleIntercept="0"))
    return read(expected(stored, AXIAL.affine, "HU", valid=inside))


@trap("padding of -3024 without a tag")
def padding_3024(folder: Path) -> Truth:
    stored, inside = _padded(folder, -2000)
    save(folder, stack(stored))
    return read(hu(stored, valid=inside))
