"""Ultrasound, radiographs, nuclear medicine, captures: images that do not say where in the patient they lie."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from .truth import Expected, Truth, either, expected, read, trap
from .writing import AXIAL, decimals, image, pattern, save

US, US_MULTI, CAPTURE, CAPTURE_MULTI = (f"1.2.840.10008.5.1.4.1.1.{end}" for end in ("6.1", "3.1", "7", "7.2"))
CR, DX, MG, XA, NM = (f"1.2.840.10008.5.1.4.1.1.{end}" for end in ("1", "1.1", "1.2", "12.1", "20"))
NOWHERE = dict.fromkeys(("FrameOfReferenceUID", "PatientPosition"))


def _colours(*shape: int, seed: int = 0) -> NDArray:
    return np.random.default_rng(seed).integers(0, 256, (*shape, 3)).astype("u1")


def _save(folder: Path, dataset: Dataset, syntax: str | None = None) -> None:
    save(folder, [dataset], *([syntax] if syntax else []), names=["picture.dcm"])


def _rgb(array: NDArray, **more: object) -> Expected:
    return expected(array, None, axes="tzyxc" if array.ndim == 5 else "zyxc", **more)


@trap("ultrasound in RGB")
def us_rgb(folder: Path) -> Truth:
    rgb = _colours(12, 10, seed=230)
    _save(folder, image(rgb, US, Modality="US", **NOWHERE))
    return read(_rgb(rgb[None]))


@trap("ultrasound in RGB, colour by plane")
def us_planar(folder: Path) -> Truth:
    rgb = _colours(12, 10, seed=231)
    planes = np.ascontiguousarray(rgb.transpose(2, 0, 1)).tobytes()
    _save(folder, image(rgb, US, Modality="US", PlanarConfiguration=1, PixelData=planes, **NOWHERE))
    return read(_rgb(rgb[None]))


def _from_ybr(ybr: NDArray) -> NDArray:
    """Full-range YCbCr to RGB: ITU-R BT.601, as PS3.3 C.7.6.3.1.2 has it."""
    y, cb, cr = (ybr[..., i].astype(float) - (0, 128, 128)[i] for i in range(3))
    return np.clip(np.rint(np.stack([y + 1.402 * cr, y - 0.344136 * cb - 0.714136 * cr, y + 1.772 * cb], axis=-1)), 0, 255)


@trap("ultrasound in YBR_FULL")
def us_ybr(folder: Path) -> Truth:
    ybr = _colours(12, 10, seed=232)
    _save(folder, image(ybr, US, Modality="US", PhotometricInterpretation="YBR_FULL", **NOWHERE))
    return read(_rgb(_from_ybr(ybr)[None], within=1.5))


@trap("ultrasound in YBR_FULL_422, uncompressed")
def us_422(folder: Path) -> Truth:
    """Two pixels share a chrominance: Y1 Y2 Cb Cr."""
    ybr = _colours(12, 10, seed=233)
    ybr[:, 1::2, 1:] = ybr[:, ::2, 1:]
    packed = np.stack([ybr[:, ::2, 0], ybr[:, 1::2, 0], ybr[:, ::2, 1], ybr[:, ::2, 2]], axis=-1).tobytes()
    _save(folder, image(ybr, US, Modality="US", PhotometricInterpretation="YBR_FULL_422", PixelData=packed, **NOWHERE))
    return read(_rgb(_from_ybr(ybr)[None], within=1.5))


def _palette(dataset: Dataset, table: NDArray) -> Dataset:
    """Add lookup tables (n, 3) of 16 bits."""
    dataset.PhotometricInterpretation = "PALETTE COLOR"
    for i, colour in enumerate(("Red", "Green", "Blue")):
        setattr(dataset, f"{colour}PaletteColorLookupTableDescriptor", [len(table), 0, 16])
        setattr(dataset, f"{colour}PaletteColorLookupTableData", table[:, i].astype("<u2").tobytes())
    return dataset


@trap("ultrasound with a palette")
def us_palette(folder: Path) -> Truth:
    """Tables of 16 bits; most tools show the upper 8."""
    index = pattern(1, seed=234, dtype="u1")[0]
    table = np.random.default_rng(234).integers(0, 256, (256, 3)) * 257
    _save(folder, _palette(image(index, US, Modality="US", **NOWHERE), table))
    return read(_rgb(table[index][None], also=((table >> 8)[index][None],)))


def _region(dataset: Dataset, x: float, y: float) -> Dataset:
    """Calibrate the whole picture, in centimetres a pixel."""
    region = Dataset()
    region.RegionSpatialFormat, region.RegionDataType, region.RegionFlags = 1, 1, 0
    region.RegionLocationMinX0, region.RegionLocationMinY0 = 0, 0
    region.RegionLocationMaxX1, region.RegionLocationMaxY1 = dataset.Columns - 1, dataset.Rows - 1
    region.PhysicalUnitsXDirection = region.PhysicalUnitsYDirection = 3
    region.PhysicalDeltaX, region.PhysicalDeltaY = x, y
    dataset.SequenceOfUltrasoundRegions = [region]
    return dataset


@trap("ultrasound with a calibrated region")
def us_calibrated(folder: Path) -> Truth:
    stored = pattern(1, seed=235, dtype="u1")[0]
    _save(folder, _region(image(stored, US, Modality="US", **NOWHERE), 0.03, 0.04))
    return read(expected(stored[None], None, spacing=(0.4, 0.3)))


@trap("ultrasound cine with a calibrated region")
def us_cine(folder: Path) -> Truth:
    stored = pattern(5, seed=236, dtype="u1")
    cine = image(stored, US_MULTI, Modality="US", FrameTime="40", FrameIncrementPointer=0x00181063, **NOWHERE)
    _save(folder, _region(cine, 0.03, 0.04))
    return read(expected(stored[:, None], None, axes="tzyx", spacing=(0.4, 0.3)))


@trap("ultrasound cine in colour")
def us_cine_rgb(folder: Path) -> Truth:
    rgb = _colours(4, 12, 10, seed=237)
    _save(folder, image(rgb, US_MULTI, Modality="US", FrameTime="40", FrameIncrementPointer=0x00181063, **NOWHERE))
    return read(_rgb(rgb[:, None]))


@trap("ultrasound cine of one frame")
def us_one_frame(folder: Path) -> Truth:
    stored = pattern(1, seed=238, dtype="u1")
    _save(folder, image(stored, US_MULTI, Modality="US", **NOWHERE))
    one = expected(stored, None)
    return read(one)


@trap("computed radiograph")
def cr(folder: Path) -> Truth:
    stored = pattern(1, seed=239, dtype="u2")[0]
    _save(folder, image(stored, CR, Modality="CR", ImagerPixelSpacing=["0.2", "0.15"], **NOWHERE))
    return read(expected(stored[None], None, spacing=(0.2, 0.15)))


@trap("digital radiograph, rescaled, calibrated otherwise than the detector")
def dx(folder: Path) -> Truth:
    """Pixel Spacing, where it is there, is that of the patient; the detector's is larger by the magnification."""
    stored = pattern(1, seed=240, dtype="u2")[0]
    spacings = {"ImagerPixelSpacing": ["0.2", "0.15"], "PixelSpacing": ["0.16", "0.12"]}
    _save(folder, image(stored, DX, Modality="DX", RescaleSlope="2", RescaleIntercept="5", **spacings, **NOWHERE))
    return read(expected(stored[None] * 2.0 + 5, None, spacing=(0.16, 0.12)))


