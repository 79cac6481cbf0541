"""Colour and bit order in pictures and cine, compressed and not."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate

from .truth import Truth, either, expected, read, trap
from .writing import AXIAL, BIG, JPEG_LS, LITTLE, MR, RLE, as_file, coded, image, pattern, save, stack

US, US_MULTI, CAPTURE = (f"1.2.840.10008.5.1.4.1.1.{end}" for end in ("6.1", "3.1", "7"))
BASELINE = "1.2.840.10008.1.2.4.50"
NOWHERE = dict.fromkeys(("FrameOfReferenceUID", "PatientPosition"))


def _colours(*shape: int, seed: int = 0) -> NDArray:
    return np.random.default_rng(seed).integers(0, 256, (*shape, 3)).astype("u1")


def _smooth(frames: int = 1) -> NDArray:
    """Colours that JPEG keeps nearly as they are: (f, 32, 48, 3)."""
    f, y, x = np.meshgrid(np.arange(frames), np.arange(32), np.arange(48), indexing="ij")
    return np.stack([40 + 3 * y + 9 * f, 220 - 3 * x, 30 + 2 * y + 2 * x], axis=-1).astype("u1")


@trap("RLE in colour")
def rle_colour(folder: Path) -> Truth:
    rgb = _colours(12, 10, seed=430)
    save(folder, [coded(image(rgb, US, Modality="US", **NOWHERE), RLE)])
    return read(expected(rgb[None], None, axes="zyxc"))


@trap("RLE cine in colour")
def rle_cine(folder: Path) -> Truth:
    rgb = _colours(4, 12, 10, seed=431)
    save(folder, [coded(image(rgb, US_MULTI, Modality="US", FrameTime="40", **NOWHERE), RLE)])
    return read(expected(rgb[:, None], None, axes="tzyxc"))


@trap("JPEG-LS in colour")
def jpeg_ls_colour(folder: Path) -> Truth:
    rgb = _colours(12, 10, seed=432)
    save(folder, [coded(image(rgb, US, Modality="US", **NOWHERE), JPEG_LS)])
    return read(expected(rgb[None], None, axes="zyxc"))


def _jpeg(rgb: NDArray, **options: object) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(rgb).save(stream, "JPEG", quality=97, **options)
    return stream.getvalue()


def _as_jpeg(rgb: NDArray, photometric: str, sop_class: str, **options: object) -> Dataset:
    """Frames (f, y, x, 3) by a common JPEG encoder."""
    pixels = rgb if sop_class == US_MULTI else rgb[0]
    file = as_file(
        image(pixels, sop_class, Modality="US", PhotometricInterpretation=photometric, LossyImageCompression="01", **NOWHERE)
    )
    file.file_meta.TransferSyntaxUID = file.file_meta.TransferSyntaxUID.__class__(BASELINE)
    file.PixelData = encapsulate([_jpeg(frame, **options) for frame in rgb])
    file["PixelData"].VR = "OB"
    file["PixelData"].is_undefined_length = True
    return file


@trap("JPEG in YBR_FULL_422, as ultrasound comes")
def jpeg_422(folder: Path) -> Truth:
    rgb = _smooth()
    save(folder, [_as_jpeg(rgb, "YBR_FULL_422", US, subsampling="4:2:2")])
    return read(expected(rgb, None, axes="zyxc", within=16), says=["lossy"])


@trap("JPEG in YBR under a header that says RGB")
def jpeg_says_rgb(folder: Path) -> Truth:
    """The JFIF marker in the code stream tells that it is YBR; to believe the header is defensible."""
    rgb = _smooth()
    save(folder, [_as_jpeg(rgb, "RGB", US, subsampling="4:4:4")])
    literal = np.asarray(Image.fromarray(rgb[0]).convert("YCbCr"))[None]
    return either(expected(rgb, None, axes="zyxc", within=16, also=(literal,)), says=["lossy"])


@trap("JPEG cine in colour")
def jpeg_cine(folder: Path) -> Truth:
    rgb = _smooth(3)
    save(folder, [_as_jpeg(rgb, "YBR_FULL_422", US_MULTI, subsampling="4:2:2")])
    return read(expected(rgb[:, None], None, axes="tzyxc", within=16), says=["lossy"])


@trap("palette of 8 bits that begins above 0")
def palette8(folder: Path) -> Truth:
    """Indices below the first entry take the first, those beyond the last the last."""
    index = pattern(1, seed=433, dtype="u1")[0]
    table = _colours(60, seed=434)
    picture = image(index, US, Modality="US", PhotometricInterpretation="PALETTE COLOR", **NOWHERE)
    for i, colour in enumerate(("Red", "Green", "Blue")):
        setattr(picture, f"{colour}PaletteColorLookupTableDescriptor", [60, 20, 8])
        setattr(picture, f"{colour}PaletteColorLookupTableData", table[:, i].tobytes())
    save(folder, [picture])
    return read(expected(table[np.clip(index.astype(int) - 20, 0, 59)][None], None, axes="zyxc"))


@trap("palette cine")
def palette_cine(folder: Path) -> Truth:
    index = pattern(4, seed=435, dtype="u1")
    table = _colours(256, seed=436)
    picture = image(index, US_MULTI, Modality="US", PhotometricInterpretation="PALETTE COLOR", FrameTime="30", **NOWHERE)
    for i, colour in enumerate(("Red", "Green", "Blue")):
        setattr(picture, f"{colour}PaletteColorLookupTableDescriptor", [256, 0, 8])
        setattr(picture, f"{colour}PaletteColorLookupTableData", table[:, i].tobytes())
    save(folder, [picture])
    return read(expected(table[index][:, None], None, axes="tzyxc"))


@trap("big endian, 8 bits in words")
def big_words(folder: Path) -> Truth:
    """Two pixels share a 16-bit word, whose bytes are swapped."""
    stored = pattern(4, seed=437, dtype="u1")
    files = []
    for dataset in stack(stored, AXIAL, MR):
        dataset.PixelData = np.frombuffer(dataset.PixelData, "<u2").astype(">u2").tobytes()
        file = as_file(dataset, BIG)
        file["PixelData"].VR = "OW"
        files.append(file)
    save(folder, files)
    return either(expected(stored, AXIAL.affine))


@trap("big endian cine of 16 bits")
def big_cine(folder: Path) -> Truth:
    stored = pattern(4, seed=438, dtype="u2", low=1000)
    save(folder, [image(stored, US_MULTI, Modality="US", **NOWHERE)], BIG)
    return read(expected(stored[:, None], None, axes="tzyx"))


@trap("colour cine with an odd number of bytes a frame, colour by plane")
def odd_planar(folder: Path) -> Truth:
    rgb = _colours(3, 7, 9, seed=439)
    planes = np.ascontiguousarray(rgb.transpose(0, 3, 1, 2)).tobytes() + b"\0"
    save(folder, [image(rgb, US_MULTI, Modality="US", PlanarConfiguration=1, PixelData=planes, **NOWHERE)], LITTLE)
    return read(expected(rgb[:, None], None, axes="tzyxc"))


@trap("16 bits a colour")
def deep_colour(folder: Path) -> Truth:
    rgb = np.random.default_rng(440).integers(0, 65536, (12, 10, 3)).astype("u2")
    save(folder, [image(rgb, CAPTURE, Modality="OT", **NOWHERE)])
    return either(expected(rgb[None], None, axes="zyxc"))
