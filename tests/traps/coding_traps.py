"""Compressed pixel data."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from pydicom import dcmread
from pydicom.dataset import Dataset, FileDataset
from pydicom.encaps import encapsulate, generate_fragments, generate_frames

from . import writing as w
from .truth import Truth, expected, read, trap
from .writing import AXIAL, LARGE, coded, hu, image, pattern, ramp, save, stack


def _lossless(folder: Path, syntax: str, seed: int, **options: object) -> Truth:
    """Signed, with values below zero."""
    stored = pattern(*LARGE, seed=seed, low=-300)
    save(folder, [coded(dataset, syntax, **options) for dataset in stack(stored)])
    return read(hu(stored))


@trap("RLE")
def rle(folder: Path) -> Truth:
    return _lossless(folder, w.RLE, 150)


@trap("JPEG-LS lossless, signed")
def jpeg_ls(folder: Path) -> Truth:
    return _lossless(folder, w.JPEG_LS, 151)


@trap("JPEG 2000 lossless, signed")
def j2k(folder: Path) -> Truth:
    return _lossless(folder, w.J2K, 152)


def by_gdcm(dataset: Dataset, syntax: Callable[[object], int]) -> FileDataset:
    """Encoded by GDCM, which has the JPEG encoders that pydicom lacks."""
    import gdcm

    with tempfile.TemporaryDirectory() as folder:
        source, target = f"{folder}/source.dcm", f"{folder}/target.dcm"
        w.save_one(Path(source), dataset)
        reader = gdcm.ImageReader()
        reader.SetFileName(source)
        assert reader.Read()
        change = gdcm.ImageChangeTransferSyntax()
        change.SetTransferSyntax(gdcm.TransferSyntax(syntax(gdcm)))
        change.SetInput(reader.GetImage())
        assert change.Change()
        writer = gdcm.ImageWriter()
        writer.SetFileName(target)
        writer.SetFile(reader.GetFile())
        writer.SetImage(change.GetOutput())
        assert writer.Write()
        encoded = dcmread(target)
    found = coded(dataset, w.LITTLE)
    found.file_meta.TransferSyntaxUID = encoded.file_meta.TransferSyntaxUID
    found.PixelData = encapsulate(
        list(generate_frames(encoded.PixelData, number_of_frames=int(dataset.get("NumberOfFrames", 1))))
    )
    found["PixelData"].VR = "OB"
    found["PixelData"].is_undefined_length = True
    return found


@trap("JPEG lossless")
def jpeg_lossless(folder: Path) -> Truth:
    stored = pattern(seed=153, dtype="u2")
    save(folder, [by_gdcm(dataset, lambda gdcm: gdcm.TransferSyntax.JPEGLosslessProcess14_1) for dataset in stack(stored)])
    assert dcmread(folder / "slice01.dcm").file_meta.TransferSyntaxUID == w.JPEG_LOSSLESS
    return read(hu(stored))


@trap("JPEG lossless, signed")
def jpeg_lossless_signed(folder: Path) -> Truth:
    stored = pattern(seed=154, low=-300)
    save(folder, [by_gdcm(dataset, lambda gdcm: gdcm.TransferSyntax.JPEGLosslessProcess14_1) for dataset in stack(stored)])
    return read(hu(stored))


@trap("JPEG lossless, 12 bits of 16")
def jpeg_lossless_12(folder: Path) -> Truth:
    stored = pattern(seed=155, dtype="u2", low=3000)
    datasets = stack(stored, BitsStored=12)
    save(folder, [by_gdcm(dataset, lambda gdcm: gdcm.TransferSyntax.JPEGLosslessProcess14_1) for dataset in datasets])
    return read(hu(stored))


def _smooth(dtype: str = "u1") -> np.ndarray:
    return ramp(AXIAL.points((5, 34, 32)), (3.0, 2.0, 2.0), 110.0).astype(dtype)


@trap("JPEG baseline, lossy")
def jpeg_lossy(folder: Path) -> Truth:
    stored = _smooth()
    lossy = {"LossyImageCompression": "01", "LossyImageCompressionRatio": "7.5", "LossyImageCompressionMethod": "ISO_10918_1"}
    datasets = stack(stored, AXIAL, **lossy)
    save(folder, [by_gdcm(dataset, lambda gdcm: gdcm.TransferSyntax.JPEGBaselineProcess1) for dataset in datasets])
    return read(hu(stored, within=8.0), says=["lossy", "7.5"])


@trap("JPEG-LS near-lossless")
def near(folder: Path) -> Truth:
    stored = pattern(seed=156, dtype="u2")
    datasets = stack(stored, LossyImageCompression="01", LossyImageCompressionRatio="3")
    save(folder, [coded(dataset, w.JPEG_LS_NEAR, jls_error=3) for dataset in datasets])
    return read(hu(stored, within=3.0), says=["lossy"])


@trap("JPEG 2000, lossy")
def j2k_lossy(folder: Path) -> Truth:
    stored = _smooth()
    save(folder, [coded(d, w.J2K_LOSSY, j2k_psnr=[45]) for d in stack(stored, LossyImageCompression="01")])
    return read(hu(stored, within=8.0), says=["lossy"])


@trap("JPEG 2000 that says unsigned in the code stream, signed in the header")
def j2k_sign(folder: Path) -> Truth:
    """Values of 12 bits in two's complement under an unsigned code stream, as some archives write them."""
    stored = pattern(*LARGE, seed=157, low=-360)
    bits = (stored.astype(int) & 0xFFFF).astype("u2")
    files = [coded(dataset, w.J2K) for dataset in stack(bits)]
    for file in files:
        file.PixelRepresentation = 1
    save(folder, files)
    return read(hu(stored))