@trap("mammogram with detector spacing alone")
def mg(folder: Path) -> Truth:
    stored = pattern(1, seed=241, dtype="u2")[0]
    tags = {"ImagerPixelSpacing": ["0.07", "0.05"], "PhotometricInterpretation": "MONOCHROME1"}
    _save(folder, image(stored, MG, Modality="MG", **tags, **NOWHERE))
    return read(expected(stored[None], None, spacing=(0.07, 0.05), inverted=True))


@trap("angiogram of several frames")
def xa(folder: Path) -> Truth:
    stored = pattern(6, seed=242, dtype="u2")
    _save(folder, image(stored, XA, Modality="XA", ImagerPixelSpacing=["0.3", "0.2"], FrameTime="66.7", **NOWHERE))
    return read(expected(stored[:, None], None, axes="tzyx", spacing=(0.3, 0.2)))


@trap("two radiographs in one series")
def two_views(folder: Path) -> Truth:
    stored = pattern(2, seed=243, dtype="u2")
    views = [image(p, CR, number=i + 1, Modality="CR", PixelSpacing=["0.2", "0.15"], **NOWHERE) for i, p in enumerate(stored)]
    save(folder, views)
    return read(*[expected(p[None], None, spacing=(0.2, 0.15)) for p in stored])


def _nm(stored: NDArray, *kind: str, **tags: object) -> Dataset:
    found = image(stored, NM, Modality="NM", ImageType=["ORIGINAL", "PRIMARY", *kind], **tags)
    found.PixelSpacing = ["4.8", "4.6"]
    return found


@trap("planar nuclear medicine, dynamic")
def nm_dynamic(folder: Path) -> Truth:
    stored = pattern(6, seed=244, dtype="u2")
    vectors = {"FrameIncrementPointer": [0x00540100], "NumberOfTimeSlices": 6, "TimeSliceVector": [1, 2, 3, 4, 5, 6]}
    _save(folder, _nm(stored, "DYNAMIC", "EMISSION", **vectors, **NOWHERE))
    return read(expected(stored[:, None], None, axes="tzyx", spacing=(4.8, 4.6)))


@trap("reconstructed tomography of nuclear medicine")
def nm_tomography(folder: Path) -> Truth:
    """The position is that of the first frame, the others follow by Spacing Between Slices along the normal."""
    stored = pattern(6, seed=245, dtype="u2")
    detector = Dataset()
    detector.ImageOrientationPatient = decimals([*AXIAL.row, *AXIAL.column])
    detector.ImagePositionPatient = decimals(AXIAL.origin)
    vectors = {"FrameIncrementPointer": [0x00540080], "NumberOfSlices": 6, "SliceVector": [1, 2, 3, 4, 5, 6]}
    dataset = _nm(stored, "RECON TOMO", "EMISSION", SpacingBetweenSlices="3", SliceThickness="3", **vectors)
    dataset.DetectorInformationSequence = [detector]
    dataset.PixelSpacing = ["0.8", "0.7"]
    _save(folder, dataset)
    return either(expected(stored, AXIAL.affine))


@trap("screen capture without any geometry")
def capture(folder: Path) -> Truth:
    stored = pattern(1, seed=246, dtype="u1")[0]
    _save(folder, image(stored, CAPTURE, Modality="OT", **NOWHERE))
    return read(expected(stored[None], None))


@trap("screen capture in colour of a CT")
def capture_rgb(folder: Path) -> Truth:
    rgb = _colours(9, 14, seed=247)
    _save(folder, image(rgb, CAPTURE, Modality="CT", **NOWHERE))
    return read(_rgb(rgb[None]))


@trap("capture of several grey pages")
def capture_pages(folder: Path) -> Truth:
    stored = pattern(4, seed=248, dtype="u1")
    _save(folder, image(stored, CAPTURE_MULTI, Modality="OT", **NOWHERE))
    return read(expected(stored[:, None], None, axes="tzyx"))