@trap("JPEG 2000 with fewer bits in the code stream than the header says")
def j2k_bits(folder: Path) -> Truth:
    stored = pattern(*LARGE, seed=158, dtype="u2")
    files = [coded(dataset, w.J2K) for dataset in stack(stored, BitsStored=12)]
    for file in files:
        file.BitsStored, file.HighBit = 16, 15
    save(folder, files)
    return read(hu(stored))


@trap("one frame in several fragments, no offset table")
def fragments(folder: Path) -> Truth:
    stored = pattern(*LARGE, seed=159)
    files = [coded(dataset, w.J2K) for dataset in stack(stored)]
    for file in files:
        frame = next(generate_frames(file.PixelData, number_of_frames=1))
        assert sum(1 for _ in generate_fragments(file.PixelData)) == 2  # offset table and frame
        file.PixelData = encapsulate([frame], fragments_per_frame=3, has_bot=False)
    save(folder, files)
    return read(hu(stored))


@trap("a different coding in every slice")
def all_codings(folder: Path) -> Truth:
    stored = pattern(5, 34, 32, seed=160)
    syntaxes = (w.LITTLE, w.RLE, w.JPEG_LS, w.J2K, w.DEFLATED)
    save(folder, [coded(dataset, syntax) for dataset, syntax in zip(stack(stored), syntaxes, strict=True)])
    return read(hu(stored))


@trap("RLE, 8 bits, odd number of pixels")
def rle_odd(folder: Path) -> Truth:
    stored = pattern(5, 11, 9, seed=161, dtype="u1")
    save(folder, stack(stored), w.RLE)
    return read(hu(stored))


@trap("signed 12 bits in JPEG-LS, upper bits 0")
def jpeg_ls_12(folder: Path) -> Truth:
    """The decoder gives 12 bits; the sign is bit 11."""
    stored = pattern(seed=163, low=-360)
    files = [coded(dataset, w.JPEG_LS) for dataset in stack((stored.astype(int) & 0xFFF).astype("u2"), BitsStored=12)]
    for file in files:
        file.PixelRepresentation = 1
    save(folder, files)
    return read(hu(stored))


@trap("JPEG 2000 radiograph in colour")
def j2k_colour(folder: Path) -> Truth:
    rgb = np.random.default_rng(164).integers(0, 256, (34, 32, 3)).astype("u1")
    picture = image(rgb, "1.2.840.10008.5.1.4.1.1.7")
    save(folder, [coded(picture, w.J2K)])
    return read(expected(rgb[None], None, axes="zyxc"))
